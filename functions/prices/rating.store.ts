import { findInForce, findPrice } from './find-price.ts'
import { createPriceStore } from './price.store.ts'
import type { PriceFinder, PriceSource } from './price-source.ts'
import { createRateDeckStore, type RateDeckStoreOptions, type StoredRateDeck } from './rate-deck.store.ts'
import type { RateDeckVersion } from './rate-usage.ts'

/**
 * Finds prices with the decks that they name. Make one when the Lambda starts: it keeps the rates of decks in memory,
 * which never change. What versions there are is read anew: a price is in force for the next event after it was set.
 */
export function createRatingStore(options: RateDeckStoreOptions): PriceSource {
  const prices = createPriceStore(options)
  const decks = createRateDeckStore(options)

  /**
   * Finds the price in force, or undefined when the service has none, for one piece of work such as a batch of events: every
   * list of versions is read once (strongly consistent), however many of its events ask. Not to be kept for the next piece.
   */
  function open(): PriceFinder {
    const priceVersions = readOnce((service) => prices.listVersions(service))
    const deckVersions = readOnce((deck) => decks.listVersions(deck))
    return {
      async priceFor({ service, currency, clientType, at }) {
        const price = findPrice(await priceVersions(service), { currency, clientType, at })
        if (!price) return undefined
        if (price.model.kind !== 'rate_deck') return { price }
        const stored = findInForce(await deckVersions(price.model.deck), currency, at)
        return stored ? { price, deck: await withRates(stored) } : { price }
      },
    }
  }

  async function withRates(stored: StoredRateDeck): Promise<RateDeckVersion> {
    const { deck, version, currency, effectiveFrom } = stored
    return { deck, version, currency, effectiveFrom, rates: await decks.readRates(stored) }
  }

  return { open }
}

function readOnce<Value>(read: (name: string) => Promise<Value>): (name: string) => Promise<Value> {
  const values = new Map<string, Promise<Value>>()
  return (name) => {
    const value = values.get(name) ?? read(name)
    values.set(name, value)
    return value
  }
}
