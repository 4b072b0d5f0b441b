import { normalizeDestination } from './normalize-destination.ts'
import type { PriceVersion } from './price.ts'
import { type Direction, findRate, type RateDeck } from './rate-deck.ts'

type Written = { createdAt: string; createdBy: string }
type DeckVersion = Written & {
  deck: string
  version: number
  currency: string
  effectiveFrom: string
  rateCount: number
}

/** A price as the API shows it. */
export function presentPrice(price: PriceVersion & Written) {
  const { service, version, currency, clientType, effectiveFrom, model, createdAt, createdBy } = price
  return { service, version, currency, clientType, effectiveFrom, model, createdAt, createdBy }
}

/** A deck's version as the API shows it: without its rates, and without where they are kept. */
export function presentRateDeck({
  deck,
  version,
  currency,
  effectiveFrom,
  rateCount,
  createdAt,
  createdBy,
}: DeckVersion) {
  return { deck, version, currency, effectiveFrom, rateCount, createdAt, createdBy }
}

/** The rate that a destination has in a deck; undefined when it holds no number or no prefix matches. */
export function presentRate(rates: RateDeck, destination: string, direction: Direction) {
  const digits = normalizeDestination(destination)
  const rate = digits === undefined ? undefined : findRate(rates, digits, direction)
  return rate && { destination: digits, ...rate }
}

/** Marks which versions apply now, newest first: in each lane (currency, client type) the one in force, and no other. */
export function markInForce<Version extends { version: number }>(
  versions: readonly Version[],
  laneOf: (version: Version) => string,
  inForce: (lane: Version[]) => Version | undefined,
): (Version & { inForce: boolean })[] {
  const applying = new Set([...Map.groupBy(versions, laneOf).values()].map((lane) => inForce(lane)))
  return [...versions]
    .sort((one, other) => other.version - one.version)
    .map((version) => ({ ...version, inForce: applying.has(version) }))
}
