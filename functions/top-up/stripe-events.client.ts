import Stripe from 'stripe'
import { accountIdSchema } from '../accounts/account.ts'
import { invalidField } from '../edge/problem.ts'
import type { ProviderNews, VerifiedEvent } from './payment-provider.ts'
import { newsOfIntent, newsOfSession } from './stripe-news.client.ts'
import { idOf, instantOf, type StripeOptions, stripeOf } from './stripe-sdk.client.ts'

/** How old a signed event may be: https://docs.stripe.com/webhooks#replay-attacks. */
const SIGNATURE_TOLERANCE_SECONDS = 300

/** Checks Stripe's signature over the raw body, and reads what the event says of a payment of ours. */
export function createStripeEvents(options: StripeOptions & { webhookSigningSecret: string }) {
  const stripe = stripeOf(options)

  function verify(body: string, signature: string): VerifiedEvent {
    let event: Stripe.Event
    try {
      event = stripe.webhooks.constructEvent(
        body,
        signature,
        options.webhookSigningSecret,
        SIGNATURE_TOLERANCE_SECONDS,
      )
    } catch (error) {
      if (error instanceof Stripe.errors.StripeSignatureVerificationError || error instanceof SyntaxError)
        return { ok: false }
      throw error
    }
    const { id: eventId, type: eventType, created } = event
    if (!Number.isSafeInteger(created)) throw invalidField('created', 'must be the seconds since 1970')
    return { ok: true, eventId, eventType, occurredAt: instantOf(created), news: newsOf(event) }
  }

  return { verify }
}

/** What an event is about; undefined when it is of none of ours, or says nothing that matters. */
function newsOf(event: Stripe.Event): ProviderNews | undefined {
  switch (event.type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded':
    case 'checkout.session.expired':
      return newsOfSession(event.data.object)
    case 'checkout.session.async_payment_failed': {
      const paid = newsOfSession({ ...event.data.object, payment_status: 'paid' })
      return paid && { ...paid, outcome: 'failed' }
    }
    case 'payment_intent.succeeded':
    case 'payment_intent.payment_failed':
    case 'payment_intent.canceled':
      return newsOfIntent(event.data.object)
    case 'setup_intent.succeeded':
      return cardSaved(event.data.object)
    case 'payment_method.automatically_updated':
    case 'payment_method.updated':
      return cardNews('card_changed', event.data.object)
    case 'payment_method.detached':
      return cardNews('card_gone', event.data.object)
    case 'charge.dispute.created':
    case 'charge.dispute.updated':
    case 'charge.dispute.closed':
    case 'charge.dispute.funds_withdrawn':
    case 'charge.dispute.funds_reinstated': {
      const { id: disputeId, payment_intent } = event.data.object
      const paymentId = idOf(payment_intent)
      return paymentId ? { kind: 'dispute', disputeId, paymentId } : undefined
    }
    case 'charge.refunded':
    case 'charge.refund.updated':
    case 'refund.created':
    case 'refund.updated':
    case 'refund.failed': {
      const paymentId = idOf(event.data.object.payment_intent)
      return paymentId ? { kind: 'refund', paymentId } : undefined
    }
    default:
      return undefined
  }
}

function cardSaved({ metadata, payment_method }: Stripe.SetupIntent): ProviderNews | undefined {
  const accountId = accountIdSchema.safeParse(metadata?.accountId).data
  const paymentMethodId = idOf(payment_method)
  if (!accountId || !paymentMethodId || metadata?.purpose !== 'card') return undefined
  return { kind: 'card_saved', accountId, paymentMethodId }
}

function cardNews(kind: 'card_changed' | 'card_gone', method: Stripe.PaymentMethod): ProviderNews {
  return { kind, paymentMethodId: method.id, customerId: idOf(method.customer) }
}
