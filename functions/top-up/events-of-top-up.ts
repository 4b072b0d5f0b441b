import type { BusEvent } from '../events/event.ts'
import { money } from '../ledger/money.ts'
import type { TopUp } from './top-up.ts'

/**
 * What the bus is told when a top-up changes: each new status, once, under an id that names the write which made it, and a
 * second payment of a settled one. That it is settled is told by the ledger's entry.
 */
export function eventsOfTopUp(before: TopUp | undefined, after: TopUp): BusEvent[] {
  const { status, paymentId, secondPaymentId } = after
  if (secondPaymentId !== undefined && before?.secondPaymentId !== secondPaymentId) {
    const described = describe(after, 'paid_twice')
    return [{ detailType: 'top_up.paid_twice', detail: { ...described, paymentId, secondPaymentId } }]
  }
  if (before?.status === status || status === 'settled') return []
  const described = describe(after, status)
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

function describe(topUp: TopUp, what: string) {
  const { accountId, topUpId, changedAt, revision, origin, method, amountMicros, currency } = topUp
  return {
    id: `${accountId}/top_up.${what}/${topUpId}/${revision}`,
    accountId,
    at: changedAt,
    topUpId,
    amount: money(amountMicros, currency),
    origin,
    paymentMethod: method,
  }
}
