import type { AccountPosition } from '../accounts/account.ts'
import { beginningOfPeriod, type Period } from '../accounts/billing-period.ts'
import { addAmounts, type RunAmounts } from './segment.ts'

/** What an account that was looked over is to the month's run. */
export type ScanOutcome =
  | 'charged'
  | 'short'
  | 'nothing_to_pay'
  | 'parked'
  | 'closed'
  /** It has no plan, or none in this month. */
  | 'no_plan'
  | 'left_out'

export const SCAN_OUTCOMES: readonly ScanOutcome[] = [
  'charged',
  'short',
  'nothing_to_pay',
  'parked',
  'closed',
  'no_plan',
  'left_out',
]

export const FINDING_KINDS = ['left_out', 'still_due', 'charged_twice', 'amounts_differ'] as const
export type FindingKind =
  /** The month has begun, nothing says why it was not charged, and it was not. */
  | 'left_out'
  /** The month has its document and is due nevertheless. */
  | 'still_due'
  /** The ledger has charged for the month what its document does not know of. */
  | 'charged_twice'
  /** The ledger has not charged what the document says. */
  | 'amounts_differ'

export type Finding = { accountId: string; kind: FindingKind; detail: string }

/** Looked over: one account. */
export type Judgement = {
  accountId: string
  outcome: ScanOutcome
  amount?: { micros: bigint; currency: string }
  findings: Finding[]
}

/** How far the look over all accounts has come, and what it has found; under the run as `SCAN`. */
export type ClosingScan = {
  period: Period
  /** Counts the looks: one that has found something is repeated each day. */
  number: number
  status: 'running' | 'done'
  /** The last account that was looked over. */
  after?: AccountPosition
  accountCount: number
  counts: Record<ScanOutcome, number>
  amounts: RunAmounts
  findingCount: number
  /** The first of them. */
  findings: Finding[]
  startedAt: string
  updatedAt: string
  /** Counts the writes; each is conditional on it. */
  revision: bigint
}

const MOST_FINDINGS = 100
const HOUR_MILLISECONDS = 3_600_000
/** A look that has stood still for so long has lost its message. */
const STILL_AFTER_MILLISECONDS = HOUR_MILLISECONDS / 2
const REPEATED_AFTER_MILLISECONDS = 24 * HOUR_MILLISECONDS
const LAST_REPEATED_AFTER_MILLISECONDS = 60 * 24 * HOUR_MILLISECONDS
/** So long after a month has begun everywhere, segments that are open keep the look back no more: it says whom they left out. */
const LONGEST_WAIT_MILLISECONDS = 24 * HOUR_MILLISECONDS
/** The last place on earth where a month begins: UTC−12, whose name in the tz database has the other sign. */
const LAST_TIME_ZONE = 'Etc/GMT+12'

export function newScan(period: Period, number: number, at: string): Omit<ClosingScan, 'revision'> {
  const counts = Object.fromEntries(SCAN_OUTCOMES.map((outcome) => [outcome, 0]))
  return {
    ...{ period, number, status: 'running', accountCount: 0, amounts: {} },
    counts: counts as Record<ScanOutcome, number>,
    ...{ findingCount: 0, findings: [], startedAt: at, updatedAt: at },
  }
}

/** The scan with a page of accounts more; `after` is where the next page begins, undefined behind the last. */
export function addJudgements(
  scan: ClosingScan,
  judgements: readonly Judgement[],
  after: AccountPosition | undefined,
  at: string,
): ClosingScan {
  const counts = { ...scan.counts }
  for (const { outcome } of judgements) counts[outcome] += 1
  const found = judgements.flatMap(({ findings }) => findings)
  return {
    ...scan,
    status: after ? 'running' : 'done',
    after,
    accountCount: scan.accountCount + judgements.length,
    counts,
    amounts: judgements.reduce(addJudged, scan.amounts),
    findingCount: scan.findingCount + found.length,
    findings: [...scan.findings, ...found].slice(0, MOST_FINDINGS),
    updatedAt: at,
  }
}

function addJudged(amounts: RunAmounts, { outcome, amount }: Judgement): RunAmounts {
  if (!amount) return amounts
  const isShort = outcome === 'short'
  const sums = {
    chargedMicros: isShort ? 0n : amount.micros,
    shortMicros: isShort ? amount.micros : 0n,
  }
  return addAmounts(amounts, { [amount.currency]: sums })
}

export type ScanStep = 'wait' | 'begin' | 'go_on'

/**
 * What the hourly look has to do about a run's closing scan. It begins when the month has begun everywhere and all segments
 * are done; one that has lost its message goes on; one that has found something is repeated, a day later, until it finds
 * nothing or two months are over.
 */
export function decideScanStep(
  period: Period,
  scan: ClosingScan | undefined,
  areSegmentsDone: boolean,
  now: Date,
): ScanStep {
  const begunFor = now.getTime() - Date.parse(beginningOfPeriod(period, LAST_TIME_ZONE))
  if (begunFor < 0) return 'wait'
  if (!scan) return areSegmentsDone || begunFor > LONGEST_WAIT_MILLISECONDS ? 'begin' : 'wait'
  const stoodFor = now.getTime() - Date.parse(scan.updatedAt)
  if (scan.status === 'running') return stoodFor > STILL_AFTER_MILLISECONDS ? 'go_on' : 'wait'
  if (scan.findingCount === 0 || begunFor > LAST_REPEATED_AFTER_MILLISECONDS) return 'wait'
  return stoodFor > REPEATED_AFTER_MILLISECONDS ? 'begin' : 'wait'
}
