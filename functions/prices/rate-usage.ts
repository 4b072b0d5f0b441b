import { formatAmount } from '../ledger/money.ts'
import { chargeTiers, ROUNDING, type TierPart } from './charge-tiers.ts'
import { normalizeDestination } from './normalize-destination.ts'
import {
  countsUsage,
  LARGEST_TIER_QUANTITY,
  type PerDurationPrice,
  type PerUnitPrice,
  type PriceVersion,
  type RateDeckPrice,
} from './price.ts'
import { type Direction, findRate, type Rate, type RateDeck } from './rate-deck.ts'
import { type DurationTerms, type RatingStep, rateDuration } from './rate-duration.ts'

/** A deck as it was in force: its rates, and which version of which deck they are. */
export type RateDeckVersion = {
  deck: string
  version: number
  currency: string
  effectiveFrom: string
  rates: RateDeck
}

/** What was used: whole units or whole seconds, and whatever else the event said. */
export type Usage = {
  quantity?: bigint
  seconds?: bigint
  attributes: { readonly [name: string]: unknown }
}

/** Follows a line from what was used to what it costs; plain JSON, amounts and quantities as decimal strings. */
export type RatingExplanation = {
  price: { service: string; version: number; clientType: string; effectiveFrom: string; model: string }
  currency: string
  amount: string
  rounding: typeof ROUNDING
  /** What was used before it in the period; present for prices with tiers. */
  alreadyUsed?: string
  quantity?: string
  seconds?: string
  billedSeconds?: string
  parts?: TierPart[]
  terms?: { [name: string]: string | number }
  rateDeck?: {
    deck: string
    version: number
    prefix: string
    destination: string
    direction: Direction
    name?: string
  }
  steps?: RatingStep[]
}

export type RatingRefusal =
  | 'no_price'
  | 'quantity_missing'
  | 'seconds_missing'
  | 'quantity_too_large'
  | 'destination_missing'
  | 'destination_unusable'
  | 'direction_unusable'
  | 'no_rate_deck'
  | 'no_rate'

export type UsageRating =
  | { ok: true; amountMicros: bigint; explanation: RatingExplanation; countedQuantity: bigint }
  | { ok: false; reason: RatingRefusal; field: string }

export type RatingInput = {
  /** The price in force at the time of use; without one the use is refused. */
  price: PriceVersion | undefined
  /** The deck in force at that time, when the price names one. */
  deck?: RateDeckVersion | undefined
  usage: Usage
  /** Units, or billed seconds, counted before this use in the period; only prices with tiers look at it. */
  alreadyUsedQuantity?: bigint
}

/**
 * What one use costs, and why. Never below zero; the same input always gives the same amount and explanation, from which
 * the amount can be worked out again. `countedQuantity` is what to add to the period's count when the line is deducted
 * (0 for prices without tiers). A use that cannot be rated is refused with the reason and the event's field.
 */
export function rateUsage(input: RatingInput): UsageRating {
  const { price } = input
  if (!price) return refuse('no_price', 'type')
  switch (price.model.kind) {
    case 'per_unit':
      return rateUnits(input, price, price.model)
    case 'per_duration':
      return rateSeconds(input, price, price.model)
    case 'rate_deck':
      return rateByDestination(input, price, price.model)
  }
}

function rateUnits(
  { usage, alreadyUsedQuantity = 0n }: RatingInput,
  price: PriceVersion,
  model: PerUnitPrice,
) {
  const { quantity } = usage
  if (quantity === undefined || quantity < 0n) return refuse('quantity_missing', 'data.quantity')
  if (quantity > BigInt(LARGEST_TIER_QUANTITY)) return refuse('quantity_too_large', 'data.quantity')
  const tiers = model.tiers
    ? model.tiers.map((tier) => ({ upTo: tier.upTo, amount: tier.unitAmount }))
    : [{ upTo: null, amount: model.unitAmount! }]
  const alreadyUsed = countsUsage(model) ? alreadyUsedQuantity : 0n
  const { amountMicros, parts } = chargeTiers(tiers, quantity, alreadyUsed, 1n)
  return accept(price, amountMicros, countsUsage(model) ? quantity : 0n, {
    quantity: quantity.toString(),
    ...(countsUsage(model) && { alreadyUsed: alreadyUsed.toString() }),
    parts,
  })
}

function rateSeconds(
  { usage, alreadyUsedQuantity = 0n }: RatingInput,
  price: PriceVersion,
  model: PerDurationPrice,
) {
  const refusal = refuseSeconds(usage)
  if (refusal) return refusal
  const tiers = model.tiers
    ? model.tiers.map((tier) => ({ upTo: tier.upTo, amount: tier.rate }))
    : [{ upTo: null, amount: model.rate! }]
  const counted = countsUsage(model)
  const alreadyUsed = counted ? alreadyUsedQuantity : 0n
  const rating = explainDuration({ ...model, tiers }, usage.seconds!, alreadyUsed, price.currency)
  return accept(price, rating.amountMicros, counted ? rating.billedSeconds : 0n, {
    ...rating.explanation,
    ...(counted && { alreadyUsed: alreadyUsed.toString() }),
  })
}

function rateByDestination(
  { usage, deck }: RatingInput,
  price: PriceVersion,
  model: RateDeckPrice,
): UsageRating {
  const refusal = refuseSeconds(usage)
  if (refusal) return refusal
  const destinationField = `data.${model.destinationAttribute}`
  const destination = attributeOf(usage, model.destinationAttribute)
  if (typeof destination !== 'string' || destination.trim() === '')
    return refuse('destination_missing', destinationField)
  const digits = normalizeDestination(destination)
  if (digits === undefined) return refuse('destination_unusable', destinationField)
  const direction = attributeOf(usage, model.directionAttribute) ?? model.defaultDirection
  if (direction !== 'inbound' && direction !== 'outbound')
    return refuse('direction_unusable', `data.${model.directionAttribute}`)
  if (!deck) return refuse('no_rate_deck', 'type')
  const rate = findRate(deck.rates, digits, direction)
  if (!rate) return refuse('no_rate', destinationField)

  const rating = explainDuration(termsOf(rate), usage.seconds!, 0n, price.currency)
  return accept(price, rating.amountMicros, 0n, {
    rateDeck: {
      deck: deck.deck,
      version: deck.version,
      prefix: rate.prefix,
      destination: digits,
      direction,
      ...((rate.name ?? rate.description) && { name: rate.name ?? rate.description }),
    },
    ...rating.explanation,
  })
}

/** A deck's rate is per minute; the minimum is also the first interval, as Kazoo bills it. */
function termsOf(rate: Rate): DurationTerms {
  return {
    per: 'minute',
    tiers: [{ upTo: null, amount: rate.perMinute }],
    firstIntervalSeconds: rate.minimumSeconds,
    incrementSeconds: rate.incrementSeconds,
    minimumSeconds: rate.minimumSeconds,
    connectionFee: rate.connectionFee,
    freeSeconds: rate.freeSeconds,
  }
}

function explainDuration(terms: DurationTerms, seconds: bigint, alreadyUsed: bigint, currency: string) {
  const { amountMicros, billedSeconds, steps } = rateDuration(terms, seconds, alreadyUsed, currency)
  const { per, firstIntervalSeconds, incrementSeconds, minimumSeconds, connectionFee, freeSeconds } = terms
  return {
    amountMicros,
    billedSeconds,
    explanation: {
      seconds: seconds.toString(),
      billedSeconds: billedSeconds.toString(),
      terms: { per, firstIntervalSeconds, incrementSeconds, minimumSeconds, connectionFee, freeSeconds },
      steps,
    },
  }
}

function refuseSeconds({ seconds }: Usage) {
  if (seconds === undefined || seconds < 0n) return refuse('seconds_missing', 'data.seconds')
  if (seconds > BigInt(LARGEST_TIER_QUANTITY)) return refuse('quantity_too_large', 'data.seconds')
  return undefined
}

/** An attribute that the event itself carries, never one that every object inherits. */
function attributeOf(usage: Usage, name: string): unknown {
  return Object.hasOwn(usage.attributes, name) ? usage.attributes[name] : undefined
}

function refuse(reason: RatingRefusal, field: string): UsageRating & { ok: false } {
  return { ok: false, reason, field }
}

function accept(
  price: PriceVersion,
  amountMicros: bigint,
  countedQuantity: bigint,
  rest: Partial<RatingExplanation>,
): UsageRating {
  const { service, version, clientType, effectiveFrom, model } = price
  const explanation: RatingExplanation = {
    price: { service, version, clientType: clientType ?? 'any', effectiveFrom, model: model.kind },
    currency: price.currency,
    ...rest,
    amount: formatAmount(amountMicros, price.currency),
    rounding: ROUNDING,
  }
  return { ok: true, amountMicros, explanation, countedQuantity }
}
