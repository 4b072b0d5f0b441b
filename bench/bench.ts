import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { createCallMaker } from './calls.ts'
import { measureChargeCapacity } from './charge-capacity.ts'
import { describeFigure, type Figure, figureAsData, holds, type Tell } from './figure.ts'
import { type Handlers, loadHandlers } from './handlers.ts'
import { type Machine, startMachine } from './machine.ts'
import { measureMillionCost, measureUsageUnits } from './million-cost.ts'
import { setUpCatalogue } from './operator.ts'
import { measurePostingSpeed } from './posting-speed.ts'
import { measureRun } from './run-bench.ts'
import { measureUsageCapacity } from './usage-capacity.ts'
import { measureUsageSpeed } from './usage-speed.ts'

const HELP = `Measures what usage costs and how fast it is posted: write units from the embedded database's own capacity figures,
through the real functions; speed by timing on this machine; the AWS bill from both. Exits with 1 if a goal is missed.

  npm run bench
  npm run bench -- --capacity
  npm run bench -- run --accounts 100000
  npm run --silent bench -- --json > figures.json

  run          instead: the charge of a month for so many accounts, and what that is for 1 and 10 million on AWS
  --accounts N how many (default 2000, at most 1000000); 100000 take some minutes
  --capacity   only what the database counts, which is the same on every machine
  --json       the figures as data, when all are there
  --help       this text

Takes about a minute, speaks to this machine alone, keeps nothing. DYNAMODB_ENDPOINT names a DynamoDB Local to be measured
instead of the embedded database. bench/README.md says what the figures will not tell.
`

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      accounts: { type: 'string' },
      capacity: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const accounts = readRunAccounts(positionals, values)
  const figures = await measure({ isCapacityOnly: values.capacity ?? false, accounts })
  if (values.json) console.log(JSON.stringify(figures.map(figureAsData), undefined, 2))
  else console.log(figures.map(describeFigure).join('\n'))
  return figures.every(holds) ? 0 : 1
}

/** How many accounts a run is to charge; undefined where no run is asked for. */
function readRunAccounts(
  words: readonly string[],
  { accounts, capacity }: { accounts?: string; capacity?: boolean },
): number | undefined {
  const [word, ...others] = words
  if (others.length > 0 || (word !== undefined && word !== 'run'))
    throw new ArgumentProblem(`"${others[0] ?? word}" is nothing to measure.`)
  if (word === undefined && accounts !== undefined)
    throw new ArgumentProblem('--accounts is for "npm run bench -- run".')
  if (word !== undefined && capacity) throw new ArgumentProblem('--capacity is not for a run.')
  if (word === undefined) return undefined
  const count = Number(accounts ?? '2000')
  if (!Number.isInteger(count) || count < 1 || count > 1_000_000)
    throw new ArgumentProblem('--accounts must be a whole number from 1 to 1000000.')
  return count
}

/** What the person at the terminal has to change. */
class ArgumentProblem extends Error {
  readonly code = 'ERR_PARSE_ARGS_VALUE'
}

async function measure({
  isCapacityOnly,
  accounts,
}: {
  isCapacityOnly: boolean
  accounts: number | undefined
}): Promise<Figure[]> {
  const figures: Figure[] = []
  const tell = (figure: Figure) => {
    figures.push(figure)
    console.error(`· ${figure.name}: ${figureAsData(figure).value} ${figure.unit}`)
  }
  const machine = await startMachine()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => leave(machine))
  try {
    if (accounts !== undefined) {
      await measureRun(machine, accounts, tell)
      return figures
    }
    const metered = await loadHandlers(machine.meter.url)
    await setUpCatalogue(metered)
    await measureCapacity(machine, metered, tell)
    if (!isCapacityOnly) await measureSpeed(machine, metered, tell)
  } finally {
    await machine.stop()
  }
  return figures
}

/** Stopped from outside. The database ends with this process. */
function leave({ folder }: Machine): void {
  rmSync(folder, { recursive: true, force: true })
  process.exit(130)
}

async function measureCapacity(machine: Machine, metered: Handlers, tell: Tell): Promise<void> {
  const calls = createCallMaker(1)
  await measureUsageCapacity(machine, metered, calls, tell)
  await measureChargeCapacity(machine, metered, calls, tell)
}

async function measureSpeed(machine: Machine, metered: Handlers, tell: Tell): Promise<void> {
  const calls = createCallMaker(2)
  const units = await measureUsageUnits(machine, metered, calls)
  // The meter takes time of its own: from here on the functions speak to the database itself.
  const handlers = await loadHandlers(machine.database.endpoint)
  await measureMillionCost(machine, handlers, calls, units, tell)
  await measurePostingSpeed(machine, tell)
  await measureUsageSpeed(machine, handlers, calls, tell)
}

try {
  process.exitCode = await main()
} catch (error) {
  const isNotUnderstood = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')
  console.error(isNotUnderstood ? (error as Error).message : error)
  if (isNotUnderstood) console.error('"npm run bench -- --help" says what there is.')
  process.exitCode = 2
}
