import type { BusEvent } from '../events/event.ts'
import { money } from '../ledger/money.ts'
import type { Dispute, DisputeMovement } from './dispute.ts'

/**
 * What the bus is told when a dispute changes: each new status, and each movement of its amount, once, under an id that names the
 * write which made it.
 */
export function eventsOfDispute(before: Dispute | undefined, after: Dispute): BusEvent[] {
  const taken = newMovement(before?.taken, after.taken)
  const returned = newMovement(before?.returned, after.returned)
  if (before?.status === after.status && !taken && !returned) return []
  const described = describe(after)
  const { currency } = after
  const took = taken && {
    taken: money(taken.creditMicros, currency),
    owed: money(taken.owedMicros, currency),
    ...leftBy(taken, currency),
  }
  switch (after.status) {
    case 'inquiry':
      return [{ detailType: 'dispute.inquiry', detail: described }]
    case 'open':
      return [{ detailType: 'dispute.opened', detail: { ...described, ...took } }]
    case 'lost':
      return [{ detailType: 'dispute.lost', detail: { ...described, ...took } }]
    case 'won': {
      const gave = returned && {
        returned: money(returned.creditMicros, currency),
        paidOwed: money(returned.owedMicros, currency),
        ...leftBy(returned, currency),
      }
      return [{ detailType: 'dispute.won', detail: { ...described, ...gave } }]
    }
    case 'closed':
      return [{ detailType: 'dispute.closed', detail: described }]
  }
}

/** The movement that this very change made, if it made one. */
function newMovement(
  before: DisputeMovement | undefined,
  after: DisputeMovement | undefined,
): DisputeMovement | undefined {
  return before?.entrySequence === after?.entrySequence ? undefined : after
}

function leftBy({ entrySequence, availableAfterMicros, owedAfterMicros }: DisputeMovement, currency: string) {
  return {
    sequence: Number(entrySequence),
    available: money(availableAfterMicros, currency),
    owedInAll: money(owedAfterMicros, currency),
  }
}

const EVENT_OF = { inquiry: 'inquiry', open: 'opened', won: 'won', lost: 'lost', closed: 'closed' } as const

function describe(dispute: Dispute) {
  const { accountId, disputeId, topUpId, status, changedAt, revision, amountMicros, currency } = dispute
  return {
    id: `${accountId}/dispute.${EVENT_OF[status]}/${disputeId}/${revision}`,
    accountId,
    at: changedAt,
    disputeId,
    topUpId,
    amount: money(amountMicros, currency),
    reason: dispute.reason,
    evidenceDueAt: dispute.evidenceDueAt,
  }
}
