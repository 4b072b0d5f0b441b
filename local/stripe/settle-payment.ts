import type Stripe from 'stripe'
import { abandonProcessing, finishProcessing } from './charge-card.ts'
import { findPaymentIntent } from './payment-intents.ts'
import { invalidRequest } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'

/**
 * The end of a payment that is `processing`: its money arrives or does not. A Checkout session tells it by
 * `checkout.session.async_payment_succeeded` or `…_failed` (https://docs.stripe.com/checkout/fulfillment).
 */
export function settlePayment(
  world: StripeWorld,
  paymentIntentId: string,
  outcome: 'succeeds' | 'fails',
): Stripe.PaymentIntent {
  const intent = findPaymentIntent(world, paymentIntentId)
  if (intent.status !== 'processing')
    throw invalidRequest(`The payment ${paymentIntentId} is ${intent.status}, not processing.`)
  const isPaid = outcome === 'succeeds'
  const settled = isPaid ? finishProcessing(world, intent) : abandonProcessing(world, intent)
  const sessions = world.store.list<Stripe.Checkout.Session>('checkout.session', {
    payment_intent: paymentIntentId,
  })
  for (const session of sessions) {
    const after: Stripe.Checkout.Session = { ...session, payment_status: isPaid ? 'paid' : 'unpaid' }
    world.store.put(after)
    world.emit(`checkout.session.async_payment_${isPaid ? 'succeeded' : 'failed'}`, after)
  }
  return settled
}
