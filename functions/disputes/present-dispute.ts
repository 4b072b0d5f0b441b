import { z } from 'zod'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { money } from '../ledger/money.ts'
import { type Dispute, type DisputeMovement, disputeIdSchema } from './dispute.ts'

/** A dispute as replies carry it. */
export function presentDispute(dispute: Dispute) {
  const { disputeId, accountId, topUpId, status, amountMicros, currency, reason } = dispute
  const { evidenceDueAt, openedAt, changedAt, taken, returned } = dispute
  return {
    disputeId,
    accountId,
    topUpId,
    status,
    amount: money(amountMicros, currency),
    reason,
    evidenceDueAt,
    openedAt,
    changedAt,
    taken: taken && presentMovement(taken, currency),
    returned: returned && presentMovement(returned, currency),
  }
}

function presentMovement({ entrySequence, creditMicros, owedMicros }: DisputeMovement, currency: string) {
  return {
    transaction: Number(entrySequence),
    credit: money(creditMicros, currency),
    owed: money(owedMicros, currency),
  }
}

const positionSchema = z.strictObject({ disputeId: disputeIdSchema })

/** Where a list of disputes goes on. */
export function readDisputePosition(cursor: string | undefined): string | undefined {
  return readCursor(positionSchema, cursor)?.disputeId
}

/** A page of disputes, with the cursor of the next one where this one is full. */
export function presentDisputes(disputes: readonly Dispute[], limit: number) {
  const last = disputes.at(-1)
  const nextCursor =
    last && disputes.length === limit ? writeCursor({ disputeId: last.disputeId }) : undefined
  return { disputes: disputes.map(presentDispute), nextCursor }
}
