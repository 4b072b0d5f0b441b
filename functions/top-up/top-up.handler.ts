import { createAccess } from '../access/access.store.ts'
import { createCardStore } from '../cards/cards.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { createTermsGate } from '../terms/terms-gate.store.ts'
import { answerStarted } from './present-top-up.ts'
import { createTopUpStarter } from './start-top-up.store.ts'
import { stripeProvider } from './stripe-provider.client.ts'
import { createTopUp } from './top-up.api.ts'
import { createTopUpStore } from './top-up.store.ts'

const names = environment(
  'LEDGER_TABLE',
  'DOCUMENTS_TABLE',
  'PAYMENTS_TABLE',
  'STRIPE_SECRET_NAME',
  'STRIPE_API_URL',
  'PORTAL_URL',
)
const client = documentClient()
const documents = { client, documentsTable: names.DOCUMENTS_TABLE }
const payments = { client, paymentsTable: names.PAYMENTS_TABLE }
const access = createAccess(documents)
const starter = createTopUpStarter({
  topUps: createTopUpStore(payments),
  cards: createCardStore(payments),
  ledger: createLedgerReader({ client, ledgerTable: names.LEDGER_TABLE }),
  terms: createTermsGate(documents),
  provider: stripeProvider(names.STRIPE_SECRET_NAME, names.STRIPE_API_URL),
  portalUrl: names.PORTAL_URL.replace(/\/$/, ''),
})

export const handler = httpHandler(
  bind(createTopUp, async ({ caller, params, body, idempotencyKey }) => {
    const account = await access.require(caller, params.accountId, {
      roles: ['owner', 'billing'],
      staff: true,
      // A payment that was begun is told how it stands, whatever waits since; a new one asks for the terms itself.
      despiteTerms: true,
    })
    const topUp = await starter.start({
      account,
      request: body,
      idempotencyKey,
      actor: caller.actor,
      now: new Date(),
    })
    return { status: 201, body: answerStarted(topUp) }
  }),
)
