import { z } from 'zod'
import { clientTypeSchema } from '../accounts/account.ts'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { instantSchema } from '../edge/instant.ts'
import { defineRoute } from '../edge/route.ts'
import { currencySchema } from '../ledger/money.ts'
import { deckNameSchema, priceModelSchema, priceTermsSchema, serviceNameSchema } from './price.ts'
import { priceRoutes } from './prices.routes.ts'

const tag = 'Prices'
const everyone = ['staff', 'usage', 'client'] as const
const LARGEST_CSV_BYTES = 5 * 1024 * 1024

const serviceParams = z.strictObject({ service: serviceNameSchema })
const deckParams = z.strictObject({ deck: deckNameSchema })
const listQuery = z.strictObject({ limit: limitSchema(200, 50), cursor: cursorSchema.optional() })

const versionFields = {
  version: z.int(),
  currency: z.string(),
  effectiveFrom: z.string().meta({ description: 'from this instant on, until a later one begins' }),
}
const writtenFields = { createdAt: z.string(), createdBy: z.string() }

export const priceReply = z
  .object({
    service: z.string(),
    ...versionFields,
    clientType: clientTypeSchema.optional(),
    model: priceModelSchema,
    ...writtenFields,
  })
  .meta({ id: 'Price' })

export const rateDeckReply = z
  .object({ deck: z.string(), ...versionFields, rateCount: z.int(), ...writtenFields })
  .meta({ id: 'RateDeck' })

export const rateReply = z
  .object({
    destination: z.string().meta({ description: 'the digits that were looked up' }),
    prefix: z.string(),
    perMinute: z.string(),
    connectionFee: z.string(),
    minimumSeconds: z.int(),
    incrementSeconds: z.int(),
    freeSeconds: z.int(),
    direction: z.enum(['inbound', 'outbound']).optional(),
    name: z.string().optional(),
    isoCountryCode: z.string().optional(),
    description: z.string().optional(),
  })
  .meta({ id: 'Rate' })

const inForce = z.boolean().meta({ description: 'whether it applies now' })

export const listPrices = defineRoute({
  route: priceRoutes.listPrices,
  summary: 'All versions of all prices, by service and version',
  tag,
  callers: [...everyone],
  query: listQuery,
  responses: {
    200: {
      description: 'A page of prices',
      schema: z.object({ prices: z.array(priceReply), nextCursor: z.string().optional() }),
    },
  },
})

export const readPrice = defineRoute({
  route: priceRoutes.readPrice,
  summary: 'All versions of a service’s price, newest first',
  tag,
  callers: [...everyone],
  params: serviceParams,
  responses: {
    200: {
      description: 'The versions; `inForce` tells which apply now',
      schema: z.object({ service: z.string(), prices: z.array(priceReply.extend({ inForce })) }),
    },
  },
  problems: ['price_not_found'],
})

export const setPrice = defineRoute({
  route: priceRoutes.setPrice,
  summary: 'Set a service’s price from an instant on',
  tag,
  callers: ['staff'],
  params: serviceParams,
  body: priceTermsSchema,
  responses: {
    200: { description: 'The newest version says the same already', schema: priceReply },
    201: { description: 'The new version', schema: priceReply },
  },
  problems: ['busy'],
})

export const listRateDecks = defineRoute({
  route: priceRoutes.listRateDecks,
  summary: 'All versions of all rate decks, by name and version',
  tag,
  callers: [...everyone],
  query: listQuery,
  responses: {
    200: {
      description: 'A page of rate decks, without their rates',
      schema: z.object({ rateDecks: z.array(rateDeckReply), nextCursor: z.string().optional() }),
    },
  },
})

export const readRateDeck = defineRoute({
  route: priceRoutes.readRateDeck,
  summary: 'All versions of a rate deck, newest first; with a destination, the rates that apply to it now',
  tag,
  callers: [...everyone],
  params: deckParams,
  query: z.strictObject({
    destination: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .meta({ examples: ['+442079460123'] }),
    direction: z.enum(['inbound', 'outbound']).default('outbound'),
  }),
  responses: {
    200: {
      description: 'The versions, and per currency the rate of the destination, where there is one',
      schema: z.object({
        deck: z.string(),
        rateDecks: z.array(rateDeckReply.extend({ inForce })),
        rates: z.array(rateReply.extend({ currency: z.string(), version: z.int() })).optional(),
      }),
    },
  },
  problems: ['rate_deck_not_found'],
})

const importReply = rateDeckReply.extend({
  ignoredColumns: z.array(z.string()).meta({ description: 'columns of the file that bear on no price here' }),
})

export const importRateDeck = defineRoute({
  route: priceRoutes.importRateDeck,
  summary: 'Import a rate deck as CSV with the columns that Kazoo documents; all lines or none',
  tag,
  callers: ['staff'],
  params: deckParams,
  query: z.strictObject({
    currency: currencySchema,
    effectiveFrom: instantSchema.optional().meta({ description: 'absent: from now on' }),
  }),
  textBody: 'text/csv',
  largestBodyBytes: LARGEST_CSV_BYTES,
  responses: {
    200: { description: 'The newest version has the same rates already', schema: importReply },
    201: { description: 'The new version', schema: importReply },
  },
  problems: ['rate_deck_invalid', 'body_too_large', 'busy'],
})

export const pricesApi = [listPrices, readPrice, setPrice, listRateDecks, readRateDeck, importRateDeck]
