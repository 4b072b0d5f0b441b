import type { BusEvent, EventDetail } from '../events/event.ts'
import { money } from '../ledger/money.ts'
import type { AutoTopUp } from './auto-top-up.ts'

/**
 * What the bus is told when an account's automatic top-up changes: each new status, and each new part of the cap that is
 * used up, once, under an id that names the write which made it.
 */
export function eventsOfAutoTopUp(before: AutoTopUp | undefined, after: AutoTopUp): BusEvent[] {
  return [...ofStatus(before, after), ...ofCap(before, after)]
}

function ofStatus(before: AutoTopUp | undefined, after: AutoTopUp): BusEvent[] {
  const was = before?.status ?? 'off'
  if (was === after.status) return []
  switch (after.status) {
    case 'on':
      return was === 'off'
        ? [{ detailType: 'auto_top_up.switched_on', detail: describeConsent(after) }]
        : [{ detailType: 'auto_top_up.resumed', detail: describe(after, 'resumed') }]
    case 'off': {
      const { offReason = 'asked' } = after
      const detail = { ...describe(after, 'switched_off'), reason: offReason }
      return [{ detailType: 'auto_top_up.switched_off', detail }]
    }
    case 'paused':
      return [{ detailType: 'auto_top_up.paused', detail: describeFailure(after, 'paused') }]
    case 'disabled':
      return [{ detailType: 'auto_top_up.disabled', detail: describeFailure(after, 'disabled') }]
  }
}

function ofCap(before: AutoTopUp | undefined, after: AutoTopUp): BusEvent[] {
  const { month, toldPercent, chargedMicros, monthlyCapMicros, heldBackMicros, currency } = after
  const told = before?.month === month ? before.toldPercent : 0
  if (toldPercent === 0 || toldPercent <= told) return []
  const detail: EventDetail<'auto_top_up.cap_reached'> = {
    ...describe(after, 'cap_reached'),
    month,
    percent: toldPercent,
    charged: money(chargedMicros, currency),
    monthlyCap: money(monthlyCapMicros, currency),
    heldBack: heldBackMicros === undefined ? undefined : money(heldBackMicros, currency),
  }
  return [{ detailType: 'auto_top_up.cap_reached', detail }]
}

function describe({ accountId, changedAt, revision }: AutoTopUp, name: string) {
  return { id: `${accountId}/auto_top_up.${name}/${revision}`, accountId, at: changedAt }
}

function describeConsent(after: AutoTopUp): EventDetail<'auto_top_up.switched_on'> {
  const { currency, targetMicros, amountMicros, consent } = after
  return {
    ...describe(after, 'switched_on'),
    threshold: money(after.thresholdMicros, currency),
    target: targetMicros === undefined ? undefined : money(targetMicros, currency),
    amount: amountMicros === undefined ? undefined : money(amountMicros, currency),
    monthlyCap: money(after.monthlyCapMicros, currency),
    actor: consent.actor,
    wordingVersion: consent.wordingVersion,
  }
}

function describeFailure(after: AutoTopUp, name: 'paused' | 'disabled') {
  const { accountId, lastFailure, currency, failuresInARow } = after
  if (!lastFailure) throw new Error(`account ${accountId}: automatic top-up is ${name} without a failure`)
  const { reason, topUpId, amountMicros, failureCode } = lastFailure
  return {
    ...describe(after, name),
    reason,
    topUpId,
    amount: money(amountMicros, currency),
    failureCode,
    failuresInARow,
  }
}
