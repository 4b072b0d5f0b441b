import { requireAccess } from '../accounts/access.store.ts'
import { createAccountStore } from '../accounts/account.store.ts'
import { createAutoTopUpStore } from '../auto-top-up/auto-top-up.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { stripeProvider } from '../top-up/stripe-provider.client.ts'
import { createTopUpStore } from '../top-up/top-up.store.ts'
import { createRefundBeginning } from './begin-refund.store.ts'
import { createRefundApproval } from './decide-refund.store.ts'
import { presentRefund } from './present-refund.ts'
import { createRefundStore } from './refund.store.ts'
import { approveRefund } from './refunds.api.ts'
import { createRefundSettlement } from './settle-refund.store.ts'

const names = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
  'PAYMENTS_TABLE',
  'STRIPE_SECRET_NAME',
  'STRIPE_API_URL',
)
const client = documentClient()
const payments = { client, paymentsTable: names.PAYMENTS_TABLE }
const accounts = createAccountStore({ client, documentsTable: names.DOCUMENTS_TABLE })
const ledger = createLedger({ client, ledgerTable: names.LEDGER_TABLE, waitingTable: names.WAITING_TABLE })
const stores = { refunds: createRefundStore(payments), topUps: createTopUpStore(payments), ledger }
const settlement = createRefundSettlement({
  ...stores,
  provider: stripeProvider(names.STRIPE_SECRET_NAME, names.STRIPE_API_URL),
})
const beginning = createRefundBeginning({
  ...stores,
  settlement,
  autoTopUps: createAutoTopUpStore(payments),
})
const approve = createRefundApproval({ ...stores, beginning, settlement })

export const handler = httpHandler(
  bind(approveRefund, async ({ caller, params: { accountId, topUpId, refundId } }) => {
    const account = await requireAccess(accounts, caller, accountId, { roles: [], staff: true })
    const refund = await approve({ account, topUpId, refundId, actor: caller.actor, now: new Date() })
    return { status: 200, body: presentRefund(refund, caller.kind) }
  }),
)
