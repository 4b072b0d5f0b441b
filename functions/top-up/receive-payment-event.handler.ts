import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import { createPaymentFollowing } from './follow-payments.store.ts'
import { handNews, type NewsTakers } from './hand-news.ts'
import { createStripeEvents } from './stripe-events.client.ts'
import { stripeProvider } from './stripe-provider.client.ts'
import { readStripeSecret } from './stripe-secret.client.ts'
import { receivePaymentEvent } from './top-up.api.ts'

const names = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'PAYMENTS_TABLE',
  'STRIPE_SECRET_NAME',
  'STRIPE_API_URL',
)
const { settlement, cardKeeper, disputes, refundNews } = createPaymentFollowing({
  client: documentClient(),
  ledgerTable: names.LEDGER_TABLE,
  waitingTable: names.WAITING_TABLE,
  paymentsTable: names.PAYMENTS_TABLE,
  provider: stripeProvider(names.STRIPE_SECRET_NAME, names.STRIPE_API_URL),
})

/** A line for each kind of news and the capability that takes it. */
const takers: NewsTakers = {
  payment: settlement.receive,
  card_saved: cardKeeper.keep,
  card_changed: cardKeeper.refresh,
  card_gone: cardKeeper.refresh,
  dispute: disputes.receive,
  refund: refundNews.receive,
}

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
    const { eventId, eventType, news } = event
    if (!news) log.info('an event of no interest', { eventId, eventType })
    else if (!(await handNews(takers, news, new Date().toISOString())))
      log.info('an event that nobody takes', { eventId, eventType, kind: news.kind })
    return { status: 200, body: { received: true } }
  }),
)
