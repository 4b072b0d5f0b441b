import type { z } from 'zod'
import type { LocalDay } from '../accounts/local-day.ts'
import { asLine } from '../edge/text.ts'
import { money } from '../ledger/money.ts'
import type { MigrationCredit } from './decide-migration-credit.ts'
import type { migrationLineReply } from './migration.api.ts'
import type { GivenTexts, LineRefusal } from './migration-line.ts'
import {
  countVerdicts,
  type LineReport,
  type Mode,
  type Outcome,
  sumCredits,
  type UndecidedReason,
} from './migration-report.ts'

type PresentedLine = z.infer<typeof migrationLineReply>

/** What is longer is no valid value. */
const SHOWN_TEXT = 120

const UNDECIDED: Record<UndecidedReason, string> = {
  busy: 'others kept writing to this account, or the database did not answer; send this line again',
  out_of_time: 'the request had no time left for this line; send it again',
  internal_error: 'the fault is logged; send this line again',
}

/** The report of every line, with what they come to. */
export function presentMigration(
  reports: readonly LineReport[],
  { cutOver, mode, ignoredColumns }: { cutOver: LocalDay; mode: Mode; ignoredColumns: string[] },
) {
  const counts = countVerdicts(reports)
  return {
    cutOver,
    mode,
    lineCount: reports.length,
    creditedCount: counts.credited,
    wouldCreditCount: counts.would_credit,
    alreadyCreditedCount: counts.already_credited,
    refusedCount: counts.refused,
    undecidedCount: counts.undecided,
    sums: [...sumCredits(reports)].map(([currency, sum]) => ({
      credited: money(sum.credited ?? 0n, currency),
      wouldCredit: money(sum.would_credit ?? 0n, currency),
      alreadyCredited: money(sum.already_credited ?? 0n, currency),
    })),
    ignoredColumns,
    lines: reports.map(presentLine),
  }
}

function presentLine({ line, given, outcome }: LineReport): PresentedLine {
  const { verdict, transaction, lineAbove } = outcome
  return {
    line,
    verdict,
    ...presentOutcome(outcome),
    ...(transaction !== undefined && { transaction: Number(transaction) }),
    lineAbove,
    given: presentGiven(given),
  }
}

function presentOutcome(outcome: Outcome): Partial<PresentedLine> {
  if (outcome.verdict === 'undecided') return { reason: outcome.reason, detail: UNDECIDED[outcome.reason] }
  if (outcome.verdict === 'refused') return presentRefusal(outcome.refusal)
  return presentCredit(outcome.credit, outcome.currency)
}

function presentRefusal({ reason, column, detail }: LineRefusal) {
  return { reason, column, detail }
}

function presentCredit({ creditMicros, ...explained }: MigrationCredit, currency: string) {
  return { credit: money(creditMicros, currency), ...explained }
}

function presentGiven(given: GivenTexts): GivenTexts {
  return Object.fromEntries(Object.entries(given).map(([name, text]) => [name, asLine(text, SHOWN_TEXT)]))
}
