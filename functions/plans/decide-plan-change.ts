import { beginningOfPeriod, firstDay, type Period } from '../accounts/billing-period.ts'
import { dateOf, dayIn, daysOf } from './day-shares.ts'
import { findPlanVersion } from './decide-plan-version.ts'
import {
  type ChoiceInput,
  type FieldRefusal,
  findMisfits,
  subscribe,
  termFrom,
} from './decide-subscription.ts'
import { changeLines, totalOf } from './month-lines.ts'
import type { PeriodDocument } from './period-document.ts'
import type { PlanVersion } from './plan.ts'
import { priceTerm, withoutStopped } from './price-plan.ts'
import type { Subscription } from './subscription.ts'

/** A change of day upon day of many services has a place in one document. */
const MOST_LINES = 500

/**
 * A month is charged by so many entries before nothing more is added to it: less of it gives back of each of them, in one
 * transaction of the ledger, which has room for 91, and for 20 lots that give way in HEAD beside 71. What is left of that is for
 * resumptions, which are not refused.
 */
const MOST_CHARGES = 60

export type PlanChangeInput = ChoiceInput & {
  /** What prices the month in which the change is made; undefined for a plan that has not begun, and where one ends. */
  version: PlanVersion | undefined
  /** What became of this month so far; undefined when nothing was charged for it. */
  month: PeriodDocument | undefined
  /** A month is owed. */
  isOwing: boolean
  oldestDuePeriod: Period | undefined
}

/** This month as it is after a change, without what the ledger adds to it. */
export type ChangedMonth = Omit<PeriodDocument, 'revision' | 'at'>

export type PlanChangeDecision =
  | {
      ok: true
      /** The day from which additions count. */
      date: string
      month: ChangedMonth
      /** What the change costs: below zero it is given back. */
      differenceMicros: bigint
      subscription: Subscription
    }
  | { ok: false; reason: 'request_invalid'; errors: FieldRefusal[] }
  /** What is owed has to be paid before more is taken. */
  | { ok: false; reason: 'plan_owed' }
  /** Nothing more is added to the month, and no further line to its document. */
  | { ok: false; reason: 'too_many_changes' }

/**
 * What a plan and its quantities cost from now on within this month: the preview and the charge ask this one function. Each
 * service is paid by day; the difference to what the month came to before is charged or given back. A month that is owed
 * comes to less, or the change is refused. What is stopped for lack of credit stays stopped.
 */
export function decidePlanChange(input: PlanChangeInput): PlanChangeDecision {
  const { account, now, version, month: before, isOwing } = input
  const { period, day } = dayIn(now, account.timeZone)
  const date = dateOf(period, day)
  // The month keeps its prices; what is withdrawn within it is offered no more.
  const offer = findPlanVersion(input.versions, now)
  const errors = findMisfits(input, { version, offer, fromPeriod: period, beginsOn: date })
  if (errors.length > 0) return { ok: false, reason: 'request_invalid', errors }
  const term = termFrom(input, period)
  const subscription = subscribe(input, term, input.oldestDuePeriod)
  const monthly = version ? priceTerm(term, version, { overrides: subscription.overrides, period }) : []
  const wanted = withoutStopped(monthly, subscription)
  const daysInMonth = daysOf(period)
  const lines = changeLines(before?.lines ?? [], { day, wanted, daysInMonth })
  const totalMicros = totalOf(lines)
  const differenceMicros = totalMicros - (before?.totalMicros ?? 0n)
  if (isOwing && differenceMicros > 0n) return { ok: false, reason: 'plan_owed' }
  const isFull = lines.length > MOST_LINES && lines.length > (before?.lines.length ?? 0)
  if (isFull || (differenceMicros > 0n && countCharges(before) >= MOST_CHARGES))
    return { ok: false, reason: 'too_many_changes' }
  const month: ChangedMonth = {
    ...before,
    ...planOf(input, before),
    accountId: account.accountId,
    period,
    dueAt: beginningOfPeriod(period, account.timeZone),
    localDate: firstDay(period),
    daysInMonth,
    lines,
    totalMicros,
    status: before?.status ?? 'charged',
    movements: before?.movements ?? [],
  }
  return { ok: true, date, month, differenceMicros, subscription }
}

function countCharges(month: PeriodDocument | undefined): number {
  return month?.movements.filter(({ amountMicros }) => amountMicros > 0n).length ?? 0
}

function planOf({ version, subscription }: PlanChangeInput, before: PeriodDocument | undefined) {
  if (version) return { planId: version.planId, planVersion: version.version, planName: version.name }
  if (before) return { planId: before.planId, planVersion: before.planVersion, planName: before.planName }
  // It ends before any of it was charged.
  const planId = subscription?.terms.at(-1)?.planId ?? ''
  return { planId, planVersion: 0, planName: planId }
}
