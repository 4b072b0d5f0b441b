import { S3Client } from '@aws-sdk/client-s3'
import { createAccess } from '../access/access.store.ts'
import { createAccountStore } from '../accounts/account.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { postingProblem } from '../edge/posting-problem.ts'
import { invalidField, Problem } from '../edge/problem.ts'
import { requestHash } from '../edge/request-id.ts'
import { createHoldStore } from '../holds/hold.store.ts'
import { createSessionRecords } from '../holds/session-record.store.ts'
import { createSettling } from '../holds/settle-hold.store.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { createRatingStore } from '../prices/rating.store.ts'
import { explainEntry } from '../statements/present-entry.ts'
import { createUsageTerms } from '../terms/usage-terms.store.ts'
import { createUsageDeduction } from './deduct-usage.store.ts'
import { createNumberedStore } from './numbered.store.ts'
import { createGapRelease } from './release-gap.store.ts'
import { releaseGap } from './usage.api.ts'

const names = environment('LEDGER_TABLE', 'WAITING_TABLE', 'USAGE_TABLE', 'DOCUMENTS_TABLE', 'FILES_BUCKET')
const client = documentClient()
const tables = {
  client,
  ledgerTable: names.LEDGER_TABLE,
  waitingTable: names.WAITING_TABLE,
  usageTable: names.USAGE_TABLE,
}
const accounts = createAccountStore({ client, documentsTable: names.DOCUMENTS_TABLE })
const access = createAccess({ client, documentsTable: names.DOCUMENTS_TABLE })
const ledger = createLedger(tables)
const numbered = createNumberedStore({ ...tables, ledger })
const prices = createRatingStore({
  client,
  documentsTable: names.DOCUMENTS_TABLE,
  files: new S3Client({}),
  filesBucket: names.FILES_BUCKET,
})
const holds = createHoldStore({ client, documentsTable: names.DOCUMENTS_TABLE })
const sessions = createSessionRecords(holds)
const settling = createSettling({ ledger, holds, accounts })
const terms = createUsageTerms({ client, documentsTable: names.DOCUMENTS_TABLE })
const usage = createUsageDeduction({ ledger, numbered, accounts, prices, sessions, settling, terms })
const releases = createGapRelease({ ledger, numbered })

export const handler = httpHandler(
  bind(releaseGap, async ({ caller, params: { accountId }, body, idempotencyKey }) => {
    const account = await access.require(caller, accountId, { roles: [], staff: true })
    const at = new Date().toISOString()
    const request = { key: `gap-release:${idempotencyKey}`, requestHash: requestHash(body), at }
    const released = await releases.release(accountId, { ...body, actor: caller.actor }, request)
    // Where a process died here, a repeat of the request goes on, and so does another one for the same gap.
    if (released.ok || released.reason === 'nothing_waits')
      await usage.begin(at).takeUp(accountId, body.source)
    if (released.ok) return { status: 201, body: explainEntry(released.entry) }
    switch (released.reason) {
      case 'usage_source_not_found':
        throw new Problem(released.reason, 'It has sent no numbered events to this account.')
      case 'nothing_waits':
        throw new Problem(released.reason, `The last number taken is ${released.last}, and none is missing.`)
      case 'not_missing':
        throw invalidField('through', `must be from ${released.from} to ${released.to}, which are missing`)
      default:
        throw postingProblem(released, account.currency)
    }
  }),
)
