import { createLedger } from '../functions/ledger/ledger.store.ts'
import { EVENT_BATCH } from '../functions/usage/usage.api.ts'
import { usageRoutes } from '../functions/usage/usage.routes.ts'
import type { CallMaker } from './calls.ts'
import { median, type Tell } from './figure.ts'
import type { Handlers } from './handlers.ts'
import { invokeBatch, queueEvent, send } from './invoke.ts'
import type { Machine } from './machine.ts'
import { openAccount } from './operator.ts'

const ROUNDS = 7
const WARM_UP_ROUNDS = 2
const DELIVERIES_PER_ROUND = 12
const MESSAGES_PER_DELIVERY = 10
const EVENTS_PER_MESSAGE = 100
const EVENTS_PER_ROUND = DELIVERIES_PER_ROUND * MESSAGES_PER_DELIVERY * EVENTS_PER_MESSAGE
const SOURCE = 'urn:switch:berlin-1'

/** How fast the function behind the usage queue works off one account's numbered calls, as Lambda would hand them over. */
export async function measureUsageSpeed(machine: Machine, handlers: Handlers, calls: CallMaker, tell: Tell) {
  const accountId = await openAccount(handlers)
  const ledger = createLedger(machine.database)
  const entriesSoFar = async () => (await ledger.readHead(accountId))!.sequence
  const before = await entriesSoFar()
  const rounds: number[] = []
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    const deliveries = await prepareDeliveries(machine, handlers, calls, accountId)
    const begun = performance.now()
    for (const delivery of deliveries) await invokeBatch(handlers.deductUsage, delivery)
    if (round >= WARM_UP_ROUNDS) rounds.push((EVENTS_PER_ROUND * 1000) / (performance.now() - begun))
  }
  const entries = Number((await entriesSoFar()) - before)
  const eventsPerEntry = (EVENTS_PER_ROUND * (WARM_UP_ROUNDS + ROUNDS)) / entries
  const eventsPerSecond = median(rounds)
  tell({
    name: 'events per second, one account, numbered, batch of 100',
    value: eventsPerSecond,
    unit: 'events per second',
    goal: { atLeast: 30_000 },
    how: `The function behind the usage queue, given ${MESSAGES_PER_DELIVERY} messages of ${EVENTS_PER_MESSAGE} calls of one account at a time, from the delivery to its answer: parsed, rated, posted. Median of ${ROUNDS} rounds of ${EVENTS_PER_ROUND} events (${Math.round(Math.min(...rounds))} to ${Math.round(Math.max(...rounds))}); ${Math.round(eventsPerEntry)} events end in one posting, so ${Math.round(eventsPerSecond / eventsPerEntry)} postings a second.`,
  })
}

/** Sends requests of 100 calls, and gathers what they queued as Lambda would receive it. */
async function prepareDeliveries(
  machine: Machine,
  handlers: Handlers,
  calls: CallMaker,
  accountId: string,
): Promise<object[]> {
  const deliveries: object[] = []
  for (let delivery = 0; delivery < DELIVERIES_PER_ROUND; delivery++) {
    for (let message = 0; message < MESSAGES_PER_DELIVERY; message++) {
      const body = calls.nextBatch(accountId, SOURCE, true, EVENTS_PER_MESSAGE)
      await send(handlers.takeUsage, { route: usageRoutes.takeUsage, contentType: EVENT_BATCH, body })
    }
    for (let received = machine.receiveUsage(); received.length > 0; received = machine.receiveUsage())
      deliveries.push(queueEvent(received))
  }
  return deliveries
}
