import type { PriceVersion } from './price.ts'
import type { RateDeckVersion } from './rate-usage.ts'

/** What is to be rated: a service, for a client in a currency, at an instant. */
export type PriceQuery = {
  service: string
  currency: string
  clientType: string
  /** ISO instant, UTC, with milliseconds. */
  at: string
}

/** What `rateUsage` needs. A price by destination has no deck when none of its name is in force at that instant. */
export type FoundPrice = { price: PriceVersion; deck?: RateDeckVersion }

/** Where the prices of one posting come from: the versions in force at the instants that are asked for. */
export type PriceFinder = { priceFor(query: PriceQuery): Promise<FoundPrice | undefined> }

/** Opens a finder that reads every list of versions once; not to be kept for the next posting. */
export type PriceSource = { open(): PriceFinder }
