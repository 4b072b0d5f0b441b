import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startLocalStack } from '../local/stack.ts'
import { describeMonth, type Month, printMonth } from './month/describe-month.ts'
import { playMonth } from './month/play-month.ts'
import { type Calls, eventsOfCalls, InputProblem, readCalls, readRates } from './month/read-inputs.ts'
import { reviewMonth } from './month/review-month.ts'
import { machineOf } from './month/stack-machine.ts'
import { beginningOf, monthOf } from './month/timeline.ts'

const HELP = `Plays a prepaid month on a system of its own that is gone afterwards: accounts of all three client types, terms,
top-ups, a rate deck, call records, the warning five days before the first and the first itself. Prints a statement per
account and checks every invariant; exits with 1 if one does not hold.

  npm run month
  npm run month -- --cdr Master.csv --rates rates.csv
  npm run --silent month -- --json > month.json

  --cdr FILE     call records: Master.csv of Asterisk or FreeSWITCH, recognised by its columns (default: the sample)
  --rates FILE   a rate deck as Kazoo's CSV (default: the sample)
  --json         the statement as data: accounts, entries, totals, e-mails sent, invariants checked
  --help         this text

The calls are shared among the three accounts by their callers. Each month that they touch is played.
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      cdr: { type: 'string' },
      rates: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const calls = await readCalls(values.cdr)
  const rateDeckCsv = await readRates(values.rates)
  const month = await play(calls, rateDeckCsv, (line) => console.error(`· ${line}`))
  console.log(values.json ? JSON.stringify(month, undefined, 2) : printMonth(month))
  return month.invariants.every(({ holds }) => holds) ? 0 : 1
}

async function play(calls: Calls, rateDeckCsv: string, log: (line: string) => void): Promise<Month> {
  const instants = calls.records.map(({ startedAt }) => startedAt)
  const begins = beginningOf(instants)
  const folder = await mkdtemp(join(tmpdir(), 'drawdown-month-'))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => leave(folder))
  try {
    log('starting a system of its own')
    await using stack = await startStack(folder, begins, log)
    const played = await playMonth({
      machine: machineOf(stack),
      rateDeckCsv,
      effectiveFrom: monthOf(begins),
      termsVersion: monthOf(begins).slice(0, 10),
      instants,
      eventsOf: (accounts) => eventsOfCalls(calls, accounts).events,
      log,
    })
    log('everything is sent a second time, and the books are checked')
    const review = await reviewMonth(stack, played)
    return describeMonth(calls, eventsOfCalls(calls, played.accounts).setAside, played, review)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Stopped from outside: the system that would be gone afterwards is gone now. The database ends with this process. */
function leave(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  process.exit(130)
}

async function startStack(folder: string, startAt: Date, log: (line: string) => void) {
  const stack = await startLocalStack({ folder, port: 0, startAt, quiet: true, log })
  return { ...stack, [Symbol.asyncDispose]: () => stack.close() }
}

try {
  process.exitCode = await main()
} catch (error) {
  const isNotUnderstood = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
  console.error(isNotUnderstood || error instanceof InputProblem ? (error as Error).message : error)
  if (isNotUnderstood) console.error('"npm run month -- --help" says what there is.')
  process.exitCode = 2
}
