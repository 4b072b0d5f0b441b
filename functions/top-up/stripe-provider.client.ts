import type { PaymentProvider } from './payment-provider.ts'
import { createStripeProvider } from './stripe.client.ts'
import { readStripeSecret } from './stripe-secret.client.ts'

/** The payment provider, made when it is first needed and with the keys of now: most of what we do needs none. */
export function stripeProvider(secretName: string, url: string): () => Promise<PaymentProvider> {
  return async () => {
    const { apiKey } = await readStripeSecret(secretName)
    return createStripeProvider({ apiKey, url })
  }
}
