import type { Period } from '../accounts/billing-period.ts'

/** What became of an account in a run: what its month's document says, else why there is none. */
export type Outcome =
  | 'charged'
  | 'short'
  | 'nothing_to_pay'
  /** Parked: it stays due. */
  | 'parked'
  | 'closed'
  /** It waits for this month no more, and the month was not charged: its plan has ended meanwhile. */
  | 'not_due'
  /** It could not be charged: it stays due. */
  | 'failed'

export const OUTCOMES: readonly Outcome[] = [
  'charged',
  'short',
  'nothing_to_pay',
  'parked',
  'closed',
  'not_due',
  'failed',
]

export type OutcomeCounts = Record<Outcome, number>
/** By currency. */
export type RunAmounts = Record<string, { chargedMicros: bigint; shortMicros: bigint }>
export type Failure = { accountId: string; reason: string }

export type AccountOutcome = {
  accountId: string
  outcome: Outcome
  /** What the month came to; absent without a document. */
  amount?: { micros: bigint; currency: string }
  /** Of a failure. */
  reason?: string
}

export type SegmentPlace = { period: Period; shard: number; number: number }

/** A part of a run: accounts that were found due together, and how far they have come. */
export type Segment = SegmentPlace & {
  /** Names the list of its accounts, which is written once. */
  listId: string
  accountCount: number
  /** So many accounts of the list are done. */
  cursor: number
  status: 'open' | 'done'
  counts: OutcomeCounts
  amounts: RunAmounts
  /** They stay due: whoever looks for what is due finds them, and they are no news. */
  parked: string[]
  failed: Failure[]
  openedAt: string
  updatedAt: string
  /** Counts the writes; each is conditional on it. */
  revision: bigint
}

/** A segment that has not moved for so long may have lost its message. One that merely waits is sent twice, which does no harm. */
const STILL_AFTER_MILLISECONDS = 600_000

/** Whether an open segment has stood still so long that it is to be sent again. */
export function isStill({ status, updatedAt }: Segment, at: string): boolean {
  return status === 'open' && Date.parse(at) - Date.parse(updatedAt) > STILL_AFTER_MILLISECONDS
}

/** What a message names of a segment. */
export const placeOf = ({ period, shard, number }: SegmentPlace): SegmentPlace => ({ period, shard, number })

export function noCounts(): OutcomeCounts {
  return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as OutcomeCounts
}

export function newSegment(
  place: SegmentPlace,
  list: { listId: string; accountCount: number },
  at: string,
): Segment {
  return {
    ...place,
    ...list,
    cursor: 0,
    status: 'open',
    counts: noCounts(),
    amounts: {},
    parked: [],
    failed: [],
    openedAt: at,
    updatedAt: at,
    revision: 1n,
  }
}

/** The segment with what became of its next accounts, in the order of its list. */
export function addOutcomes(segment: Segment, outcomes: readonly AccountOutcome[], at: string): Segment {
  const next = countOutcomes(segment, outcomes, at)
  return { ...next, cursor: segment.cursor + outcomes.length }
}

/** The segment at its end, with what became of those that had failed, when they were tried once more. */
export function finishSegment(segment: Segment, retried: readonly AccountOutcome[], at: string): Segment {
  const again = new Set(retried.map(({ accountId }) => accountId))
  const failed = segment.failed.filter(({ accountId }) => !again.has(accountId))
  const counts = { ...segment.counts, failed: failed.length }
  return { ...countOutcomes({ ...segment, failed, counts }, retried, at), status: 'done' }
}

function countOutcomes(segment: Segment, outcomes: readonly AccountOutcome[], at: string): Segment {
  const counts = { ...segment.counts }
  for (const { outcome } of outcomes) counts[outcome] += 1
  const of = (wanted: Outcome) => outcomes.filter(({ outcome }) => outcome === wanted)
  const failures = of('failed').map(({ accountId, reason = '' }) => ({ accountId, reason }))
  return {
    ...segment,
    counts,
    amounts: outcomes.reduce(addAmount, segment.amounts),
    parked: [...segment.parked, ...of('parked').map(({ accountId }) => accountId)],
    failed: [...segment.failed, ...failures],
    updatedAt: at,
  }
}

function addAmount(amounts: RunAmounts, { outcome, amount }: AccountOutcome): RunAmounts {
  if (!amount) return amounts
  const { chargedMicros, shortMicros } = amounts[amount.currency] ?? { chargedMicros: 0n, shortMicros: 0n }
  const isShort = outcome === 'short'
  const sums = {
    chargedMicros: chargedMicros + (isShort ? 0n : amount.micros),
    shortMicros: shortMicros + (isShort ? amount.micros : 0n),
  }
  return { ...amounts, [amount.currency]: sums }
}

export function addAmounts(one: RunAmounts, other: RunAmounts): RunAmounts {
  const sums = { ...one }
  for (const [currency, { chargedMicros, shortMicros }] of Object.entries(other)) {
    const known = sums[currency] ?? { chargedMicros: 0n, shortMicros: 0n }
    sums[currency] = {
      chargedMicros: known.chargedMicros + chargedMicros,
      shortMicros: known.shortMicros + shortMicros,
    }
  }
  return sums
}
