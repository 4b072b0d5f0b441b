import { randomUUID } from 'node:crypto'
import { chargeRoutes } from '../functions/charges/charges.routes.ts'
import type { CallMaker } from './calls.ts'
import type { Capacity } from './capacity-meter.ts'
import { median, type Tell } from './figure.ts'
import type { Handlers } from './handlers.ts'
import { send } from './invoke.ts'
import type { Machine } from './machine.ts'
import { openAccount } from './operator.ts'

const CHARGES = 20

/** What one call costs the database that is rated and deducted while its caller waits. */
export async function measureChargeCapacity(
  machine: Machine,
  handlers: Handlers,
  calls: CallMaker,
  tell: Tell,
) {
  const accountId = await openAccount(handlers)
  const charges: Capacity[] = []
  for (const { type, time, data } of calls.nextBatch(accountId, 'urn:switch:berlin-1', false, CHARGES + 1)) {
    const { seconds, ...attributes } = data
    const request = {
      route: chargeRoutes.chargeNow,
      params: { accountId },
      idempotencyKey: randomUUID(),
      body: { service: type, time, seconds, attributes },
    }
    charges.push(await machine.meter.measure(() => send(handlers.chargeNow, request)))
  }
  const [first, ...following] = charges
  const written = charges.map(({ writeUnits }) => writeUnits)
  tell({
    name: 'write units per synchronous charge',
    value: Math.max(...written),
    unit: 'write units per charge',
    goal: { atMost: 6 },
    how: `A call rated by a deck, with its explanation, through charge-now: HEAD, entry and idempotency key. The most that any of ${charges.length} charges took (the least: ${Math.min(...written)}). Reads besides: ${median(following.map(({ readUnits }) => readUnits))} units, ${first!.readUnits} for the first of a process.`,
  })
}
