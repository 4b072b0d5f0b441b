import { z } from 'zod'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { money, moneyReply } from '../ledger/money.ts'
import { HOLD_STATUSES, type Hold, type HoldPosition } from './hold.ts'
import { holdIdSchema } from './hold-request.ts'

export const holdReply = z
  .object({
    holdId: z.string(),
    accountId: z.string(),
    session: z.string().optional(),
    status: z.enum(HOLD_STATUSES).meta({
      description: '`expired`: the session was not heard of in time; what was reported of it is charged',
    }),
    held: moneyReply.meta({ description: 'what is set aside; zero once it has ended' }),
    service: z.string().optional(),
    attributes: z.record(z.string(), z.union([z.string(), z.int()])).optional(),
    time: z.string().optional().meta({ description: 'the instant whose price is in force' }),
    askedSeconds: z.int().optional(),
    grantedSeconds: z
      .int()
      .optional()
      .meta({ description: 'in all, from the session’s beginning: cut it off then' }),
    askedQuantity: z.int().optional(),
    grantedQuantity: z.int().optional(),
    isFinal: z
      .boolean()
      .optional()
      .meta({ description: 'credit ends there: less was granted than asked for' }),
    reported: z
      .object({ seconds: z.int().optional(), quantity: z.int().optional(), amount: moneyReply })
      .optional()
      .meta({ description: 'what a lost session is charged, as far as it is held' }),
    leaseSeconds: z.int(),
    authorisedAt: z.string(),
    expiresAt: z.string().meta({ description: 'extend before then, or the session counts as lost' }),
    endedAt: z.string().optional(),
    captured: moneyReply.optional().meta({ description: 'what was charged; the rest is available again' }),
    capturedSeconds: z.int().optional(),
    capturedQuantity: z.int().optional(),
    transaction: z.int().meta({ description: 'number of the transaction that began it, or ended it' }),
  })
  .meta({ id: 'Hold' })

/** A hold as replies carry it. */
export function presentHold(hold: Hold): z.input<typeof holdReply> {
  const { holdId, accountId, session, status, currency, heldMicros, use, ended } = hold
  const { leaseSeconds, authorisedAt, expiresAt } = hold
  return {
    holdId,
    accountId,
    session,
    status,
    held: money(status === 'held' ? heldMicros : 0n, currency),
    ...(use && {
      service: use.service,
      attributes: use.attributes,
      time: use.time,
      ...measured('asked', use.unit, use.asked),
      ...measured('granted', use.unit, use.granted),
      isFinal: use.isFinal,
    }),
    reported: presentReported(hold),
    leaseSeconds,
    authorisedAt,
    expiresAt,
    ...(ended && {
      endedAt: ended.at,
      captured: money(ended.capturedMicros, currency),
      ...(use && ended.used !== undefined && measured('captured', use.unit, ended.used)),
    }),
    transaction: Number(ended?.entry ?? hold.firstEntry),
  }
}

function measured(name: string, unit: 'seconds' | 'quantity', value: bigint) {
  return { [`${name}${unit === 'seconds' ? 'Seconds' : 'Quantity'}`]: Number(value) }
}

function presentReported({ use, reported, currency }: Hold) {
  if (reported.used === undefined && reported.amountMicros === 0n) return undefined
  const used = use && reported.used !== undefined && { [use.unit]: Number(reported.used) }
  return { ...used, amount: money(reported.amountMicros, currency) }
}

const positionSchema = z.strictObject({ expiresAt: z.iso.datetime(), holdId: holdIdSchema })

/** Where a list of open holds goes on. */
export function readHoldPosition(cursor: string | undefined): HoldPosition | undefined {
  return readCursor(positionSchema, cursor)
}

export function presentHolds(holds: readonly Hold[], limit: number) {
  const last = holds.at(-1)
  const nextCursor =
    last && holds.length === limit
      ? writeCursor({ expiresAt: last.expiresAt, holdId: last.holdId })
      : undefined
  return { holds: holds.map(presentHold), nextCursor }
}
