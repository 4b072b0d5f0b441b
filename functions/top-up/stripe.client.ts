import type { PaymentProvider } from './payment-provider.ts'
import { createStripeCards } from './stripe-cards.client.ts'
import { createStripeDisputes } from './stripe-disputes.client.ts'
import { createStripePayments } from './stripe-payments.client.ts'
import { createStripeRefunds } from './stripe-refunds.client.ts'
import { type StripeOptions, stripeOf } from './stripe-sdk.client.ts'
import { createStripeUntold } from './stripe-untold.client.ts'

/** Stripe as our payment provider. Another one is another file like this one. */
export function createStripeProvider(options: StripeOptions): PaymentProvider {
  const stripe = stripeOf(options)
  return {
    ...createStripePayments(stripe),
    ...createStripeCards(stripe),
    ...createStripeRefunds(stripe),
    ...createStripeDisputes(stripe),
    ...createStripeUntold(stripe),
  }
}
