import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { importRateDeck } from '../../functions/prices/import-rate-deck.ts'
import type { CallRecord } from '../call-records/call-record.ts'
import { type CallRecords, parseCallRecords } from '../call-records/parse-call-records.ts'
import { type CallUsageEvent, toUsageEvents } from '../call-records/to-usage-events.ts'
import type { OpenedAccount } from './set-up.ts'

const SAMPLE_CALLS = new URL('../sample/calls.csv', import.meta.url)
const SAMPLE_RATES = new URL('../sample/rates.csv', import.meta.url)

const MOST_MONTHS = 24
const MOST_LINES_SHOWN = 20

/** Something that the person at the command line can mend. */
export class InputProblem extends Error {}

export type Calls = Extract<CallRecords, { ok: true }> & { file: string }

/** Reads a rate deck's CSV, or the project's own sample. Throws an `InputProblem` that names every bad line of it. */
export async function readRates(file: string | undefined): Promise<string> {
  const csv = await readText(file ?? SAMPLE_RATES)
  const result = importRateDeck(csv)
  if (result.ok) return csv
  const shown = result.errors
    .slice(0, MOST_LINES_SHOWN)
    .map(({ line, column, value, detail }) => `  line ${line}: ${column} "${value}" ${detail}`)
  const more = result.errors.length - shown.length
  if (more > 0) shown.push(`  and ${more} more`)
  throw new InputProblem([`${file ?? 'rates.csv'} is no rate deck yet:`, ...shown].join('\n'))
}

/** Reads a file of call records, or the project's own sample. Throws an `InputProblem` that says what to do. */
export async function readCalls(file: string | undefined): Promise<Calls> {
  const result = parseCallRecords(await readText(file ?? SAMPLE_CALLS))
  if (!result.ok) throw new InputProblem(`${file ?? 'calls.csv'}: ${result.detail}`)
  if (result.records.length === 0)
    throw new InputProblem(`${file ?? 'calls.csv'}: not one line is a call record`)
  const span = describeLongSpan(result.records)
  if (span) throw new InputProblem(`${file ?? 'calls.csv'}: ${span}`)
  return { ...result, file: file ?? 'the sample' }
}

/** A phone that lost its clock writes 1970: every hour since would be played, and nobody waits for that. */
function describeLongSpan(records: Calls['records']): string | undefined {
  const ordered = records.toSorted((one, other) => (one.startedAt < other.startedAt ? -1 : 1))
  const [first, last] = [ordered[0]!, ordered.at(-1)!]
  const months = countMonths(first.startedAt, last.startedAt)
  if (months <= MOST_MONTHS) return undefined
  const named = ({ line, startedAt }: CallRecord) => `line ${line} is of ${startedAt.slice(0, 10)}`
  return `${named(first)} and ${named(last)}: ${months} months, of which at most ${MOST_MONTHS} are played. Take out the lines whose clock was wrong, or play the file in parts.`
}

function countMonths(first: string, last: string): number {
  const monthOf = (instant: string) => Number(instant.slice(0, 4)) * 12 + Number(instant.slice(5, 7))
  return monthOf(last) - monthOf(first) + 1
}

async function readText(file: string | URL): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new InputProblem(`${file} cannot be read: ${(error as Error).message}`)
  }
}

/** Shares the calls among the accounts by caller, always the same way, and makes usage events of them. */
export function eventsOfCalls(calls: Calls, accounts: readonly OpenedAccount[]) {
  return toUsageEvents(calls.records, {
    source: 'sample-exchange',
    accountOf: ({ caller }) => accounts[spread(caller, accounts.length)]?.accountId,
  })
}

/** A whole number below `count` that depends on the text alone. */
function spread(text: string, count: number): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) % count
}

export type { CallUsageEvent }
