import { S3Client } from '@aws-sdk/client-s3'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { importRateDeck } from './import-rate-deck.ts'
import { presentRateDeck } from './present-price.ts'
import * as api from './prices.api.ts'
import { createRateDeckStore } from './rate-deck.store.ts'

const { DOCUMENTS_TABLE, FILES_BUCKET } = environment('DOCUMENTS_TABLE', 'FILES_BUCKET')
const decks = createRateDeckStore({
  client: documentClient(),
  documentsTable: DOCUMENTS_TABLE,
  files: new S3Client({}),
  filesBucket: FILES_BUCKET,
})

const MOST_ERRORS_SHOWN = 100

export const handler = httpHandler(
  bind(api.importRateDeck, async ({ caller, params: { deck }, query: { currency, effectiveFrom }, text }) => {
    const read = importRateDeck(text)
    if (!read.ok) {
      const errors = read.errors.slice(0, MOST_ERRORS_SHOWN)
      const detail = `${read.errors.length} problems, the first on line ${errors[0]!.line}: ${errors[0]!.detail}`
      throw new Problem(read.reason, detail, { extra: { errors, errorCount: read.errors.length } })
    }
    const added = await decks.add(
      { deck, currency, effectiveFrom, rates: read.deck },
      { at: new Date().toISOString(), by: caller.actor },
    )
    if (!added.ok)
      throw new Problem('busy', 'Others are importing this deck at once; send the same request again.')
    const body = { ...presentRateDeck(added.version), ignoredColumns: read.ignoredColumns }
    return { status: added.replayed ? 200 : 201, body }
  }),
)
