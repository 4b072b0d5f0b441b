import type { PriceVersion } from '../prices/price.ts'
import type { RateDeckVersion } from '../prices/rate-usage.ts'

export type PriceQuery = {
  service: string
  currency: string
  clientType: string
  /** ISO instant, UTC, with milliseconds. */
  at: string
}

export type FoundPrice = { price: PriceVersion; deck?: RateDeckVersion }

/** Where the prices of one posting come from: the versions in force at the instants that are asked for. */
export type PriceFinder = { priceFor(query: PriceQuery): Promise<FoundPrice | undefined> }

/** Opens a finder that reads every list of versions once; not to be kept for the next posting. */
export type PriceSource = { open(): PriceFinder }
