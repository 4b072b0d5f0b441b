import fc from 'fast-check'
import { eventOf } from '../../support/request.ts'
import type { InvocationSpec } from '../invocation.ts'
import { CALLS, type PriceTerms, type PriceWish } from '../price-books.ts'
import { readAnswer } from '../request.ts'
import { require } from '../require.ts'
import type { World } from '../world.ts'
import { type CallKind, sendAgain, staffClaims } from './call.ts'

const HOUR_MILLISECONDS = 3_600_000
/** Longer than any write is on its way: what happens from then on finds the price. */
const LEAST_HOURS_AHEAD = 3

type Choice = { service: string; terms: PriceTerms; isForHosted: boolean; hoursAhead: number }

/** Staff publish a price that begins later; what happens before that costs what it did, whenever it arrives. */
export const publishPrice: CallKind<Choice> = {
  choices: fc.record({
    service: fc.constantFrom('sms', 'fax', 'free'),
    terms: fc.constantFrom<PriceTerms>(
      '0.25',
      '1.1',
      '0',
      [
        [4, '0.9'],
        [null, '0.1'],
      ],
      [
        [2, '0'],
        [7, '0.333333'],
        [null, '1.5'],
      ],
    ),
    isForHosted: fc.nat(3).map((one) => one === 0),
    hoursAhead: fc.integer({ min: LEAST_HOURS_AHEAD, max: 48 }),
  }),
  prepare(world, { service, terms, isForHosted, hoursAhead }) {
    let wish: PriceWish | undefined
    return sendAgain(world, () => {
      // A price that was never written must not begin in the past.
      if (!wish || !world.prices.isWritten(wish)) {
        const effectiveFrom = new Date(world.nowMilliseconds + hoursAhead * HOUR_MILLISECONDS).toISOString()
        wish = world.prices.ask({
          service,
          terms,
          effectiveFrom,
          ...(isForHosted && { clientType: 'hosted' }),
        })
      }
      return putPrice(world, wish)
    })
  },
}

/** Sets a price as staff do. */
export function putPrice(world: World, wish: PriceWish): InvocationSpec {
  const { service, effectiveFrom, clientType, terms } = wish
  const label = `price of ${service} from ${effectiveFrom}`
  return {
    label,
    handler: 'prices/prices',
    event: () =>
      eventOf({
        route: 'PUT /v1/prices/{service}',
        path: { service },
        claims: staffClaims,
        body: { currency: 'USD', effectiveFrom, clientType, model: modelOf(terms) },
      }),
    end: (outcome) => {
      const answer = readAnswer(label, outcome)
      if (answer.kind === 'unknown') return undefined
      require(answer.kind === 'done', () => `${label}: is refused`)
      require(world.prices.isWritten(wish), () => `${label}: is answered as done and is not there`)
      return undefined
    },
  }
}

function modelOf(terms: PriceTerms) {
  if (terms === 'calls') return CALLS
  if (typeof terms === 'string') return { kind: 'per_unit', unitAmount: terms }
  return { kind: 'per_unit', tiers: terms.map(([upTo, unitAmount]) => ({ upTo, unitAmount })) }
}
