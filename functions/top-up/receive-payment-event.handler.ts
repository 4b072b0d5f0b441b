import { createAutoTopUpStore } from '../auto-top-up/auto-top-up.store.ts'
import { createCardStore } from '../cards/cards.store.ts'
import { createCardKeeper } from '../cards/keep-card.store.ts'
import { createDisputeStore } from '../disputes/dispute.store.ts'
import { createDisputeFollowing } from '../disputes/follow-dispute.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { createRefundNews } from '../refunds/receive-refund.store.ts'
import { createRefundStore } from '../refunds/refund.store.ts'
import { createRefundSettlement } from '../refunds/settle-refund.store.ts'
import { handNews, type NewsTakers } from './hand-news.ts'
import { createTopUpSettlement } from './settle-top-up.store.ts'
import { createStripeEvents } from './stripe-events.client.ts'
import { stripeProvider } from './stripe-provider.client.ts'
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
const ledger = createLedger({ client, ledgerTable: names.LEDGER_TABLE, waitingTable: names.WAITING_TABLE })
const topUps = createTopUpStore(payments)
const provider = stripeProvider(names.STRIPE_SECRET_NAME, names.STRIPE_API_URL)
const cardKeeper = createCardKeeper({ cards: createCardStore(payments), provider })
const settlement = createTopUpSettlement({ topUps, cards: cardKeeper, ledger })
const disputes = createDisputeFollowing({
  disputes: createDisputeStore(payments),
  topUps,
  ledger,
  settlement,
  provider,
  switchOffAutoTopUp: createAutoTopUpStore(payments).offForDispute,
})

const refundStores = { refunds: createRefundStore(payments), topUps, ledger, provider }
const refundNews = createRefundNews({
  ...refundStores,
  topUpSettlement: settlement,
  settlement: createRefundSettlement(refundStores),
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
