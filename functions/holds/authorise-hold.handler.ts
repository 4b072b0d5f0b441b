import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { createAccess } from '../access/access.store.ts'
import { createAccountStore } from '../accounts/account.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { createRatingStore } from '../prices/rating.store.ts'
import { createTermsGate } from '../terms/terms-gate.store.ts'
import { createAuthorising } from './authorise-hold.store.ts'
import { createHoldStore } from './hold.store.ts'
import { createHoldTimers } from './hold-timer.client.ts'
import { authoriseHold, extendHold } from './holds.api.ts'
import { presentHold } from './present-hold.ts'
import { createSettling } from './settle-hold.store.ts'

const names = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
  'FILES_BUCKET',
  'HOLD_TIMERS_URL',
)
const client = documentClient()
const documents = { client, documentsTable: names.DOCUMENTS_TABLE }
const accounts = createAccountStore(documents)
const access = createAccess(documents)
const ledger = createLedger({ client, ledgerTable: names.LEDGER_TABLE, waitingTable: names.WAITING_TABLE })
const holds = createHoldStore(documents)
const authorising = createAuthorising({
  ledger,
  holds,
  prices: createRatingStore({ ...documents, files: new S3Client({}), filesBucket: names.FILES_BUCKET }),
  terms: createTermsGate(documents),
  settling: createSettling({ ledger, holds, accounts }),
  startTimer: createHoldTimers({ client: new SQSClient({}), queueUrl: names.HOLD_TIMERS_URL }).start,
})
const allowed = { roles: [], staff: true, usage: true }

export const handler = httpHandler(
  bind(authoriseHold, async ({ caller, params, body, idempotencyKey }) => {
    const account = await access.require(caller, params.accountId, allowed)
    const now = new Date()
    const hold = await authorising.authorise({ account, caller, request: body, idempotencyKey, now })
    return { status: 201, body: presentHold(hold) }
  }),
  bind(extendHold, async ({ caller, params, body, idempotencyKey }) => {
    const account = await access.require(caller, params.accountId, allowed)
    const asked = { account, caller, holdId: params.holdId, request: body, idempotencyKey, now: new Date() }
    return { status: 200, body: presentHold(await authorising.extend(asked)) }
  }),
)
