import type { Period } from '../accounts/billing-period.ts'
import type { MonthlyCharge } from './decide-monthly-charge.ts'

/** What became of a month, under `PERIOD#<month>`: written with its ledger entry, never before. */
export type PeriodDocument = MonthlyCharge & {
  accountId: string
  status: 'charged' | 'short'
  /** The entry that charged it; absent while it is short, and for a month that cost nothing. */
  entrySequence?: bigint
  /** The entry that found it short. */
  shortSequence?: bigint
  /** When it came to this status. */
  at: string
}

/** What is owed for months before this one. */
export function owedBefore(short: readonly PeriodDocument[], period: Period): bigint {
  return short
    .filter((document) => document.status === 'short' && document.period < period)
    .reduce((sum, { totalMicros }) => sum + totalMicros, 0n)
}
