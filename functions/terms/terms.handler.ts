import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { z } from 'zod'
import { pageHeaders } from '../edge/content-security.ts'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { log } from '../edge/log.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { invalidField, Problem } from '../edge/problem.ts'
import { wantsType } from '../edge/wants-type.ts'
import { compareTexts } from './compare-texts.ts'
import { newestByDocument } from './list-terms.ts'
import { presentChanges, presentTermsText, presentTermsVersion } from './present-terms.ts'
import { draftTerms } from './publish-terms.ts'
import { renderComparison } from './render-comparison.ts'
import { renderTermsPage } from './render-terms-page.ts'
import { renderText } from './render-text.ts'
import { listTerms, publishTerms, readTerms, readTermsChanges, readTermsVersion } from './terms.api.ts'
import { createTermsStore } from './terms.store.ts'
import { documentSchema, type TermsVersion, textIn, textsToCompare } from './terms.ts'
import { createTermsTexts } from './terms-text.client.ts'

const { DOCUMENTS_TABLE, FILES_BUCKET, TELLING_QUEUE_URL } = environment(
  'DOCUMENTS_TABLE',
  'FILES_BUCKET',
  'TELLING_QUEUE_URL',
)
const terms = createTermsStore({ client: documentClient(), documentsTable: DOCUMENTS_TABLE })
const texts = createTermsTexts({ client: new S3Client({}), filesBucket: FILES_BUCKET })
const tellings = createMessageSender({ client: new SQSClient({}), queueUrl: TELLING_QUEUE_URL })

/** The version that another is compared with: the one that is named, else the one before it. */
async function findEarlier(later: TermsVersion, since: string | undefined): Promise<TermsVersion> {
  if (since !== undefined) return terms.requireVersion(later.document, since)
  const before = (await terms.listVersions(later.document)).find(({ number }) => number === later.number - 1n)
  if (!before)
    throw new Problem('terms_not_found', `${later.version} is the first version of ${later.document}.`)
  return before
}

/** Has clients told of a version. It is published all the same where that fails: an hourly look finds whom nobody has told. */
async function tellSoon({ document, version }: TermsVersion): Promise<void> {
  const message = { document, version, round: 'published' }
  await tellings.send([message]).catch((error: unknown) => {
    log.warn('clients are told of a version later', { ...message, error: error as Error })
  })
}

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
    const drafted = draftTerms(body, { actor: caller.actor, at: new Date().toISOString() })
    // The texts first: a version that is published can be read.
    for (const { fileKey, text } of drafted.texts) await texts.keep(fileKey, text)
    const published = await terms.publish(drafted.draft, drafted.publicationHash)
    if (published.ok) {
      await tellSoon(published.version)
      return { status: 201, body: presentTermsVersion(published.version) }
    }
    if (published.reason === 'busy') throw new Problem('busy', 'Nothing was published.')
    if (published.reason === 'terms_kind_differs')
      throw invalidField('kind', `${body.document} is of kind ${published.kind} since its first version`)
    const detail = `${body.document} ${body.version} was published before and stays as it is; publish this under a new version.`
    throw new Problem('terms_version_exists', detail)
  }),

  bind(readTerms, async ({ params: { document } }) => {
    const versions = await terms.listVersions(document)
    if (versions.length === 0) throw new Problem('terms_not_found', `There is no document ${document}.`)
    return { status: 200, body: { document, versions: versions.reverse().map(presentTermsVersion) } }
  }),

  bind(readTermsVersion, async ({ params: { document, version }, query, headers }) => {
    const found = await terms.requireVersion(document, version)
    const shown = textIn(found, query.language)
    const text = await texts.read(shown.fileKey)
    const inLanguage = { 'content-language': shown.language }
    if (wantsType(headers, 'text/markdown')) {
      const etag = `"${shown.textSha256}"`
      return {
        status: 200,
        body: text,
        headers: { ...inLanguage, 'content-type': 'text/markdown; charset=utf-8', etag },
      }
    }
    if (wantsType(headers, 'text/html')) {
      const facts = `Version ${found.version}, in effect from ${found.effectiveAt}`
      const page = renderTermsPage({ ...shown, facts, content: renderText(text) })
      return { status: 200, body: page, headers: { ...inLanguage, ...pageHeaders(page) } }
    }
    return { status: 200, body: presentTermsText(found, shown, text), headers: inLanguage }
  }),

  bind(readTermsChanges, async ({ params: { document, version }, query, headers }) => {
    const later = await terms.requireVersion(document, version)
    const earlier = await findEarlier(later, query.since)
    const [shownBefore, shown] = textsToCompare(earlier, later, query.language)
    const [before, after] = await Promise.all([texts.read(shownBefore.fileKey), texts.read(shown.fileKey)])
    const compared = compareTexts(before, after)
    const inLanguage = { 'content-language': shown.language }
    if (wantsType(headers, 'text/html')) {
      const facts = `What version ${later.version} changes in version ${earlier.version}`
      const page = renderTermsPage({ ...shown, facts, content: renderComparison(compared) })
      return { status: 200, body: page, headers: { ...inLanguage, ...pageHeaders(page) } }
    }
    return { status: 200, body: presentChanges({ earlier, later, shown, compared }), headers: inLanguage }
  }),
)
