import type { MigrationCredit } from './decide-migration-credit.ts'
import type { GivenTexts, LineRefusal } from './migration-line.ts'

export const MODES = ['simulate', 'commit'] as const
export type Mode = (typeof MODES)[number]

export const VERDICTS = ['credited', 'would_credit', 'already_credited', 'refused', 'undecided'] as const
export type Verdict = (typeof VERDICTS)[number]

/** Nothing is known to be written of a line: sent again, it is decided, and credited once. */
export const UNDECIDED_REASONS = ['busy', 'out_of_time', 'internal_error'] as const
export type UndecidedReason = (typeof UNDECIDED_REASONS)[number]

/** What became of a line, exactly one of these. */
export type Outcome =
  | { verdict: 'credited'; credit: MigrationCredit; currency: string; transaction: bigint }
  | { verdict: 'would_credit'; credit: MigrationCredit; currency: string }
  /** By a transaction of before, or by a line above in the same request. */
  | {
      verdict: 'already_credited'
      credit: MigrationCredit
      currency: string
      transaction?: bigint
      sameAsLine?: number
    }
  | { verdict: 'refused'; refusal: LineRefusal; transaction?: bigint }
  | { verdict: 'undecided'; reason: UndecidedReason }

export type LineReport = { line: number; given: GivenTexts; outcome: Outcome }

/** Of each currency what the lines of each verdict come to, none of it counted twice. */
export type Sums = Map<string, Partial<Record<Verdict, bigint>>>

export function countVerdicts(reports: readonly LineReport[]): Record<Verdict, number> {
  const counts = { credited: 0, would_credit: 0, already_credited: 0, refused: 0, undecided: 0 }
  for (const { outcome } of reports) counts[outcome.verdict] += 1
  return counts
}

export function sumCredits(reports: readonly LineReport[]): Sums {
  const sums: Sums = new Map()
  for (const { outcome } of reports) {
    if (!('credit' in outcome)) continue
    // A line that repeats another is no further credit.
    if (outcome.verdict === 'already_credited' && outcome.sameAsLine !== undefined) continue
    const { verdict, currency, credit } = outcome
    const sum = sums.get(currency) ?? {}
    sums.set(currency, { ...sum, [verdict]: (sum[verdict] ?? 0n) + credit.creditMicros })
  }
  return sums
}
