import { isUtf8 } from 'node:buffer'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { isDay } from '../../functions/accounts/local-day.ts'
import { CSV } from '../../functions/migration/migration.api.ts'
import type { Mode } from '../../functions/migration/migration-report.ts'
import type { CsvRow } from '../../functions/prices/read-csv.ts'
import type { ApiClient } from '../api-client.ts'
import { type Command, CommandProblem, EXIT, readOptions, refuseWords, UsageProblem } from './command.ts'
import { CONNECTION_HELP, CONNECTION_OPTIONS, connect } from './connect.ts'
import { printSummary, type ReportedLine, summarise, writeReport } from './migration-report.ts'
import { FileProblem } from './read-proof-file.ts'
import { type MigrationRows, readMigrationRows, splitRows, writeRequest } from './split-migration.ts'

const HELP = `Credits what clients had paid to another billing for days from a cut-over day on. Simulates, unless told to commit. For staff.

  drawdown migrate clients.csv --cut-over 2018-07-01
  drawdown migrate clients.csv --cut-over 2018-07-01 --report simulated.csv
  drawdown migrate clients.csv --cut-over 2018-07-01 --commit --report credited.csv

  --cut-over DAY  the first day that is billed here
  --commit        give the credit
  --report FILE   every line as CSV: what it gives and how that comes about, or why it gives nothing
  --json          the sums and every line as data
${CONNECTION_HELP}
  --help          this text

The file is CSV with a header. Columns: account_id, paid_through (a day, inclusive), amount, currency; and where needed
paid_from (else the month that ends with paid_through) and reference (tells several payments of one account apart).
A line that is refused keeps no other out. A file, or a line of it, that is committed again is credited once.
Ends with 0 if every line is credited or would be, 1 if not.
`

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  'cut-over': { type: 'string' },
  commit: { type: 'boolean', default: false },
  report: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** A line that nothing is known of is sent again so often. */
const ROUNDS = 3

/** Credits the lines of a file, or says what they would give. */
export const migrate: Command = {
  summary: 'credit what clients had paid to another billing, from a file',
  help: HELP,
  async run(args) {
    const { values, positionals } = readOptions(args, OPTIONS)
    const [name, ...others] = positionals
    if (name === undefined) throw new UsageProblem('Name the file: drawdown migrate clients.csv')
    refuseWords(others, 'one file at a time')
    const cutOver = values['cut-over']
    if (cutOver === undefined || !isDay(cutOver))
      throw new UsageProblem('Name the first day that is billed here, such as --cut-over 2018-07-01')
    if (values.report !== undefined && resolve(values.report) === resolve(name))
      throw new UsageProblem('--report must name another file than the one that is read')
    const mode = values.commit ? 'commit' : 'simulate'
    const file = await readRows(name)
    const report = values.report === undefined ? undefined : await beginReport(values.report)
    try {
      const { lines, stopped } = await sendAll(connect(values), file, { cutOver, mode })
      const { ignoredColumns } = file
      const summary = summarise({ file: name, cutOver, mode, ignoredColumns }, lines)
      await report?.save(writeReport(summary.lines))
      console.log(values.json ? JSON.stringify(summary, undefined, 2) : printSummary(summary))
      if (stopped) throw stopped
      return summary.counts.refused + summary.counts.undecided === 0 ? EXIT.done : EXIT.wrong
    } finally {
      await report?.leave()
    }
  },
}

async function readRows(name: string): Promise<MigrationRows> {
  const bytes = await readFile(name).catch(({ code }: { code?: string }) => {
    throw new FileProblem(name, code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`)
  })
  if (!isUtf8(bytes)) throw new FileProblem(name, 'is not UTF-8; save it as "CSV UTF-8"')
  const rows = readMigrationRows(bytes.toString('utf8'))
  if ('problem' in rows) throw new FileProblem(name, rows.problem)
  return rows
}

type Asked = { cutOver: string; mode: Mode }

/**
 * Sends the file part by part, and once more what is undecided. Where a part gets no answer after others did, what is known
 * comes back with the error, so that the report of them is not lost.
 */
async function sendAll(api: ApiClient, file: MigrationRows, asked: Asked) {
  const reported = new Map<number, ReportedLine>()
  if (file.broken) reported.set(file.broken.line, unreadable(file.broken))
  let waiting: readonly CsvRow[] = file.rows
  try {
    for (let round = 1; round <= ROUNDS && waiting.length > 0; round += 1) {
      for (const rows of splitRows(file, waiting)) {
        for (const line of await sendPart(api, file, rows, asked)) reported.set(line.line, line)
        console.error(`· ${reported.size} of ${file.rows.length} lines`)
      }
      waiting = findUndecided(file, reported, asked.mode)
    }
    return { lines: [...reported.values()] }
  } catch (error) {
    const isAnyKnown = file.rows.some(({ line }) => reported.has(line))
    if (!isAnyKnown) throw error
    const detail = `no answer came: ${(error as Error).message}; send the file again`
    const unknown = file.rows.filter(({ line }) => !reported.has(line))
    const left = unknown.map(({ line }) => undecided(line, 'no_answer', detail))
    return { lines: [...reported.values(), ...left], stopped: error }
  }
}

/** Simulating, with the other lines of their accounts, whose references they may have. */
function findUndecided(
  { rows, accountColumn }: MigrationRows,
  reported: ReadonlyMap<number, ReportedLine>,
  mode: Mode,
): CsvRow[] {
  const undecided = rows.filter(({ line }) => reported.get(line)?.verdict === 'undecided')
  if (mode === 'commit') return undecided
  const accountOf = ({ cells }: CsvRow) => cells[accountColumn]?.trim()
  const accounts = new Set(undecided.map(accountOf))
  return rows.filter((row) => accounts.has(accountOf(row)))
}

/** The report of a request's lines, under their numbers in the file. */
async function sendPart(
  api: ApiClient,
  file: MigrationRows,
  rows: readonly CsvRow[],
  { cutOver, mode }: Asked,
): Promise<ReportedLine[]> {
  const reply = await api.send<{ lines?: ReportedLine[] }>('POST', '/v1/staff/migration-credits', {
    query: { cutOver, mode },
    text: writeRequest(file, rows),
    contentType: CSV,
  })
  const { lines } = reply
  if (lines?.length !== rows.length)
    throw new CommandProblem('What answers is not the API; name its address with --api')
  const inFile = new Map(lines.map(({ line }, index) => [line, rows[index]!.line]))
  return lines.map(({ line, lineAbove, ...said }) => ({
    ...said,
    line: inFile.get(line)!,
    ...(lineAbove !== undefined && { lineAbove: inFile.get(lineAbove) }),
  }))
}

function undecided(line: number, reason: string, detail: string): ReportedLine {
  return { line, verdict: 'undecided', given: {}, reason, detail }
}

function unreadable({ line, detail }: { line: number; detail: string }): ReportedLine {
  const said = `${detail}; nothing after it was read`
  return { line, verdict: 'refused', given: {}, reason: 'line_unreadable', detail: said }
}

/** Opened before anything is sent; written beside the file and renamed, so that whoever is cut off keeps what was there. */
async function beginReport(name: string) {
  const part = `${name}.part`
  const refuse = ({ code }: { code?: string }): never => {
    throw new CommandProblem(`${name} cannot be written (${code}); name another file with --report`)
  }
  const file = await open(part, 'w').catch(refuse)
  return {
    async save(text: string) {
      await file.writeFile(text)
      await file.sync()
      await rename(part, name).catch(refuse)
    },
    async leave() {
      await file.close()
      await rm(part, { force: true })
    },
  }
}
