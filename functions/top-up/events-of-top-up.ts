import type { BusEvent } from '../events/event.ts'
import { money } from '../ledger/money.ts'
import type { TopUp } from './top-up.ts'

/**
 * What the bus is told when a top-up changes: each new status, once, under an id that names the write which made it. That it
 * is settled is told by the ledger's entry.
 */
export function eventsOfTopUp(before: TopUp | undefined, after: TopUp): BusEvent[] {
  const { status } = after
  if (before?.status === status || status === 'settled') return []
  const described = describe(after)
  switch (status) {
    case 'created':
      return [{ detailType: 'top_up.created', detail: described }]
    case 'processing':
      return [{ detailType: 'top_up.processing', detail: described }]
    case 'expired':
      return [{ detailType: 'top_up.expired', detail: described }]
    case 'failed': {
      const { failureCode = 'declined' } = after
      return [{ detailType: 'top_up.failed', detail: { ...described, failureCode } }]
    }
    case 'mismatched': {
      const { mismatch = '' } = after
      return [{ detailType: 'top_up.mismatched', detail: { ...described, mismatch } }]
    }
  }
}

function describe(topUp: TopUp) {
  const { accountId, topUpId, changedAt, revision, origin, method, amountMicros, currency } = topUp
  return {
    id: `${accountId}/top_up.${topUp.status}/${topUpId}/${revision}`,
    accountId,
    at: changedAt,
    topUpId,
    amount: money(amountMicros, currency),
    origin,
    paymentMethod: method,
  }
}
