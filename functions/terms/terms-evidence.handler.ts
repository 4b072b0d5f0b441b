import { z } from 'zod'
import { createAccess } from '../access/access.store.ts'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { wantsType } from '../edge/wants-type.ts'
import { writePdf } from '../edge/write-pdf.client.ts'
import { createAcceptanceStore } from './acceptance.store.ts'
import { createCoverageStore } from './coverage.store.ts'
import { NOTHING_COUNTED } from './decide-coverage.ts'
import { findWaitingTerms } from './decide-gate.ts'
import { layOutCoverage } from './lay-out-coverage.ts'
import { layOutEvidence } from './lay-out-evidence.ts'
import { presentCoverage, presentEvidence, writeCoverageCsv } from './present-evidence.ts'
import { readCoverage, readEvidence } from './terms.api.ts'
import { createTermsStore } from './terms.store.ts'
import { BINDING_ROLES } from './terms.ts'

const { LEDGER_TABLE, DOCUMENTS_TABLE } = environment('LEDGER_TABLE', 'DOCUMENTS_TABLE')
const options = { client: documentClient(), ledgerTable: LEDGER_TABLE, documentsTable: DOCUMENTS_TABLE }
const access = createAccess(options)
const terms = createTermsStore(options)
const acceptances = createAcceptanceStore(options)
const coverages = createCoverageStore(options)

/** The place in the list of all accounts, and the sums of the pages before it. */
const positionSchema = z.strictObject({
  after: z.string().min(1),
  counts: z
    .string()
    .transform((text) => text.split(' ').map(Number))
    .pipe(z.array(z.int().min(0)).length(Object.keys(NOTHING_COUNTED).length)),
})
const countNames = Object.keys(NOTHING_COUNTED) as (keyof typeof NOTHING_COUNTED)[]

export const handler = httpHandler(
  bind(readEvidence, async ({ caller, params: { accountId }, headers }) => {
    const account = await access.require(caller, accountId, {
      ...{ roles: BINDING_ROLES, staff: true, despiteTerms: true },
    })
    const [answers, versions] = await Promise.all([acceptances.list(accountId), terms.listAllVersions()])
    const now = new Date()
    const evidence = presentEvidence({
      ...{ account, acceptances: answers, versions, preparedAt: now.toISOString() },
      waiting: findWaitingTerms(versions, answers, account.clientType, now),
    })
    if (!wantsType(headers, 'application/pdf')) return { status: 200, body: evidence }
    const file = `attachment; filename="${accountId}-terms.pdf"`
    return {
      status: 200,
      body: await writePdf(layOutEvidence(evidence)),
      headers: { 'content-type': 'application/pdf', 'content-disposition': file },
    }
  }),

  bind(readCoverage, async ({ params, query: { limit, cursor }, headers }) => {
    const version = await terms.requireVersion(params.document, params.version)
    const position = readCursor(positionSchema, cursor)
    const counted = position && countNames.map((name, index) => [name, position.counts[index]])
    const counts = counted ? Object.fromEntries(counted) : NOTHING_COUNTED
    const now = new Date()
    const page = await coverages.readPage(version, { after: position?.after, counts, limit }, now)
    const sums = countNames.map((name) => page.counts[name]).join(' ')
    const nextCursor = page.next && writeCursor({ after: page.next, counts: sums })
    const coverage = presentCoverage(version, page, nextCursor)
    const isPdf = wantsType(headers, 'application/pdf')
    if (!isPdf && !wantsType(headers, 'text/csv')) return { status: 200, body: coverage }
    const link: Record<string, string> = nextCursor
      ? { link: `<?${new URLSearchParams({ limit: String(limit), cursor: nextCursor })}>; rel="next"` }
      : {}
    const name = `${params.document}-${params.version}-coverage`
    const headersOf = (contentType: string, ending: string) => ({
      'content-type': contentType,
      'content-disposition': `attachment; filename="${name}.${ending}"`,
      ...link,
    })
    if (isPdf) {
      const about = { title: version.title, preparedAt: now.toISOString() }
      return {
        status: 200,
        body: await writePdf(layOutCoverage(coverage, about)),
        headers: headersOf('application/pdf', 'pdf'),
      }
    }
    return {
      status: 200,
      body: writeCoverageCsv(page.lines),
      headers: headersOf('text/csv; charset=utf-8; header=present', 'csv'),
    }
  }),
)
