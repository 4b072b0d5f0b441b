import { DUE_SHARDS } from '../functions/plans/plan-keys.ts'
import { createRunStore } from '../functions/runs/run.store.ts'
import { progressOf } from '../functions/runs/run-progress.ts'
import { createScanStore } from '../functions/runs/scan.store.ts'
import { createSegmentStore } from '../functions/runs/segment.store.ts'
import { MEMORY_MEGABYTES_PER_CORE, PRICES_AS_OF, USD_PER } from './aws-prices.ts'
import type { MeteredTransaction } from './capacity-meter.ts'
import type { Tell } from './figure.ts'
import { type Handlers, loadHandlers } from './handlers.ts'
import { invokeBatch, queueEvent } from './invoke.ts'
import type { Machine } from './machine.ts'
import { duePeriod, setUpDueAccounts } from './run-accounts.ts'
import {
  bounds,
  LIMITS,
  minutesOf,
  minutesOnNewTables,
  type RunMeasured,
  workerMillisecondsPerAccount,
} from './run-limits.ts'
import { largestEntryBytes, unitsByItem } from './run-units.ts'

/** Metered by themselves: the meter takes time of its own. A checkpoint's worth for each shard, as in a run over many. */
const METERED_ACCOUNTS = 1600
const MILLION = 1_000_000
/** What no other way of keeping months would save: HEAD, the entry, and telling of it. */
const FLOOR_USD = MILLION * (4 * USD_PER.writeUnit + USD_PER.busEvent)
/** Beside HEAD and the entry: the permanent key, the month's document, what is due, and its two entries in the index. */
const EXTRA_ITEMS = 4

/** Measures the charge of a month: so many accounts, from the hourly look to the closing scan, through the functions that deploy. */
export async function measureRun(machine: Machine, accounts: number, tell: Tell): Promise<void> {
  const units = await measureUnits(machine)
  // The meter takes time of its own: from here on the functions speak to the database itself.
  const handlers = await loadHandlers(machine.database.endpoint)
  console.error(`· setting up ${accounts} accounts`)
  await setUpDueAccounts(machine.database, METERED_ACCOUNTS, accounts)
  const finding = await spend(() => fire(handlers))
  const charging = await spend(() => workOff(machine, 'segment', handlers.chargeSegment))
  await requireAllCharged(machine, METERED_ACCOUNTS + accounts)
  await fire(handlers)
  const scanning = await spend(() => workOff(machine, 'scan', handlers.scanRun))
  await requireClosed(machine, METERED_ACCOUNTS + accounts)
  const seconds = ({ milliseconds }: Spent) => (milliseconds / 1000).toFixed(1)
  const measured: RunMeasured = {
    processorMillisecondsPerAccount: charging.processorMilliseconds / accounts,
    foundPerSecond: (accounts * 1000) / finding.processorMilliseconds,
    callsPerAccount: units.calls,
    ledgerUnitsPerAccount: units.items.HEAD + units.items.entry + units.items.key,
    documentUnitsPerAccount: units.items.period + units.items.due + units.items.other,
    indexUnitsPerAccount: units.items.index,
  }
  tell({
    name: 'accounts per second, charged by one worker',
    value: (accounts * 1000) / charging.milliseconds,
    unit: 'accounts per second',
    how: `${accounts} accounts with a plan of three lines, through find-due and charge-segment, one segment after another, in ${seconds(charging)} s; the database, and whatever else runs here, takes its part of the same processors. Each account took ${measured.processorMillisecondsPerAccount.toFixed(1)} ms of the worker’s own. Before that find-due wrote the segments in ${seconds(finding)} s; after it the closing scan looked over ${METERED_ACCOUNTS + accounts} accounts in ${seconds(scanning)} s and found nothing.`,
  })
  const byItem = Object.entries(units.items)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count.toFixed(2)}`)
    .join(', ')
  tell({
    name: 'write units per account',
    value: units.written,
    unit: 'write units',
    goal: { atMost: 4 + 2 * EXTRA_ITEMS + 0.2 },
    how: `Of ${METERED_ACCOUNTS} accounts, by the database’s own figures, all writes of find-due and charge-segment together. In the charge’s transaction: ${byItem}. The goal is 4 for HEAD and the entry, and 2 for each of ${EXTRA_ITEMS} more: the permanent key, the month’s document, what is due, and its place in the index, which is left and taken anew. An item of more than 1024 bytes counts twice as much; the largest entry here has ${units.largestEntryBytes}. The rest, ${(units.written - units.inTransactions).toFixed(3)}, are segments and their checkpoints. Reads besides: ${units.read.toFixed(1)} units in ${units.calls.toFixed(1)} calls.`,
  })
  tellMinutes(measured, tell)
  tellCost(units, measured, tell)
}

type Units = {
  written: number
  inTransactions: number
  read: number
  calls: number
  largestEntryBytes: number
  items: ReturnType<typeof unitsByItem>
}

async function measureUnits(machine: Machine): Promise<Units> {
  const handlers = await loadHandlers(machine.meter.url)
  await setUpDueAccounts(machine.database, 0, METERED_ACCOUNTS)
  const transactions: MeteredTransaction[] = []
  const { writeUnits, readUnits, calls } = await machine.meter.measure(
    async () => {
      await fire(handlers)
      await workOff(machine, 'segment', handlers.chargeSegment)
    },
    (transaction) => transactions.push(transaction),
  )
  const each = (count: number) => count / METERED_ACCOUNTS
  const sums = unitsByItem(transactions, machine.database.ledgerTable)
  const items = Object.fromEntries(
    Object.entries(sums).map(([name, count]) => [name, each(count)]),
  ) as Units['items']
  const inTransactions = Object.values(items).reduce((sum, count) => sum + count, 0)
  return {
    ...{ written: each(writeUnits), inTransactions, read: each(readUnits), calls: each(calls), items },
    largestEntryBytes: largestEntryBytes(transactions),
  }
}

function tellMinutes(measured: RunMeasured, tell: Tell): void {
  const bounded = bounds(measured)
  const [narrowest] = Object.entries(bounded).toSorted(([, one], [, other]) => one - other)[0]!
  const all = Object.entries(bounded)
    .map(([name, perSecond]) => `${name} ${Math.round(perSecond)}`)
    .join(', ')
  for (const { accounts, goal } of [
    { accounts: MILLION, goal: 15 },
    { accounts: 10 * MILLION, goal: 45 },
  ])
    tell({
      name: `minutes for ${accounts} accounts on AWS, reckoned`,
      value: minutesOf(accounts, measured),
      unit: 'minutes',
      goal: { atMost: goal },
      how: `Reckoned, not measured: all in one time zone, what find-due takes of its processor, then the least of these accounts a second: ${all}. It is ${narrowest}. ${LIMITS.segmentsAtOnce} segments at once; limits and their pages in bench/run-limits.ts. On new tables that nobody has warmed ${Math.round(minutesOnNewTables(accounts, measured))} minutes.`,
    })
}

function tellCost(units: Units, measured: RunMeasured, tell: Tell): void {
  const workerSeconds = workerMillisecondsPerAccount(measured) / 1000
  const gigabyteSeconds = (workerSeconds * MEMORY_MEGABYTES_PER_CORE) / 1024
  const parts = {
    'write units': units.written * USD_PER.writeUnit,
    'read units': units.read * USD_PER.readUnit,
    Lambda: gigabyteSeconds * USD_PER.lambdaGigabyteSecond,
    'bus event': USD_PER.busEvent,
  }
  const breakdown = Object.entries(parts)
    .map(([name, usd]) => `${name} $${(usd * MILLION).toFixed(2)}`)
    .join(', ')
  tell({
    name: 'AWS cost of charging 1000000 accounts, before e-mail',
    value: Object.values(parts).reduce((sum, usd) => sum + usd, 0) * MILLION,
    unit: 'USD',
    goal: { atMost: 3 },
    how: `${breakdown}. List prices of ${PRICES_AS_OF}, on demand; a worker’s time is its processor’s on this machine, or what it waits for calls, whichever is more. Queues and logs of segments are some cents. Without what follows an event: receipts, checks for low credit and of automatic top-up; and without the closing scan. 3 dollars are 4.8 write units and nothing else: HEAD and the entry, with the event of the charge, are $${FLOOR_USD.toFixed(2)} already, see bench/README.md.`,
  })
}

async function fire(handlers: Handlers): Promise<void> {
  await handlers.findDue({} as never, {} as never)
}

/** Hands over all messages of a queue, one at a time, as Lambda does for it. */
async function workOff(machine: Machine, queue: string, handler: Handlers[keyof Handlers]): Promise<void> {
  for (let received = machine.receive(queue, 1); received.length > 0; received = machine.receive(queue, 1))
    await invokeBatch(handler, queueEvent(received))
}

/** Time by the clock, and what of the processors this process took, whose threads are the worker's: the database has its own. */
type Spent = { milliseconds: number; processorMilliseconds: number }

async function spend(run: () => Promise<void>): Promise<Spent> {
  const begun = performance.now()
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return { milliseconds: performance.now() - begun, processorMilliseconds: (user + system) / 1000 }
}

async function requireAllCharged({ database }: Machine, accounts: number): Promise<void> {
  const segments = createSegmentStore(database)
  const shards = Array.from({ length: DUE_SHARDS }, (_, shard) => segments.list(duePeriod(), shard))
  const { counts } = progressOf((await Promise.all(shards)).flat(), new Date().toISOString())
  if (counts.charged !== accounts) throw new Error(`not all are charged: ${JSON.stringify(counts)}`)
}

async function requireClosed({ database }: Machine, accounts: number): Promise<void> {
  const [run] = await createRunStore(database).list({ limit: 1 })
  const scan = run && (await createScanStore(database).read(run.period))
  if (scan?.status !== 'done' || scan.findingCount > 0 || scan.counts.charged !== accounts)
    throw new Error(`the run does not close: ${JSON.stringify(scan?.findings)}`)
}
