import { z } from 'zod'
import { createAccess } from '../access/access.store.ts'
import { MEMBER_ROLES } from '../accounts/account.ts'
import { readCursor, writeCursor } from '../edge/cursor.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { Problem } from '../edge/problem.ts'
import { wantsType } from '../edge/wants-type.ts'
import { creditAt } from '../ledger/credit-at.ts'
import type { Entry } from '../ledger/entry.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { createCoverage } from '../plans/coverage.store.ts'
import { createPlanStanding } from '../plans/plan-standing.store.ts'
import { type PresentedUsage, presentBatch, presentUsage } from '../usage/present-usage.ts'
import { createUsageStore } from '../usage/usage.store.ts'
import { readUsageDetail, unpackUsageEvents } from '../usage/usage-entry.ts'
import { presentBalance } from './present-balance.ts'
import { explainEntry, presentEntry } from './present-entry.ts'
import { readStatement } from './statement.store.ts'
import { listTransactions, readBalance, readTransaction, sequenceSchema } from './statements.api.ts'
import { writeStatementCsv, writeUsageCsv } from './write-csv.ts'

const { LEDGER_TABLE, WAITING_TABLE, USAGE_TABLE, DOCUMENTS_TABLE, PAYMENTS_TABLE } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'USAGE_TABLE',
  'DOCUMENTS_TABLE',
  'PAYMENTS_TABLE',
)
const client = documentClient()
const access = createAccess({ client, documentsTable: DOCUMENTS_TABLE })
const ledgerTables = { ledgerTable: LEDGER_TABLE, waitingTable: WAITING_TABLE }
const coverages = createCoverage({
  client,
  ...ledgerTables,
  documentsTable: DOCUMENTS_TABLE,
  paymentsTable: PAYMENTS_TABLE,
})
const ledger = createLedgerReader({ client, ...ledgerTables })
const standings = createPlanStanding({ client, documentsTable: DOCUMENTS_TABLE })
const usage = createUsageStore({ client, usageTable: USAGE_TABLE })

const readers = { roles: MEMBER_ROLES, staff: true, despiteTerms: true as const }
const CSV = { 'content-type': 'text/csv; charset=utf-8; header=present' }
/** The events of an entry of usage, in the order in which they were decided. */
async function readEvents(entry: Entry): Promise<PresentedUsage[]> {
  if (entry.packed) return presentBatch(entry)
  const records = await usage.readMany(unpackUsageEvents(readUsageDetail(entry.detail)))
  return records.map(presentUsage)
}

const positionSchema = z.strictObject({ before: sequenceSchema })

export const handler = httpHandler(
  bind(readBalance, async ({ caller, params: { accountId } }) => {
    const account = await access.require(caller, accountId, readers)
    const now = new Date()
    const coverage = await coverages.read(account, now)
    const credit = creditAt(coverage.credit, now.toISOString())
    const standing = await standings.read(account, now, coverage.credit)
    return { status: 200, body: presentBalance(credit, coverage, standing, account.timeZone) }
  }),

  bind(listTransactions, async ({ caller, params: { accountId }, query, headers }) => {
    await access.require(caller, accountId, readers)
    const { limit, cursor, ...filter } = query
    const page = await readStatement(ledger, accountId, filter, {
      limit,
      before: readCursor(positionSchema, cursor)?.before,
    })
    const nextCursor = page.before === undefined ? undefined : writeCursor({ before: page.before.toString() })
    if (!wantsType(headers, 'text/csv')) {
      return { status: 200, body: { transactions: page.entries.map(presentEntry), nextCursor } }
    }
    const next = new URLSearchParams({ limit: String(limit), ...filter, cursor: nextCursor ?? '' })
    const link: Record<string, string> = nextCursor ? { link: `<?${next}>; rel="next"` } : {}
    const file = { 'content-disposition': `attachment; filename="${accountId}.csv"` }
    return { status: 200, body: writeStatementCsv(page.entries), headers: { ...CSV, ...file, ...link } }
  }),

  bind(readTransaction, async ({ caller, params: { accountId, sequence }, headers }) => {
    await access.require(caller, accountId, readers)
    const entry = await ledger.readEntry(accountId, sequence)
    if (!entry) throw new Problem('transaction_not_found', `The account has no transaction ${sequence}.`)
    if (entry.kind !== 'usage') return { status: 200, body: explainEntry(entry) }
    const events = await readEvents(entry)
    if (!wantsType(headers, 'text/csv')) return { status: 200, body: { ...explainEntry(entry), events } }
    const file = { 'content-disposition': `attachment; filename="${accountId}-${sequence}.csv"` }
    return { status: 200, body: writeUsageCsv(events), headers: { ...CSV, ...file } }
  }),
)
