import type { Usage, UsageRating } from '../prices/rate-usage.ts'
import { type FrozenPrice, rateFrozen } from './frozen-price.ts'
import type { HoldUnit, MeteredUse } from './hold.ts'

type Rated = Extract<UsageRating, { ok: true }>
type Metered = Pick<MeteredUse, 'unit' | 'attributes' | 'price' | 'alreadyUsed'>

/** What a session costs that has used so much since it began. Throws where it cannot be rated: when it began it could. */
export function rateSession({ unit, attributes, price, alreadyUsed }: Metered, used: bigint): Rated {
  const rating = rateFrozen(price, usageOf(unit, used, attributes), alreadyUsed)
  if (!rating.ok) throw new Error(`a session that was rated cannot be rated: ${rating.reason}`)
  return rating
}

export function usageOf(unit: HoldUnit, used: bigint, attributes: Usage['attributes']): Usage {
  return { [unit]: used, attributes }
}

/**
 * The least that is worth granting when credit does not cover all: the first interval and the minimum whole, and more than
 * the free seconds, since a longer use pays for those too.
 */
export function leastGrant({ price, deck }: FrozenPrice): bigint {
  if (deck) return largest(deck.rate.minimumSeconds, deck.rate.freeSeconds + 1)
  if (price.model.kind !== 'per_duration') return 1n
  const { firstIntervalSeconds, minimumSeconds, freeSeconds } = price.model
  return largest(firstIntervalSeconds, minimumSeconds, freeSeconds + 1)
}

const largest = (...seconds: number[]) => BigInt(Math.max(1, ...seconds))
