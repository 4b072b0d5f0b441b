import { z } from 'zod'
import { type ClientType, clientTypeSchema } from '../accounts/account.ts'
import { instantSchema } from '../edge/instant.ts'
import { amountSchema, currencySchema, parseAmount } from '../ledger/money.ts'

/** A million units of currency for one message or minute is a slip of the keyboard. */
export const LARGEST_UNIT_PRICE = '1000000'
export const LARGEST_TIER_QUANTITY = 1_000_000_000_000
const LARGEST_INTERVAL_SECONDS = 86_400
const MOST_TIERS = 50

const unitPriceSchema = amountSchema.refine(
  (text) => (parseAmount(text) ?? 0n) <= parseAmount(LARGEST_UNIT_PRICE)!,
  `must be at most ${LARGEST_UNIT_PRICE}`,
)

const upToSchema = z.int().min(1).max(LARGEST_TIER_QUANTITY).nullable().meta({
  description: 'the last quantity of the period in this tier; null in the last tier: all that follows',
})

const intervalSeconds = (least: number) => z.int().min(least).max(LARGEST_INTERVAL_SECONDS)

type Issues = { addIssue(issue: { code: 'custom'; message: string; path: (string | number)[] }): void }

/** One way to say the amount, and tiers that climb to an open end. */
function checkAmounts(
  tiers: readonly { upTo: number | null }[] | undefined,
  flat: string | undefined,
  field: string,
) {
  return (context: Issues): void => {
    const refuse = (message: string, ...path: (string | number)[]) =>
      context.addIssue({ code: 'custom', message, path })
    if ((tiers === undefined) === (flat === undefined)) refuse(`give either ${field} or tiers`, field)
    for (const [index, tier] of (tiers ?? []).entries()) {
      const last = index === tiers!.length - 1
      if (last && tier.upTo !== null) refuse('must be null in the last tier', 'tiers', index, 'upTo')
      if (!last && tier.upTo === null) refuse('may be null in the last tier only', 'tiers', index, 'upTo')
      const before = tiers![index - 1]?.upTo
      if (tier.upTo !== null && typeof before === 'number' && tier.upTo <= before)
        refuse(`must be more than ${before}, the end of the tier before`, 'tiers', index, 'upTo')
    }
  }
}

export const perUnitSchema = z
  .strictObject({
    kind: z.literal('per_unit'),
    unitAmount: unitPriceSchema.optional(),
    tiers: z
      .array(z.strictObject({ upTo: upToSchema, unitAmount: unitPriceSchema }))
      .min(1)
      .max(MOST_TIERS)
      .optional()
      .meta({ description: 'graduated: each unit costs what its own tier says, counted per calendar month' }),
  })
  .superRefine((model, context) => checkAmounts(model.tiers, model.unitAmount, 'unitAmount')(context))
  .meta({ id: 'PerUnitPrice', title: 'A price per unit' })

export const perDurationSchema = z
  .strictObject({
    kind: z.literal('per_duration'),
    per: z.enum(['second', 'minute']).meta({ description: 'the time that the rate is for' }),
    rate: unitPriceSchema.optional(),
    tiers: z
      .array(z.strictObject({ upTo: upToSchema, rate: unitPriceSchema }))
      .min(1)
      .max(MOST_TIERS)
      .optional()
      .meta({ description: 'graduated over billed seconds, counted per calendar month' }),
    firstIntervalSeconds: intervalSeconds(0)
      .default(0)
      .meta({ description: 'billed whole, however short the use' }),
    incrementSeconds: intervalSeconds(1)
      .default(1)
      .meta({ description: 'what follows is rounded up to a multiple' }),
    minimumSeconds: intervalSeconds(0)
      .default(0)
      .meta({ description: 'a shorter use is billed as this long' }),
    connectionFee: unitPriceSchema.default('0').meta({ description: 'charged once for an answered use' }),
    freeSeconds: intervalSeconds(0).default(0).meta({
      description: 'a use of at most this long is free; a longer one is billed from its first second',
    }),
  })
  .superRefine((model, context) => checkAmounts(model.tiers, model.rate, 'rate')(context))
  .meta({ id: 'PerDurationPrice', title: 'A price per second or minute' })

const attributeSchema = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'must be the name of an attribute')

/** A rate deck's own name, as it stands in paths. */
export const deckNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z, 0-9, ".", "_", "-", first a letter or digit')

export const rateDeckModelSchema = z
  .strictObject({
    kind: z.literal('rate_deck'),
    deck: deckNameSchema,
    destinationAttribute: attributeSchema.default('destination'),
    directionAttribute: attributeSchema.default('direction'),
    defaultDirection: z.enum(['inbound', 'outbound']).default('outbound'),
  })
  .meta({ id: 'RateDeckPrice', title: 'A price per minute by destination' })

export const priceModelSchema = z
  .discriminatedUnion('kind', [perUnitSchema, perDurationSchema, rateDeckModelSchema])
  .meta({ id: 'PriceModel' })

/** A service's own name: the `type` of its usage events. */
export const serviceNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'must be 1 to 128 of A-Z, a-z, 0-9, ".", "_", "-"')

/** What staff send to set a price. */
export const priceTermsSchema = z
  .strictObject({
    currency: currencySchema,
    clientType: clientTypeSchema.optional().meta({ description: 'absent: for any client' }),
    effectiveFrom: instantSchema.optional().meta({ description: 'absent: from now on' }),
    model: priceModelSchema,
  })
  .meta({ id: 'PriceTerms' })

export type PriceModel = z.output<typeof priceModelSchema>
export type PerUnitPrice = z.output<typeof perUnitSchema>
export type PerDurationPrice = z.output<typeof perDurationSchema>
export type RateDeckPrice = z.output<typeof rateDeckModelSchema>
export type PriceTerms = z.output<typeof priceTermsSchema>

/** One version of a service's price; never changed once written. */
export type PriceVersion = {
  service: string
  version: number
  currency: string
  clientType?: ClientType
  /** ISO instant, UTC, with milliseconds. */
  effectiveFrom: string
  model: PriceModel
}

/** True when what was used before in the period bears on the price, so that it has to be counted. */
export function countsUsage(model: PriceModel): boolean {
  return model.kind !== 'rate_deck' && model.tiers !== undefined
}
