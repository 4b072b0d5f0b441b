import { eventOf } from '../support/request.ts'
import { staffClaims } from './calls/call.ts'
import { putPlan } from './calls/plans.ts'
import { putPrice } from './calls/prices.ts'
import { type Call, prepareCall } from './calls.ts'
import type { InvocationSpec } from './invocation.ts'
import type { ZONES } from './plan-books.ts'
import { readAnswer } from './request.ts'
import { require } from './require.ts'
import { PRICES } from './usage-books.ts'
import type { World } from './world.ts'

/** HEAD carries eight lots. */
const FIRST_CREDITS = 9
const LONG_AGO = '2026-01-01T00:00:00.000Z'
const NO_FAULTS = { seed: 1, faultPercent: 0 }

/** Prices and a plan, set as staff set them. */
export async function setCatalogue(world: World): Promise<void> {
  const prices = Object.entries(PRICES).map(([service, terms]) =>
    putPrice(world, world.prices.ask({ service, terms, effectiveFrom: LONG_AGO })),
  )
  const plan = putPlan(world)
  for (const spec of [...prices, plan]) await world.step(() => [spec], NO_FAULTS)
}

/**
 * Accounts through the API, one in each zone. The first one has a plan from the beginning, and so many small credits that not all of
 * their lots fit into HEAD.
 */
export async function openAccounts(world: World, zones: typeof ZONES): Promise<void> {
  for (const [index, zone] of zones.entries()) {
    const label = `open an account in ${zone.timeZone}`
    const spec: InvocationSpec = {
      label,
      handler: 'accounts/accounts',
      event: () =>
        eventOf({
          route: 'POST /v1/accounts',
          headers: { 'idempotency-key': `open-${index}` },
          claims: staffClaims,
          body: {
            name: `Example ${index}`,
            clientType: 'hosted',
            currency: 'USD',
            timeZone: zone.timeZone,
            ownerEmail: `owner${index}@example.com`,
          },
        }),
      end: (outcome) => {
        const answer = readAnswer(label, outcome)
        require(answer.kind === 'done', () => `${label}: ${JSON.stringify(answer)}`)
        world.addAccount(answer.body.accountId as string, zone)
        return undefined
      },
    }
    await world.step(() => [spec], NO_FAULTS)
  }
  await call(world, { kind: 'choosePlan', choice: { account: 0, wanted: { seat: 1, number: 2 } } })
  for (let cents = 40; cents < 40 + FIRST_CREDITS; cents++)
    await call(world, { kind: 'credit', choice: { account: 0, cents, kind: 'migration' } })
}

const call = (world: World, call: Call) => world.step(() => [prepareCall(world, call)!], NO_FAULTS)
