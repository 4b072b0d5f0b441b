import { z } from 'zod'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { Problem } from '../edge/problem.ts'
import { money } from '../ledger/money.ts'
import { type TopUp, topUpIdSchema } from './top-up.ts'

/** A top-up as replies carry it. */
export function presentTopUp(topUp: TopUp) {
  const { topUpId, accountId, status, method, failureCode, createdAt, settledAt, entrySequence } = topUp
  return {
    topUpId,
    accountId,
    status,
    amount: money(topUp.amountMicros, topUp.currency),
    paidOwed: topUp.paidOwedMicros === undefined ? undefined : money(topUp.paidOwedMicros, topUp.currency),
    refunded: topUp.refundedMicros > 0n ? money(topUp.refundedMicros, topUp.currency) : undefined,
    paymentMethod: method,
    paymentUrl: status === 'processing' ? topUp.paymentUrl : undefined,
    failureCode: status === 'failed' ? failureCode : undefined,
    createdAt,
    settledAt,
    transaction: entrySequence === undefined ? undefined : Number(entrySequence),
  }
}

/** The answer to who started a top-up: the top-up, or the problem that keeps it from being paid (thrown). */
export function answerStarted(topUp: TopUp) {
  const presented = presentTopUp(topUp)
  const { topUpId, paymentUrl, failureCode } = presented
  if (failureCode?.startsWith('refused_')) {
    const field = failureCode.replace('refused_', '')
    const detail = 'the payment provider does not take it'
    throw new Problem('request_invalid', `${field}: ${detail}`, {
      errors: [{ field, detail }],
      extra: { topUpId },
    })
  }
  if (failureCode === 'customer_gone') {
    throw new Problem(
      'customer_gone',
      'Nothing was paid. Start a new top-up, with a new Idempotency-Key; cards have to be saved anew.',
      { extra: { topUpId } },
    )
  }
  if (topUp.status === 'failed') {
    const extra = { topUpId, declineCode: failureCode }
    throw new Problem(
      'payment_declined',
      'Nothing was paid. Start a new top-up, with a new Idempotency-Key, to try again.',
      { extra },
    )
  }
  const mustConfirm = topUp.requestedMethod === 'saved_card' && topUp.method === 'checkout'
  if (topUp.status === 'processing' && mustConfirm) {
    throw new Problem('authentication_required', 'Pay at the address in `paymentUrl` instead.', {
      extra: { topUpId, paymentUrl },
    })
  }
  return presented
}

const positionSchema = z.strictObject({ createdAt: z.iso.datetime(), topUpId: topUpIdSchema })

/** Where a list of top-ups goes on. */
export function readTopUpPosition(cursor: string | undefined) {
  return readCursor(positionSchema, cursor)
}

/** A page of top-ups, with the cursor of the next one where this one is full. */
export function presentTopUps(topUps: readonly TopUp[], limit: number) {
  const last = topUps.at(-1)
  const nextCursor =
    last && topUps.length === limit
      ? writeCursor({ createdAt: last.createdAt, topUpId: last.topUpId })
      : undefined
  return { topUps: topUps.map(presentTopUp), nextCursor }
}
