import type Stripe from 'stripe'
import type { StripeWorld } from './stripe-world.ts'

/**
 * The customer has done their part: the session is `complete`, told by `checkout.session.completed`. Its payment may be
 * under way still; then `payment_status` is `unpaid` until `async_payment_succeeded`
 * (https://docs.stripe.com/checkout/fulfillment).
 */
export function completeSession(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  intent: Stripe.PaymentIntent | Stripe.SetupIntent,
): Stripe.Checkout.Session {
  const isPaid = intent.object === 'payment_intent' && intent.status === 'succeeded'
  const completed: Stripe.Checkout.Session = {
    ...session,
    customer: intent.customer,
    customer_details: {
      address: null,
      business_name: null,
      email: session.customer_email,
      individual_name: null,
      name: null,
      phone: null,
      tax_exempt: 'none',
      tax_ids: [],
    },
    payment_status: isPaid ? 'paid' : session.payment_status,
    status: 'complete',
    url: null,
  }
  world.store.put(completed)
  world.emit('checkout.session.completed', completed)
  return completed
}
