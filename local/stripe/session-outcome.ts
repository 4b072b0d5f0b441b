import type Stripe from 'stripe'

/** What came of a customer's try on a session's page. */
export type SessionOutcome =
  | { kind: 'done'; session: Stripe.Checkout.Session }
  | { kind: 'needs_authentication'; session: Stripe.Checkout.Session }
  | { kind: 'refused'; session: Stripe.Checkout.Session; message: string }
  | { kind: 'not_open'; session: Stripe.Checkout.Session }
