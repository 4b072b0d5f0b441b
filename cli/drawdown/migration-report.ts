import { asLine } from '../../functions/edge/text.ts'
import { formatAmount, type Money, readAmount } from '../../functions/ledger/money.ts'
import { describeDays } from '../../functions/migration/describe-days.ts'
import { COLUMNS, type GivenTexts } from '../../functions/migration/migration-line.ts'
import { type Mode, VERDICTS, type Verdict } from '../../functions/migration/migration-report.ts'
import { writeCsv } from '../../functions/statements/write-csv.ts'

/** What the API says of a line, under the line's number in the file. */
export type ReportedLine = {
  line: number
  verdict: Verdict
  given: GivenTexts
  credit?: Money
  paidFrom?: string
  arithmetic?: string
  transaction?: number
  lineAbove?: number
  reason?: string
  column?: string
  detail?: string
}

export type MigrationSummary = {
  file: string
  cutOver: string
  mode: Mode
  lineCount: number
  counts: Record<Verdict, number>
  sums: { currency: string; credited: string; wouldCredit: string; alreadyCredited: string }[]
  ignoredColumns: string[]
  lines: ReportedLine[]
}

/** Adds up the lines of all requests; a line that repeats another counts once. */
export function summarise(
  about: Pick<MigrationSummary, 'file' | 'cutOver' | 'mode' | 'ignoredColumns'>,
  lines: readonly ReportedLine[],
): MigrationSummary {
  const inOrder = lines.toSorted((one, other) => one.line - other.line)
  const counts = Object.fromEntries(
    VERDICTS.map((verdict) => [verdict, inOrder.filter((line) => line.verdict === verdict).length]),
  ) as Record<Verdict, number>
  const counted = inOrder.filter(({ credit, lineAbove }) => credit && lineAbove === undefined)
  const sums = [...Map.groupBy(counted, ({ credit }) => credit!.currency)].map(([currency, ofCurrency]) => {
    const sumOf = (wanted: Verdict) =>
      formatAmount(
        ofCurrency
          .filter(({ verdict }) => verdict === wanted)
          .reduce((sum, { credit }) => sum + readAmount(credit!.amount), 0n),
        currency,
      )
    return {
      currency,
      credited: sumOf('credited'),
      wouldCredit: sumOf('would_credit'),
      alreadyCredited: sumOf('already_credited'),
    }
  })
  return { ...about, lineCount: inOrder.length, counts, sums, lines: inOrder }
}

const NAMES: Record<Verdict, string> = {
  credited: 'credited',
  would_credit: 'would be credited',
  already_credited: 'already credited',
  refused: 'refused',
  undecided: 'undecided: send the file again',
}

/** The counts, the sums, and every line that gives no credit, with why. */
export function printSummary({
  file,
  cutOver,
  mode,
  counts,
  sums,
  ignoredColumns,
  lines,
}: MigrationSummary): string {
  const what = mode === 'commit' ? 'committed' : 'simulated, nothing was written'
  const width = Math.max(...Object.values(counts).map((count) => String(count).length))
  const shown = VERDICTS.filter((verdict) => counts[verdict] > 0)
  const repeats = lines.filter(({ credit, lineAbove }) => credit && lineAbove !== undefined).length
  const left = lines.filter(({ verdict }) => verdict === 'refused' || verdict === 'undecided')
  return [
    `${asLine(file, 200)}, cut-over ${describeDays(cutOver)}: ${what}`,
    ...shown.map((verdict) => {
      const repeated =
        verdict === 'already_credited' && repeats > 0 ? `, ${repeats} of them by a line above` : ''
      return `  ${String(counts[verdict]).padStart(width)} ${NAMES[verdict]}${repeated}`
    }),
    ...sums.flatMap(printSum),
    ...(ignoredColumns.length > 0 ? [`Columns that are not read: ${ignoredColumns.join(', ')}`] : []),
    ...left.map(printLeft),
  ].join('\n')
}

function printSum({
  currency,
  credited,
  wouldCredit,
  alreadyCredited,
}: MigrationSummary['sums'][number]): string[] {
  const parts: [string, string][] = [
    [credited, 'credited'],
    [wouldCredit, 'would be credited'],
    [alreadyCredited, 'already credited'],
  ]
  return parts
    .filter(([amount]) => /[1-9]/.test(amount))
    .map(([amount, name]) => `${currency} ${amount} ${name}`)
}

function printLeft({ line, verdict, given, column, detail }: ReportedLine): string {
  const where = [`line ${line}`, given.account_id, column].filter(Boolean).join(', ')
  return `${verdict === 'refused' ? '✗' : '?'} ${asLine(`${where}: ${detail}`, 400)}`
}

/** Every line as CSV. Its columns are those of the file and others beside them, so that a corrected report can be sent. */
export function writeReport(lines: readonly ReportedLine[]): string {
  const names = [
    'line',
    'verdict',
    ...COLUMNS,
    'credit',
    'transaction',
    'arithmetic',
    'reason',
    'column',
    'detail',
  ]
  return writeCsv([names, ...lines.map(cellsOf)])
}

function cellsOf(reported: ReportedLine): string[] {
  const { line, verdict, given, credit, paidFrom, transaction, arithmetic, reason, column, detail } = reported
  const texts = { ...given, ...(paidFrom && { paid_from: paidFrom }) }
  return [
    String(line),
    verdict,
    ...COLUMNS.map((name) => texts[name] ?? ''),
    credit?.amount ?? '',
    transaction?.toString() ?? '',
    arithmetic ?? '',
    reason ?? '',
    column ?? '',
    detail ?? '',
  ]
}
