import { S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { findInForce } from './find-price.ts'
import { markInForce, presentPrice, presentRate, presentRateDeck } from './present-price.ts'
import { createPriceStore } from './price.store.ts'
import * as api from './prices.api.ts'
import { createRateDeckStore } from './rate-deck.store.ts'

const { DOCUMENTS_TABLE, FILES_BUCKET } = environment('DOCUMENTS_TABLE', 'FILES_BUCKET')
const client = documentClient()
const prices = createPriceStore({ client, documentsTable: DOCUMENTS_TABLE })
const decks = createRateDeckStore({
  client,
  documentsTable: DOCUMENTS_TABLE,
  files: new S3Client({}),
  filesBucket: FILES_BUCKET,
})

const positionSchema = z.strictObject({ after: z.string().min(1).max(300) })
const positionAfter = (next: string | undefined) => (next ? writeCursor({ after: next }) : undefined)

export const handler = httpHandler(
  bind(api.listPrices, async ({ query: { limit, cursor } }) => {
    const page = await prices.listAll({ limit, after: readCursor(positionSchema, cursor)?.after })
    return {
      status: 200,
      body: { prices: page.versions.map(presentPrice), nextCursor: positionAfter(page.next) },
    }
  }),

  bind(api.readPrice, async ({ params: { service } }) => {
    const now = new Date().toISOString()
    const versions = await prices.listVersions(service)
    if (versions.length === 0) throw new Problem('price_not_found', `No price was ever set for "${service}".`)
    const marked = markInForce(
      versions,
      ({ currency, clientType = 'any' }) => `${currency} ${clientType}`,
      (lane) => findInForce(lane, lane[0]!.currency, now),
    )
    const shown = marked.map((version) => ({ ...presentPrice(version), inForce: version.inForce }))
    return { status: 200, body: { service, prices: shown } }
  }),

  bind(api.setPrice, async ({ caller, params: { service }, body }) => {
    const set = await prices.set(service, body, { at: new Date().toISOString(), by: caller.actor })
    if (!set.ok)
      throw new Problem('busy', 'Others are setting this price at once; send the same request again.')
    return { status: set.replayed ? 200 : 201, body: presentPrice(set.version) }
  }),

  bind(api.listRateDecks, async ({ query: { limit, cursor } }) => {
    const page = await decks.listAll({ limit, after: readCursor(positionSchema, cursor)?.after })
    return {
      status: 200,
      body: { rateDecks: page.versions.map(presentRateDeck), nextCursor: positionAfter(page.next) },
    }
  }),

  bind(api.readRateDeck, async ({ params: { deck }, query: { destination, direction } }) => {
    const now = new Date().toISOString()
    const versions = await decks.listVersions(deck)
    if (versions.length === 0)
      throw new Problem('rate_deck_not_found', `No rate deck "${deck}" was ever imported.`)
    const marked = markInForce(
      versions,
      ({ currency }) => currency,
      (lane) => findInForce(lane, lane[0]!.currency, now),
    )
    const rateDecks = marked.map((version) => ({ ...presentRateDeck(version), inForce: version.inForce }))
    if (destination === undefined) return { status: 200, body: { deck, rateDecks } }
    const rates = await Promise.all(
      marked
        .filter((version) => version.inForce)
        .map(async ({ currency, version, file }) => {
          const rate = presentRate(await decks.readRates({ file }), destination, direction)
          return rate ? [{ currency, version, ...rate }] : []
        }),
    )
    return { status: 200, body: { deck, rateDecks, rates: rates.flat() } }
  }),
)
