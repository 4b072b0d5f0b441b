import { createAccess } from '../access/access.store.ts'
import { dayOf } from '../accounts/local-day.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { stripeProvider } from '../top-up/stripe-provider.client.ts'
import { topUpLink } from '../top-up/top-up-link.ts'
import { chooseCardRole, removeCard, saveCard } from './cards.api.ts'
import { createCardStore } from './cards.store.ts'
import { createCardChanges } from './change-cards.store.ts'
import { createCardSetup } from './open-card-setup.store.ts'
import { presentCards } from './present-cards.ts'

const names = environment(
  'DOCUMENTS_TABLE',
  'PAYMENTS_TABLE',
  'STRIPE_SECRET_NAME',
  'STRIPE_API_URL',
  'PORTAL_URL',
)
const client = documentClient()
const access = createAccess({ client, documentsTable: names.DOCUMENTS_TABLE })
const cards = createCardStore({ client, paymentsTable: names.PAYMENTS_TABLE })
const provider = stripeProvider(names.STRIPE_SECRET_NAME, names.STRIPE_API_URL)
const setup = createCardSetup({ cards, provider })
const changes = createCardChanges({ cards, provider })
const changers = { roles: ['owner', 'billing'] as const }

export const handler = httpHandler(
  bind(saveCard, async ({ caller, params, idempotencyKey }) => {
    const { accountId, currency } = await access.require(caller, params.accountId, changers)
    const returnUrl = topUpLink(names.PORTAL_URL, accountId, { currency })
    const at = new Date().toISOString()
    return { status: 201, body: await setup.open({ accountId, idempotencyKey, returnUrl, at }) }
  }),

  bind(chooseCardRole, async ({ caller, params, body }) => {
    const { accountId, timeZone } = await access.require(caller, params.accountId, changers)
    const at = new Date().toISOString()
    const changed = await changes.chooseRole({
      accountId,
      paymentMethodId: params.paymentMethodId,
      role: body.role,
      at,
    })
    return { status: 200, body: presentCards(changed, dayOf(at, timeZone)) }
  }),

  bind(removeCard, async ({ caller, params }) => {
    const { accountId } = await access.require(caller, params.accountId, { ...changers, despiteTerms: true })
    await changes.remove({ accountId, paymentMethodId: params.paymentMethodId, at: new Date().toISOString() })
    return { status: 204 }
  }),
)
