import { createAccess } from '../access/access.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { stripeProvider } from '../top-up/stripe-provider.client.ts'
import { presentRefund } from './present-refund.ts'
import { createRefunding } from './refunding.store.ts'
import { requestRefund } from './refunds.api.ts'

const names = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
  'PAYMENTS_TABLE',
  'STRIPE_SECRET_NAME',
  'STRIPE_API_URL',
)
const client = documentClient()
const access = createAccess({ client, documentsTable: names.DOCUMENTS_TABLE })
const refunding = createRefunding({
  client,
  ledgerTable: names.LEDGER_TABLE,
  waitingTable: names.WAITING_TABLE,
  paymentsTable: names.PAYMENTS_TABLE,
  provider: stripeProvider(names.STRIPE_SECRET_NAME, names.STRIPE_API_URL),
})

export const handler = httpHandler(
  bind(requestRefund, async ({ caller, params, body, idempotencyKey }) => {
    const account = await access.require(caller, params.accountId, { roles: [], staff: true })
    const refund = await refunding.request({
      account,
      topUpId: params.topUpId,
      request: body,
      idempotencyKey,
      actor: caller.actor,
      now: new Date(),
    })
    return { status: 201, body: presentRefund(refund, caller.kind) }
  }),
)
