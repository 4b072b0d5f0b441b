import type Stripe from 'stripe'
import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import type { PaymentNews, PaymentOwner } from './payment-provider.ts'
import { idOf } from './stripe-sdk.client.ts'
import { topUpIdSchema } from './top-up.ts'
import { fromProviderAmount } from './top-up-amount.ts'

/** What a payment is for is fixed when it is made: one that was made for anything else never becomes credit. */
export const PURPOSE = 'top_up'

const ownMetadataSchema = z
  .object({ accountId: accountIdSchema, topUpId: topUpIdSchema, purpose: z.literal(PURPOSE) })
  .transform(({ accountId, topUpId }): PaymentOwner => ({ accountId, topUpId }))

/** Which top-up an object of Stripe's was made for; undefined when for none of ours. */
export function ownerOf(metadata: Stripe.Metadata | null): PaymentOwner | undefined {
  return ownMetadataSchema.safeParse(metadata).data
}

/** What a payment page says of its top-up; undefined while it is open, or is of none of ours. */
export function newsOfSession(session: Stripe.Checkout.Session): PaymentNews | undefined {
  const owner = ownerOf(session.metadata)
  const outcome = outcomeOfSession(session)
  if (!owner || !outcome || session.amount_total === null || !session.currency) return undefined
  const currency = session.currency.toUpperCase()
  return {
    kind: 'payment',
    ...owner,
    outcome,
    about: 'session',
    sessionId: session.id,
    paymentId: idOf(session.payment_intent),
    amountMicros: fromProviderAmount(session.amount_total, currency),
    currency,
  }
}

function outcomeOfSession({
  status,
  payment_status,
}: Stripe.Checkout.Session): PaymentNews['outcome'] | undefined {
  if (payment_status === 'paid') return 'paid'
  return status === 'expired' ? 'expired' : undefined
}

/** What a payment says of its top-up; undefined while it is open, or is of none of ours. */
export function newsOfIntent(intent: Stripe.PaymentIntent): PaymentNews | undefined {
  const owner = ownerOf(intent.metadata)
  const outcome = outcomeOfIntent(intent)
  if (!owner || !outcome) return undefined
  const currency = intent.currency.toUpperCase()
  const [customerId, paymentMethodId] = [idOf(intent.customer), idOf(intent.payment_method)]
  const isKept =
    intent.setup_future_usage !== null && customerId !== undefined && paymentMethodId !== undefined
  const failure = intent.last_payment_error
  return {
    kind: 'payment',
    ...owner,
    outcome,
    about: 'payment',
    paymentId: intent.id,
    amountMicros: fromProviderAmount(outcome === 'paid' ? intent.amount_received : intent.amount, currency),
    currency,
    ...(outcome === 'failed' && { failureCode: failure?.decline_code ?? failure?.code ?? intent.status }),
    ...(isKept && { card: { customerId, paymentMethodId } }),
  }
}

function outcomeOfIntent({
  status,
  last_payment_error,
}: Stripe.PaymentIntent): PaymentNews['outcome'] | undefined {
  if (status === 'succeeded') return 'paid'
  if (status === 'canceled') return 'failed'
  return status === 'requires_payment_method' && last_payment_error ? 'failed' : undefined
}
