import { S3Client } from '@aws-sdk/client-s3'
import { createAccess } from '../access/access.store.ts'
import { createAccountStore } from '../accounts/account.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { createHoldStore } from '../holds/hold.store.ts'
import { createSettling } from '../holds/settle-hold.store.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { createRatingStore } from '../prices/rating.store.ts'
import { createTermsGate } from '../terms/terms-gate.store.ts'
import { createCharging } from './charge-now.store.ts'
import { chargeNow, presentCharge } from './charges.api.ts'

const names = environment('LEDGER_TABLE', 'WAITING_TABLE', 'DOCUMENTS_TABLE', 'FILES_BUCKET')
const client = documentClient()
const documents = { client, documentsTable: names.DOCUMENTS_TABLE }
const accounts = createAccountStore(documents)
const access = createAccess(documents)
// A charge is known by its key and writes no usage event, so this function has no right to that table.
const ledger = createLedger({ client, ledgerTable: names.LEDGER_TABLE, waitingTable: names.WAITING_TABLE })
const charging = createCharging({
  ledger,
  prices: createRatingStore({ ...documents, files: new S3Client({}), filesBucket: names.FILES_BUCKET }),
  terms: createTermsGate(documents),
  settling: createSettling({ ledger, holds: createHoldStore(documents), accounts }),
})

export const handler = httpHandler(
  bind(chargeNow, async ({ caller, params, body, idempotencyKey }) => {
    const account = await access.require(caller, params.accountId, {
      roles: [],
      staff: true,
      usage: true,
    })
    const entry = await charging.charge({ account, caller, request: body, idempotencyKey, now: new Date() })
    return { status: 201, body: presentCharge(entry) }
  }),
)
