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
import { type Plain, packColumns, unpackColumns } from './pack-columns.ts'
import type { NumberedEvent } from './usage-event.ts'

/** A price as it was in force, with the one rate of its deck that a use was rated by. */
type RatedPrice = { price: PriceVersion; deck?: Omit<RateDeckVersion, 'rates'> & { rate: Rate } }

/** An amount or a count: a number, or its digits where no JS number holds it. */
type Whole = number | string

/** One decided event. Its balances follow from the entry's and the amounts before it. */
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
  /** What it costs, deducted or not; with `price`, its place in the list of prices, absent where it has none. */
  micros?: Whole
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
  const prices = collectPrices()
  const rows = decisions.map((decision) => rowOf(decision, prices.place))
  return packColumns(rows as { [name: string]: Plain }[], prices.list as unknown as Plain)
}

/** The decided events of an entry, in their order; none where the entry holds none. Throws when it does not add up. */
export function unpackUsageDecisions(
  entry: Pick<Entry, 'packed' | 'accountId' | 'currency' | 'availableBeforeMicros' | 'availableAfterMicros'>,
): PackedDecision[] {
  if (!entry.packed) return []
  const { rows, common } = unpackColumns<Row, RatedPrice[]>(entry.packed)
  const prices = common.map(toFoundPrice)
  let availableMicros = entry.availableBeforeMicros
  const decisions = rows.map((row) => {
    const availableBeforeMicros = availableMicros
    if (!row.refused && !row.hold) availableMicros -= BigInt(row.micros ?? 0)
    return decisionOf(row, entry.accountId, prices, {
      availableBeforeMicros,
      availableAfterMicros: availableMicros,
    })
  })
  if (availableMicros !== entry.availableAfterMicros)
    throw new Error('the events of an entry do not add up to what it moved')
  return decisions
}

function rowOf(
  decision: EventDecision,
  placeOf: (ratedBy: RatedBy, explanation: RatingExplanation) => number,
): Row {
  const { event, explanation, ratedBy } = decision
  const { source, number, id, service, quantity, seconds, attributes } = event as NumberedEvent
  const isRefused = decision.verdict === 'refused'
  const micros = decision.verdict === 'deducted' ? decision.amountMicros : decision.costMicros
  const row: Row = { source, number, id, at: Date.parse(event.at), service, quantity, seconds, attributes }
  if (isRefused) {
    row.refused = decision.reason
    row.field = decision.field
  }
  if (decision.verdict === 'reconciled') {
    const { holdId, status, capturedMicros } = decision.hold
    row.hold = [holdId, status, toWhole(capturedMicros)]
  }
  if (explanation && ratedBy) {
    row.micros = toWhole(micros)
    row.price = placeOf(ratedBy, explanation)
    if (explanation.alreadyUsed !== undefined) row.used = toWhole(ratedBy.alreadyUsedQuantity)
  }
  return row
}

function toWhole(value: bigint): Whole {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

/** Numbers each price and rate in the order of their first use. */
function collectPrices() {
  const list: RatedPrice[] = []
  const places = new Map<PriceVersion, Map<Rate | undefined, number>>()
  function place({ found }: RatedBy, { rateDeck }: RatingExplanation): number {
    const { price, deck } = found
    const rate = deck && rateDeck && findRate(deck.rates, rateDeck.prefix, rateDeck.direction)
    const own = places.get(price) ?? new Map<Rate | undefined, number>()
    places.set(price, own)
    const known = own.get(rate)
    if (known !== undefined) return known
    list.push(toRatedPrice(found, rate))
    own.set(rate, list.length - 1)
    return list.length - 1
  }
  return { list, place }
}

function toRatedPrice({ price, deck }: FoundPrice, rate: Rate | undefined): RatedPrice {
  const { service, version, currency, clientType, effectiveFrom, model } = price
  const kept = { service, version, currency, clientType, effectiveFrom, model }
  if (!deck || !rate) return { price: kept }
  const { rates, ...named } = deck
  return { price: kept, deck: { ...named, rate } }
}

function toFoundPrice({ price, deck }: RatedPrice): FoundPrice {
  if (!deck) return { price }
  const { rate, ...named } = deck
  return { price, deck: { ...named, rates: buildRateDeck([rate]) } }
}

function decisionOf(
  row: Row,
  accountId: string,
  prices: readonly FoundPrice[],
  balance: { availableBeforeMicros: bigint; availableAfterMicros: bigint },
): PackedDecision {
  const { source, number, id, service, quantity, seconds, attributes, refused, field } = row
  const at = new Date(row.at).toISOString()
  const event: NumberedEvent = { source, number, id, accountId, service, at, quantity, seconds, attributes }
  const micros = BigInt(row.micros ?? 0)
  const explanation = row.price === undefined ? undefined : explain(row, event, prices[row.price]!, micros)
  const rest = { event, ...balance, explanation }
  if (row.hold) {
    const [holdId, status, capturedMicros] = row.hold
    const hold = { holdId, status, capturedMicros: BigInt(capturedMicros) }
    return { ...rest, verdict: 'reconciled', costMicros: micros, hold }
  }
  if (!refused) return { ...rest, verdict: 'deducted', amountMicros: micros }
  return { ...rest, verdict: 'refused', reason: refused, costMicros: micros, field }
}

/** Rates the use again by what was in force then, and holds the amount that was kept against it. */
function explain(row: Row, event: NumberedEvent, found: FoundPrice, micros: bigint): RatingExplanation {
  const rating = rateUsage({ ...found, usage: usageOf(event), alreadyUsedQuantity: BigInt(row.used ?? 0) })
  if (!rating.ok || rating.amountMicros !== micros)
    throw new Error(`event ${row.number} of ${row.source} is not rated as it was when it was decided`)
  return rating.explanation
}
