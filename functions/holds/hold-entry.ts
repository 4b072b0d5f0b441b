import { z } from 'zod'
import type { Json } from '../ledger/canonical-json.ts'
import { packExplanation, unpackExplanation } from '../prices/pack-explanation.ts'
import type { RatingExplanation } from '../prices/rate-usage.ts'
import { HOLD_UNITS, type Hold } from './hold.ts'

const digits = z.string().regex(/^\d+$/)

const heldDetailSchema = z.object({
  holdId: z.string(),
  session: z.string().optional(),
  service: z.string().optional(),
  unit: z.enum(HOLD_UNITS).optional(),
  asked: digits.optional(),
  granted: digits.optional(),
  isFinal: z.boolean().optional(),
  /** All that the hold has set aside after this entry. */
  heldMicros: digits,
  leaseSeconds: z.int(),
  expiresAt: z.string(),
  reportedUsed: digits.optional(),
  reportedMicros: digits,
})

const endedDetailSchema = z.object({
  holdId: z.string(),
  session: z.string().optional(),
  service: z.string().optional(),
  unit: z.enum(HOLD_UNITS).optional(),
  used: digits.optional(),
  end: z.enum(['captured', 'released', 'expired']),
  /** What was set aside until then. */
  heldMicros: digits,
  /** A packed `RatingExplanation`, in base64. */
  explanation: z.string().optional(),
})

type Detail = { [key: string]: Json }

/** The detail of an entry of kind `hold`: the hold as this entry left it, so that a repeat is answered as at first. */
export function heldDetail(hold: Hold): Detail {
  const { holdId, session, use, heldMicros, leaseSeconds, expiresAt, reported } = hold
  return {
    holdId,
    session,
    ...(use && {
      service: use.service,
      unit: use.unit,
      asked: use.asked.toString(),
      granted: use.granted.toString(),
      isFinal: use.isFinal,
    }),
    heldMicros: heldMicros.toString(),
    leaseSeconds,
    expiresAt,
    reportedUsed: reported.used?.toString(),
    reportedMicros: reported.amountMicros.toString(),
  }
}

/** The hold as an entry of kind `hold` left it, whatever became of it since. */
export function asOfEntry(hold: Hold, { detail }: { detail: string }): Hold {
  const then = readHeldDetail(detail)
  const { ended, ...rest } = hold
  return {
    ...rest,
    status: 'held',
    heldMicros: BigInt(then.heldMicros),
    leaseSeconds: then.leaseSeconds,
    expiresAt: then.expiresAt,
    reported: {
      amountMicros: BigInt(then.reportedMicros),
      ...(then.reportedUsed !== undefined && { used: BigInt(then.reportedUsed) }),
    },
    ...(hold.use && {
      use: {
        ...hold.use,
        asked: BigInt(then.asked ?? 0),
        granted: BigInt(then.granted ?? 0),
        isFinal: then.isFinal ?? false,
      },
    }),
  }
}

/** The detail of an entry that ends a hold. */
export function endedDetail(
  hold: Hold,
  end: 'captured' | 'released' | 'expired',
  rated: { used?: bigint; explanation?: RatingExplanation },
): Detail {
  const { holdId, session, use, heldMicros } = hold
  const { used, explanation } = rated
  return {
    holdId,
    session,
    ...(use && { service: use.service, unit: use.unit, used: used?.toString() }),
    end,
    heldMicros: heldMicros.toString(),
    explanation: explanation && Buffer.from(packExplanation(explanation)).toString('base64'),
  }
}

/** Reads the detail text of an entry of kind `hold`; throws on any other. */
export function readHeldDetail(detail: string) {
  return heldDetailSchema.parse(JSON.parse(detail))
}

/** Reads the detail text of an entry of kind `capture` or `release`; throws on any other. */
export function readEndedDetail(detail: string) {
  return endedDetailSchema.parse(JSON.parse(detail))
}

/** The same with what explains the amount. */
export function explainEndedDetail(detail: string) {
  const { explanation, ...rest } = readEndedDetail(detail)
  return {
    ...rest,
    ...(explanation && { explanation: unpackExplanation(Buffer.from(explanation, 'base64')) }),
  }
}
