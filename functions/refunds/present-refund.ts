import { z } from 'zod'
import type { Caller } from '../edge/caller.ts'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { money } from '../ledger/money.ts'
import { type Refund, refundIdSchema } from './refund.ts'

/** A refund as replies carry it: who of the staff did what is for staff alone. */
export function presentRefund(refund: Refund, reader: Caller['kind']) {
  const { refundId, accountId, topUpId, status, reason, origin, createdAt, changedAt } = refund
  const { requestedBy, decidedBy, rejection } = refund
  return {
    ...{ refundId, accountId, topUpId, status, reason, origin, createdAt, changedAt },
    amount: money(refund.amountMicros, refund.currency),
    failureCode: refund.failureCode,
    transaction: numberOf(refund.entrySequence),
    returnTransaction: numberOf(refund.returnSequence),
    ...(reader === 'staff' && { requestedBy, decidedBy, rejection }),
  }
}

const numberOf = (sequence: bigint | undefined) => (sequence === undefined ? undefined : Number(sequence))

const positionSchema = z.strictObject({ createdAt: z.iso.datetime(), refundId: refundIdSchema })

/** Where a list of refunds goes on. */
export function readRefundPosition(cursor: string | undefined) {
  return readCursor(positionSchema, cursor)
}

/**
 * A page of refunds, with the cursor of the next one where this one is full. What waits for approval or was rejected has
 * moved nothing, and is the operator's own matter: clients do not see it.
 */
export function presentRefunds(refunds: readonly Refund[], limit: number, reader: Caller['kind']) {
  const last = refunds.at(-1)
  const nextCursor =
    last && refunds.length === limit
      ? writeCursor({ createdAt: last.createdAt, refundId: last.refundId })
      : undefined
  const shown = refunds.filter(({ entrySequence }) => reader === 'staff' || entrySequence !== undefined)
  return { refunds: shown.map((refund) => presentRefund(refund, reader)), nextCursor }
}
