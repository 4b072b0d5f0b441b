import {
  LOG_BYTES_PER_INVOCATION,
  MEMORY_MEGABYTES_PER_CORE,
  PRICES_AS_OF,
  type Priced,
  TRACED_PART,
  USD_PER,
} from './aws-prices.ts'
import type { CallMaker } from './calls.ts'
import type { Capacity } from './capacity-meter.ts'
import type { Tell } from './figure.ts'
import type { Handlers } from './handlers.ts'
import type { Machine } from './machine.ts'
import { openAccount } from './operator.ts'
import { followUsage, type UsageFlow } from './usage-flow.ts'

const MILLION = 1_000_000
const WARM_UP_REQUESTS = 3
const METERED_REQUESTS = 5

/** As lib/constructs gives it to each function. */
export const MEMORY_MEGABYTES = {
  takeUsage: 512,
  deductUsage: 1024,
  publishEntries: 512,
  alertLowCredit: 512,
}

const CASES = [
  { eventsPerRequest: 1000, requests: 15, goal: { atMost: 0.1 } },
  { eventsPerRequest: 100, requests: 40, goal: undefined },
]

export type MeasuredUsage = {
  eventsPerRequest: number
  capacity: Capacity
  events: number
}

/** What the database consumes, measured through the meter: units alone, since the meter takes time of its own. */
export async function measureUsageUnits(
  machine: Machine,
  metered: Handlers,
  calls: CallMaker,
): Promise<MeasuredUsage[]> {
  const measured: MeasuredUsage[] = []
  for (const { eventsPerRequest } of CASES) {
    const accountId = await openAccount(metered)
    const follow = (requests: number) =>
      followUsage(machine, metered, calls, { accountId, requests, eventsPerRequest })
    await follow(WARM_UP_REQUESTS)
    let events = 0
    const capacity = await machine.meter.measure(async () => {
      events = (await follow(METERED_REQUESTS)).events
    })
    measured.push({ eventsPerRequest, capacity, events })
  }
  return measured
}

/** The AWS bill of a million numbered events of one account: metered units and measured time, times list prices. */
export async function measureMillionCost(
  machine: Machine,
  handlers: Handlers,
  calls: CallMaker,
  units: readonly MeasuredUsage[],
  tell: Tell,
) {
  for (const { eventsPerRequest, requests, goal } of CASES) {
    const { capacity, events } = units.find((each) => each.eventsPerRequest === eventsPerRequest)!
    const accountId = await openAccount(handlers)
    const follow = (count: number) =>
      followUsage(machine, handlers, calls, { accountId, requests: count, eventsPerRequest })
    await follow(WARM_UP_REQUESTS)
    const flow = await follow(requests)
    const counts = countPriced(flow, {
      writeUnit: (capacity.writeUnits / events) * flow.events,
      readUnit: (capacity.readUnits / events) * flow.events,
    })
    const lines = Object.entries(counts)
      .map(([name, count]) => {
        const perMillion = (count * MILLION) / flow.events
        return { name, perMillion, usd: perMillion * USD_PER[name as Priced] }
      })
      .sort((left, right) => right.usd - left.usd)
    const breakdown = lines
      .map(({ name, perMillion, usd }) => `${name} $${usd.toFixed(4)} (${Math.round(perMillion)})`)
      .join(', ')
    const each = (Object.keys(MEMORY_MEGABYTES) as (keyof typeof MEMORY_MEGABYTES)[])
      .map((name) => `${name} ${(flow.milliseconds[name] / flow.invocations[name]).toFixed(1)}`)
      .join(', ')
    tell({
      name: `AWS cost of 1000000 events, numbered, ${eventsPerRequest} a request`,
      value: lines.reduce((sum, { usd }) => sum + usd, 0),
      unit: 'USD',
      goal,
      how: `${breakdown}. List prices of ${PRICES_AS_OF}, times what ${flow.events} events took: HTTP request, queue, deduction, stream, bus event and the check for low credit, each entry by itself. ${flow.entries} entries. Milliseconds per invocation on this machine, billed as if a smaller function were that much slower: ${each}.`,
    })
  }
}

function countPriced(
  flow: UsageFlow,
  units: { writeUnit: number; readUnit: number },
): Record<Priced, number> {
  const invocations = Object.values(flow.invocations).reduce((sum, count) => sum + count, 0)
  return {
    ...units,
    httpRequest: flow.httpRequests,
    byteOut: flow.responseBytes,
    fifoQueueRequest: flow.fifoQueueRequests,
    // The check for low credit is sent, received and deleted.
    queueRequest: 3 * flow.invocations.alertLowCredit,
    lambdaRequest: invocations,
    lambdaGigabyteSecond: gigabyteSeconds(flow),
    busEvent: flow.busEvents,
    logByte: invocations * LOG_BYTES_PER_INVOCATION,
    trace: invocations * TRACED_PART,
  }
}

/** This machine's milliseconds stand in for those of a whole core of Lambda's; a function with less memory has less of a core. */
function gigabyteSeconds({ milliseconds }: UsageFlow): number {
  return Object.entries(MEMORY_MEGABYTES).reduce((sum, [name, memoryMegabytes]) => {
    const slower = Math.max(1, MEMORY_MEGABYTES_PER_CORE / memoryMegabytes)
    const seconds = (milliseconds[name as keyof typeof MEMORY_MEGABYTES] * slower) / 1000
    return sum + (seconds * memoryMegabytes) / 1024
  }, 0)
}
