import type { Entry } from '../ledger/entry.ts'
import type { PriceVersion } from '../prices/price.ts'
import type { FoundPrice } from '../prices/price-source.ts'
import { buildRateDeck, findRate, type Rate } from '../prices/rate-deck.ts'
import { type RateDeckVersion, type RatingExplanation, rateUsage } from '../prices/rate-usage.ts'
import {
  type EventDecision,
  type RatedBy,
  type Reconciled,
  type UsageRefusal,
  usageOf,
} from './decide-usage.ts'
import { type Plain, type PlainRow, packColumns, unpackColumns } from './pack-columns.ts'
import type { NumberedEvent } from './usage-event.ts'

/** A price as it was in force, with the name of the deck that it used. */
type KeptPrice = { price: PriceVersion; deck?: Omit<RateDeckVersion, 'rates'> }

/** What an explanation says of a rate, and the place of its price in the list of prices. */
type KeptRate = Omit<Rate, 'isoCountryCode' | 'description'> & { price: number }

/** An amount or a count: a number, or its digits where no JS number holds it. */
type Whole = number | string

/** One decided event. What it costs follows from its price, its balances from the entry's and the costs before it. */
type Row = {
  source: string
  number: number
  id: string
  /** Milliseconds since 1970. */
  at: number
  service: string
  quantity?: number
  seconds?: number
  attributes: Record<string, string | number>
  /** For the record of a session: its hold, how that stood, and what it was charged. */
  hold?: [holdId: string, status: Reconciled['hold']['status'], capturedMicros: Whole]
  /** Absent where it was deducted. */
  refused?: UsageRefusal
  field?: string
  /** Its place in the list of prices; absent where it has none. */
  price?: number
  /** What tiers had counted before it. */
  used?: Whole
}

/** What became of one event of a numbered batch, as its entry keeps it. */
export type PackedDecision = Omit<EventDecision, 'event' | 'ratedBy'> & { event: NumberedEvent } & (
    | { verdict: 'deducted'; amountMicros: bigint }
    | Reconciled
    | { verdict: 'refused'; reason: UsageRefusal; costMicros: bigint; field?: string }
  )

/**
 * The decided events of a numbered batch, in the order in which they were decided, with all that explains them: what they
 * said, what became of them, and the prices and rates by which they were rated.
 */
export function packUsageDecisions(decisions: readonly EventDecision[]): Uint8Array {
  const kept = collectPrices()
  const rows = decisions.map((decision) => rowOf(decision, kept.place))
  return packColumns([rows, kept.rates] as PlainRow[][], kept.prices as unknown as Plain)
}

/** The decided events of an entry, in their order; none where the entry holds none. Throws when it does not add up. */
export function unpackUsageDecisions(
  entry: Pick<Entry, 'packed' | 'accountId' | 'currency' | 'availableBeforeMicros' | 'availableAfterMicros'>,
): PackedDecision[] {
  if (!entry.packed) return []
  const { tables, common } = unpackColumns<[Row[], KeptRate[]], KeptPrice[]>(entry.packed)
  const [rows, rates] = tables
  const prices = common.map((kept, place) => toFoundPrice(kept, place, rates))
  let availableMicros = entry.availableBeforeMicros
  const decisions = rows.map((row) => {
    const decision = decisionOf(row, entry.accountId, prices, availableMicros)
    availableMicros = decision.availableAfterMicros
    return decision
  })
  if (availableMicros !== entry.availableAfterMicros)
    throw new Error('the events of an entry do not add up to what it moved')
  return decisions
}

/** Which events an entry holds, without working out what became of them. */
export function listPackedEvents({
  packed,
}: Pick<Entry, 'packed'>): Pick<NumberedEvent, 'source' | 'number' | 'id'>[] {
  return packed ? unpackColumns<[Row[], KeptRate[]], KeptPrice[]>(packed).tables[0] : []
}

function rowOf(
  decision: EventDecision,
  placeOf: (ratedBy: RatedBy, explanation: RatingExplanation) => number,
): Row {
  const { event, explanation, ratedBy } = decision
  const { source, number, id, service, quantity, seconds, attributes } = event as NumberedEvent
  const row: Row = { source, number, id, at: Date.parse(event.at), service, quantity, seconds, attributes }
  if (decision.verdict === 'refused') {
    row.refused = decision.reason
    row.field = decision.field
  }
  if (decision.verdict === 'reconciled') {
    const { holdId, status, capturedMicros } = decision.hold
    row.hold = [holdId, status, toWhole(capturedMicros)]
  }
  if (explanation && ratedBy) {
    row.price = placeOf(ratedBy, explanation)
    if (explanation.alreadyUsed !== undefined) row.used = toWhole(ratedBy.alreadyUsedQuantity)
  }
  return row
}

function toWhole(value: bigint): Whole {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

/** Numbers the prices in the order of their first use, each with the deck that was in force with it, and keeps the rates used. */
function collectPrices() {
  const prices: KeptPrice[] = []
  const rates: KeptRate[] = []
  const places = new Map<string, number>()
  const seen = new Set<string>()

  function place({ found: { price, deck } }: RatedBy, { rateDeck }: RatingExplanation): number {
    const key = `${price.service} ${price.version} ${deck?.deck} ${deck?.version}`
    let known = places.get(key)
    if (known === undefined) {
      known = prices.push(keptPrice(price, deck)) - 1
      places.set(key, known)
    }
    if (deck && rateDeck) keepRate(known, deck, rateDeck)
    return known
  }

  function keepRate(price: number, deck: RateDeckVersion, used: UsedRate): void {
    const key = `${price} ${used.direction} ${used.prefix}`
    if (seen.has(key)) return
    seen.add(key)
    const rate = findRate(deck.rates, used.prefix, used.direction)!
    const { isoCountryCode, description, name = description, ...terms } = rate
    rates.push({ price, ...terms, direction: used.direction, name })
  }

  return { prices, rates, place }
}

type UsedRate = NonNullable<RatingExplanation['rateDeck']>

function keptPrice(price: PriceVersion, deck: RateDeckVersion | undefined): KeptPrice {
  const { service, version, currency, clientType, effectiveFrom, model } = price
  const kept = { service, version, currency, clientType, effectiveFrom, model }
  if (!deck) return { price: kept }
  const { rates, ...named } = deck
  return { price: kept, deck: named }
}

/** The longest prefix among the rates that were used is the longest of the whole deck: it was used. */
function toFoundPrice({ price, deck }: KeptPrice, place: number, rates: readonly KeptRate[]): FoundPrice {
  if (!deck) return { price }
  const own = rates.filter((rate) => rate.price === place).map(({ price, ...rate }) => rate)
  return { price, deck: { ...deck, rates: buildRateDeck(own) } }
}

function decisionOf(
  row: Row,
  accountId: string,
  prices: readonly FoundPrice[],
  availableBeforeMicros: bigint,
): PackedDecision {
  const { source, number, id, service, quantity, seconds, attributes, refused, field } = row
  const at = new Date(row.at).toISOString()
  const event: NumberedEvent = { source, number, id, accountId, service, at, quantity, seconds, attributes }
  const { micros, explanation } = rateAgain(row, event, prices)
  const isDeducted = !refused && !row.hold
  const availableAfterMicros = isDeducted ? availableBeforeMicros - micros : availableBeforeMicros
  const rest = { event, availableBeforeMicros, availableAfterMicros, explanation }
  if (row.hold) {
    const [holdId, status, capturedMicros] = row.hold
    const hold = { holdId, status, capturedMicros: BigInt(capturedMicros) }
    return { ...rest, verdict: 'reconciled', costMicros: micros, hold }
  }
  if (!refused) return { ...rest, verdict: 'deducted', amountMicros: micros }
  return { ...rest, verdict: 'refused', reason: refused, costMicros: micros, field }
}

/** Rates the use again by what was in force then. */
function rateAgain(
  row: Row,
  event: NumberedEvent,
  prices: readonly FoundPrice[],
): { micros: bigint; explanation?: RatingExplanation } {
  if (row.price === undefined) return { micros: 0n }
  const found = prices[row.price]!
  const rating = rateUsage({ ...found, usage: usageOf(event), alreadyUsedQuantity: BigInt(row.used ?? 0) })
  if (!rating.ok) throw new Error(`event ${row.number} of ${row.source} was rated and cannot be rated again`)
  return { micros: rating.amountMicros, explanation: rating.explanation }
}
