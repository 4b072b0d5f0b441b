import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { createSavedCardStore } from './saved-card.store.ts'
import { createTopUpSettlement } from './settle-top-up.store.ts'
import { createStripeEvents } from './stripe-events.client.ts'
import { readStripeSecret } from './stripe-secret.client.ts'
import { receivePaymentEvent } from './top-up.api.ts'
import { createTopUpStore } from './top-up.store.ts'

const names = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'PAYMENTS_TABLE',
  'STRIPE_SECRET_NAME',
  'STRIPE_API_URL',
)
const client = documentClient()
const payments = { client, paymentsTable: names.PAYMENTS_TABLE }
const settlement = createTopUpSettlement({
  topUps: createTopUpStore(payments),
  cards: createSavedCardStore(payments),
  ledger: createLedger({ client, ledgerTable: names.LEDGER_TABLE, waitingTable: names.WAITING_TABLE }),
})

export const handler = httpHandler(
  bind(receivePaymentEvent, async ({ text, headers }) => {
    const secret = await readStripeSecret(names.STRIPE_SECRET_NAME)
    const event = createStripeEvents({ ...secret, url: names.STRIPE_API_URL }).verify(
      text,
      headers['stripe-signature'] ?? '',
    )
    if (!event.ok)
      throw new Problem(
        'webhook_signature_invalid',
        'The event is not signed by Stripe, or longer ago than 300 seconds.',
      )
    if (event.news?.kind === 'payment') await settlement.receive(event.news, new Date().toISOString())
    else log.info('an event of no interest', { eventId: event.eventId, eventType: event.eventType })
    return { status: 200, body: { received: true } }
  }),
)
