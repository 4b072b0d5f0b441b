import { S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { newestByDocument } from './list-terms.ts'
import { presentTermsVersion } from './present-terms.ts'
import { draftTerms } from './publish-terms.ts'
import { listTerms, publishTerms, readTerms, readTermsVersion } from './terms.api.ts'
import { createTermsStore } from './terms.store.ts'
import { documentSchema } from './terms.ts'
import { createTermsTexts } from './terms-text.client.ts'

const { DOCUMENTS_TABLE, FILES_BUCKET } = environment('DOCUMENTS_TABLE', 'FILES_BUCKET')
const terms = createTermsStore({ client: documentClient(), documentsTable: DOCUMENTS_TABLE })
const texts = createTermsTexts({ client: new S3Client({}), filesBucket: FILES_BUCKET })

const positionSchema = z.strictObject({ document: documentSchema })

export const handler = httpHandler(
  bind(listTerms, async ({ query: { limit, cursor } }) => {
    const after = readCursor(positionSchema, cursor)?.document ?? ''
    const rest = newestByDocument(await terms.listAllVersions()).filter(({ document }) => document > after)
    const page = rest.slice(0, limit)
    const nextCursor = rest.length > limit ? writeCursor({ document: page.at(-1)!.document }) : undefined
    return { status: 200, body: { documents: page.map(presentTermsVersion), nextCursor } }
  }),

  bind(publishTerms, async ({ caller, body }) => {
    const { draft, publicationHash } = draftTerms(body, { actor: caller.actor, at: new Date().toISOString() })
    // The text first: a version that is published can be read.
    await texts.keep(draft.fileKey, body.text)
    const published = await terms.publish(draft, publicationHash)
    if (published.ok) return { status: 201, body: presentTermsVersion(published.version) }
    if (published.reason === 'busy') throw new Problem('busy', 'Nothing was published.')
    const detail = `${body.document} ${body.version} was published before and stays as it is; publish this under a new version.`
    throw new Problem('terms_version_exists', detail)
  }),

  bind(readTerms, async ({ params: { document } }) => {
    const versions = await terms.listVersions(document)
    if (versions.length === 0) throw new Problem('terms_not_found', `There is no document ${document}.`)
    return { status: 200, body: { document, versions: versions.reverse().map(presentTermsVersion) } }
  }),

  bind(readTermsVersion, async ({ params: { document, version }, headers }) => {
    const found = await terms.readVersion(document, version)
    if (!found) throw new Problem('terms_not_found', `There is no version ${version} of ${document}.`)
    const text = await texts.read(found.fileKey)
    if (!/\btext\/markdown\b/i.test(headers.accept ?? '')) {
      return { status: 200, body: { ...presentTermsVersion(found), text } }
    }
    const etag = `"${found.textSha256}"`
    const type = { 'content-type': 'text/markdown; charset=utf-8', 'content-language': found.language }
    return { status: 200, body: text, headers: { ...type, etag } }
  }),
)
