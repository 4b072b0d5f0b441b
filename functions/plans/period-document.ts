import type { Period } from '../accounts/billing-period.ts'
import type { LocalDay } from '../accounts/local-day.ts'
import type { MonthlyCharge } from './monthly-charge.ts'

/** An entry of the ledger that charged a part of a month, or gave one back: then its amount is below zero. */
export type PeriodMovement = {
  sequence: bigint
  amountMicros: bigint
  /** What of a charge the month does not need any more, and was not given back, since its credit had expired. */
  expiredMicros?: bigint
}

/** What became of a month, under `PERIOD#<month>`: written with its ledger entry, never before. */
export type PeriodDocument = MonthlyCharge & {
  accountId: string
  /** What a charged month comes to has been charged, by its movements; of a short one nothing has. */
  status: 'charged' | 'short'
  /** Oldest first. They sum to the total and what was not given back. */
  movements: PeriodMovement[]
  /**
   * What the month was lowered by without giving it back, because as much had been refunded or reversed before, or its
   * credit had expired (`expiredMicros` of the movements). What it is
   * raised by later is taken of this first, so that who removes and adds again has paid what they had paid. Absent without any.
   */
  notGivenBackMicros?: bigint
  /** The entry that found it short. */
  shortSequence?: bigint
  /** The day on which it was found short; its days of grace count from it. */
  foundShortOn?: LocalDay
  /** Of a month that was found short: services run until then, also while it is owed. Local midnight, or the first instant after it. */
  graceEndsAt?: string
  /** When it came to this status. */
  at: string
  /** Counts the writes; a change of the document is conditional on it. */
  revision: bigint
}

/** What is owed for months before this one. */
export function owedBefore(short: readonly PeriodDocument[], period: Period): bigint {
  return short
    .filter((document) => document.status === 'short' && document.period < period)
    .reduce((sum, { totalMicros }) => sum + totalMicros, 0n)
}

/** All that is owed. */
export function owedIn(short: readonly PeriodDocument[]): bigint {
  return short.reduce((sum, { totalMicros }) => sum + totalMicros, 0n)
}
