import { EVENT_BATCH } from '../functions/usage/usage.api.ts'
import { usageRoutes } from '../functions/usage/usage.routes.ts'
import type { CallMaker } from './calls.ts'
import type { Capacity } from './capacity-meter.ts'
import { median, type Tell } from './figure.ts'
import type { Handlers } from './handlers.ts'
import { invokeBatch, queueEvent, send } from './invoke.ts'
import type { Machine } from './machine.ts'
import { openAccount } from './operator.ts'

const BATCHES = 5

const CASES = [
  { name: 'write units per event, plain, batch of 100', isNumbered: false, count: 100, atMost: 2.2 },
  { name: 'write units per event, numbered, batch of 100', isNumbered: true, count: 100, atMost: 0.1 },
  { name: 'write units per event, numbered, batch of 1000', isNumbered: true, count: 1000, atMost: 0.06 },
]

/** What a batch of calls costs the database, from the request to the entry. */
export async function measureUsageCapacity(
  machine: Machine,
  handlers: Handlers,
  calls: CallMaker,
  tell: Tell,
) {
  for (const { name, isNumbered, count, atMost } of CASES) {
    const accountId = await openAccount(handlers)
    const source = 'urn:switch:berlin-1'
    const batches: Capacity[] = []
    for (let batch = 0; batch <= BATCHES; batch++) {
      const body = calls.nextBatch(accountId, source, isNumbered, count)
      batches.push(await machine.meter.measure(() => takeAndDeduct(machine, handlers, body)))
    }
    const [first, ...following] = batches
    const written = following.map(({ writeUnits }) => writeUnits)
    const read = median(following.map(({ readUnits }) => readUnits))
    tell({
      name,
      value: median(written) / count,
      unit: 'write units per event',
      goal: { atMost },
      how: `One request of ${count} calls with UUIDv7 ids through take-usage and deduct-usage; the units that the database says it consumed, doubled where they are in a transaction, over ${count}. Median of ${BATCHES} batches (${Math.min(...written)} to ${Math.max(...written)} units each); an account's first batch took ${first!.writeUnits}. Reads besides: ${read} units per batch, ${first!.readUnits} for the first.`,
    })
  }
}

/** Sends one request of usage and works off all that it queued. */
async function takeAndDeduct(machine: Machine, handlers: Handlers, body: unknown): Promise<void> {
  await send(handlers.takeUsage, { route: usageRoutes.takeUsage, contentType: EVENT_BATCH, body })
  for (let received = machine.receiveUsage(); received.length > 0; received = machine.receiveUsage())
    await invokeBatch(handlers.deductUsage, queueEvent(received))
}
