import type { FoundPrice } from '../prices/price-source.ts'
import { rateUsage, type Usage, type UsageRating } from '../prices/rate-usage.ts'
import { thawPrice } from './frozen-price.ts'
import { type Hold, type HoldStatus, holdIdOf } from './hold.ts'

/** The later record of a session, a call's for instance, as far as it bears on the session's hold. */
export type SessionRecord = { accountId: string; service: string; usage: Usage }

/** What a record is held against: its session's hold, and what rates it. */
export type RecordedHold = {
  holdId: string
  status: Exclude<HoldStatus, 'released'>
  capturedMicros: bigint
  /** The price that was frozen for the session; for a hold of an amount, the one in force. */
  found: FoundPrice | undefined
  /** Absent for a hold of an amount: as counted by now. */
  alreadyUsedQuantity?: bigint
}

/** The hold that a record names by its `session`, if there is one. */
export function holdIdOfRecord({ accountId, usage }: SessionRecord): string | undefined {
  const session = Object.hasOwn(usage.attributes, 'session') ? usage.attributes.session : undefined
  if (typeof session !== 'string' || session.trim() === '') return undefined
  return holdIdOf(accountId, { session: session.trim() })
}

/**
 * What a record is held against. Nothing for a session that was released, since it was not charged, nor for the use of
 * another service within it: those are charged as usual.
 */
export function recordedHold(
  hold: Hold,
  { service }: SessionRecord,
  found: FoundPrice | undefined,
): RecordedHold | undefined {
  const { holdId, status, use, ended } = hold
  if (status === 'released' || (use && use.service !== service)) return undefined
  return {
    holdId,
    status,
    capturedMicros: ended?.capturedMicros ?? 0n,
    ...(use ? { found: thawPrice(use.price), alreadyUsedQuantity: use.alreadyUsed } : { found }),
  }
}

/** What a record says that its session costs. */
export function rateRecord(
  { found, alreadyUsedQuantity }: RecordedHold,
  usage: Usage,
  counted: bigint,
): UsageRating {
  return rateUsage({
    ...found,
    price: found?.price,
    usage,
    alreadyUsedQuantity: alreadyUsedQuantity ?? counted,
  })
}

/**
 * An open hold after the record of its session has come: what the record costs is what its lease charges, and it cannot be
 * released any more. Undefined where that is known already.
 */
export function noteRecord(hold: Hold, recorded: RecordedHold, { usage }: SessionRecord): Hold | undefined {
  const rating = rateRecord(recorded, usage, 0n)
  const amountMicros = rating.ok ? rating.amountMicros : 0n
  const isMore = amountMicros > hold.reported.amountMicros
  if (hold.isRecorded && !isMore) return undefined
  const used = hold.use && usage[hold.use.unit]
  return {
    ...hold,
    isRecorded: true,
    reported: isMore ? { amountMicros, ...(used !== undefined && { used }) } : hold.reported,
    revision: hold.revision + 1n,
  }
}
