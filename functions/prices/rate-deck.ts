import { z } from 'zod'
import { amountSchema } from '../ledger/money.ts'

export type Direction = 'inbound' | 'outbound'

const secondsSchema = z.int().min(0).max(86_400)

const rateSchema = z.strictObject({
  prefix: z.string().regex(/^\d{1,20}$/),
  /** Absent: calls of both directions. */
  direction: z.enum(['inbound', 'outbound']).optional(),
  perMinute: amountSchema,
  connectionFee: amountSchema,
  minimumSeconds: secondsSchema,
  incrementSeconds: secondsSchema.min(1),
  freeSeconds: secondsSchema,
  name: z.string().optional(),
  isoCountryCode: z.string().optional(),
  description: z.string().optional(),
})

/** What calls to the numbers that begin with a prefix cost. */
export type Rate = z.output<typeof rateSchema>

/** Immutable once made; the index is what `findRate` reads. */
export type RateDeck = {
  readonly rates: readonly Rate[]
  readonly index: Readonly<Record<Direction, ReadonlyMap<string, Rate>>>
  readonly longestPrefix: number
}

/** A deck of the given rates, of which no two may answer for the same prefix and direction (throws). */
export function buildRateDeck(rates: readonly Rate[]): RateDeck {
  const index = { inbound: new Map<string, Rate>(), outbound: new Map<string, Rate>() }
  let longestPrefix = 0
  for (const rate of rates) {
    longestPrefix = Math.max(longestPrefix, rate.prefix.length)
    for (const direction of directionsOf(rate)) {
      if (index[direction].has(rate.prefix))
        throw new Error(`two ${direction} rates for prefix ${rate.prefix}`)
      index[direction].set(rate.prefix, rate)
    }
  }
  return { rates, index, longestPrefix }
}

export function directionsOf(rate: { direction?: Direction }): readonly Direction[] {
  return rate.direction ? [rate.direction] : ['inbound', 'outbound']
}

/**
 * The rate with the longest prefix that the destination begins with, or undefined. The destination is digits, as
 * `normalizeDestination` leaves them; one look-up per digit of the longest prefix, however large the deck.
 */
export function findRate(deck: RateDeck, digits: string, direction: Direction): Rate | undefined {
  const rates = deck.index[direction]
  for (let length = Math.min(digits.length, deck.longestPrefix); length > 0; length--) {
    const rate = rates.get(digits.slice(0, length))
    if (rate) return rate
  }
  return undefined
}

/** The deck as JSON text, the same for the same rates in the same order. */
export function writeRateDeck(deck: RateDeck): string {
  return JSON.stringify({ rates: deck.rates })
}

/** Reads what `writeRateDeck` wrote; throws on anything else. */
export function readRateDeck(text: string): RateDeck {
  return buildRateDeck(z.strictObject({ rates: z.array(rateSchema) }).parse(JSON.parse(text)).rates)
}
