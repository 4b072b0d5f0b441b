import type { BusEvent } from '../events/event.ts'
import { money } from '../ledger/money.ts'
import type { Refund } from './refund.ts'

/** What the bus is told when a refund changes: each new status, once, under an id that names the write which made it. */
export function eventsOfRefund(before: Refund | undefined, after: Refund): BusEvent[] {
  const { status, requestedBy, decidedBy } = after
  if (before?.status === status) return []
  const described = describe(after)
  switch (status) {
    case 'awaiting_approval':
      return [{ detailType: 'top_up_refund.awaiting_approval', detail: { ...described, requestedBy } }]
    case 'rejected': {
      const { rejection = '' } = after
      const detail = { ...described, requestedBy, rejection, decidedBy: decidedBy ?? '' }
      return [{ detailType: 'top_up_refund.rejected', detail }]
    }
    case 'asked':
      return [{ detailType: 'top_up_refund.asked', detail: { ...described, requestedBy, decidedBy } }]
    case 'succeeded': {
      const autoTopUpSwitchedOff = after.switchesOffAutoTopUp ?? false
      return [{ detailType: 'top_up_refund.succeeded', detail: { ...described, autoTopUpSwitchedOff } }]
    }
    case 'failed': {
      const { failureCode = 'failed' } = after
      return [{ detailType: 'top_up_refund.failed', detail: { ...described, failureCode } }]
    }
  }
}

function describe(refund: Refund) {
  const { accountId, refundId, topUpId, status, changedAt, revision, origin, reason } = refund
  return {
    id: `${accountId}/top_up_refund.${status}/${refundId}/${revision}`,
    accountId,
    at: changedAt,
    refundId,
    topUpId,
    amount: money(refund.amountMicros, refund.currency),
    origin,
    reason,
  }
}
