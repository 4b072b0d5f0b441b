import type { PriceVersion } from '../prices/price.ts'
import type { FoundPrice } from '../prices/price-source.ts'
import { buildRateDeck, type Direction, type Rate } from '../prices/rate-deck.ts'
import { rateUsage, type Usage, type UsageRating } from '../prices/rate-usage.ts'

/** A price as it was when a session began, with the one rate of its deck that the session's destination has. */
export type FrozenPrice = {
  price: PriceVersion
  deck?: { deck: string; version: number; currency: string; effectiveFrom: string; rate: Rate }
}

/** Keeps of a price what this use needs of it; a deck's other rates, hundreds of thousands at times, stay behind. */
export function freezePrice(
  { price, deck }: FoundPrice,
  found?: { prefix: string; direction: Direction },
): FrozenPrice {
  if (!deck || !found) return { price }
  const rate = deck.rates.index[found.direction].get(found.prefix)
  if (!rate) throw new Error(`deck ${deck.deck} has no rate for ${found.prefix}`)
  const { rates, ...named } = deck
  return { price, deck: { ...named, rate } }
}

/** What a use costs by a frozen price: the same as by the price itself. */
export function rateFrozen(frozen: FrozenPrice, usage: Usage, alreadyUsedQuantity: bigint): UsageRating {
  return rateUsage({ ...thawPrice(frozen), usage, alreadyUsedQuantity })
}

/** The price as rating takes it. */
export function thawPrice({ price, deck }: FrozenPrice): FoundPrice {
  if (!deck) return { price }
  const { rate, ...named } = deck
  return { price, deck: { ...named, rates: buildRateDeck([rate]) } }
}
