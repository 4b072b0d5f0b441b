import type { MigrationCredit } from './decide-migration-credit.ts'
import type { GivenTexts, LineRefusal } from './migration-line.ts'

export const MODES = ['simulate', 'commit'] as const
export type Mode = (typeof MODES)[number]

export const VERDICTS = ['credited', 'would_credit', 'already_credited', 'refused', 'undecided'] as const
export type Verdict = (typeof VERDICTS)[number]

/** Nothing is known to be written of a line: sent again, it is decided, and credited once. */
export const UNDECIDED_REASONS = ['busy', 'out_of_time', 'internal_error'] as const
export type UndecidedReason = (typeof UNDECIDED_REASONS)[number]

type Credited = { credit: MigrationCredit; currency: string }

/** What became of a line, exactly one of these. */
export type Outcome = {
  /** The one that has credited it; of a refused line, the one in its way. */
  transaction?: bigint
  /** The line above of the same request with this account and reference. */
  lineAbove?: number
} & (
  | ({ verdict: 'credited'; transaction: bigint } & Credited)
  | ({ verdict: 'would_credit' } & Credited)
  /** By a transaction of before, or by the line above. */
  | ({ verdict: 'already_credited' } & Credited)
  | { verdict: 'refused'; refusal: LineRefusal }
  | { verdict: 'undecided'; reason: UndecidedReason }
)

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
    // A line that repeats another is no further credit.
    if (!('credit' in outcome) || outcome.lineAbove !== undefined) continue
    const { verdict, currency, credit } = outcome
    const sum = sums.get(currency) ?? {}
    sums.set(currency, { ...sum, [verdict]: (sum[verdict] ?? 0n) + credit.creditMicros })
  }
  return sums
}
