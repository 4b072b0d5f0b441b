import type Stripe from 'stripe'
import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import type { PaymentNews, PaymentOwner } from './payment-provider.ts'
import { idOf, referenceSchema, stripeIdSchema } from './stripe-sdk.client.ts'
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

const metadataSchema = z.record(z.string(), z.string()).nullable()
const minorUnitsSchema = z.int().min(0)

/** What is read of a payment page: https://docs.stripe.com/api/checkout/sessions/object */
export const sessionSchema = z.object({
  id: stripeIdSchema,
  metadata: metadataSchema,
  status: z.string().nullish(),
  payment_status: z.string(),
  payment_intent: referenceSchema,
  amount_total: minorUnitsSchema.nullable(),
  currency: z.string().nullable(),
})

/** What is read of a payment: https://docs.stripe.com/api/payment_intents/object */
export const intentSchema = z.object({
  id: stripeIdSchema,
  metadata: metadataSchema,
  status: z.string(),
  amount: minorUnitsSchema,
  amount_received: minorUnitsSchema,
  currency: z.string(),
  customer: referenceSchema,
  payment_method: referenceSchema,
  setup_future_usage: z.string().nullish(),
  last_payment_error: z.object({ code: z.string().nullish(), decline_code: z.string().nullish() }).nullish(),
})

/**
 * What a payment page says of its top-up; undefined while it is open, or is of none of ours. A page that is complete and not
 * paid waits for a bank (https://docs.stripe.com/payments/checkout/fulfill-orders#delayed-notification): what came of it is
 * told by its own event, or by its payment.
 */
export function newsOfSession(
  session: z.output<typeof sessionSchema>,
  outcome = outcomeOfSession(session),
): PaymentNews | undefined {
  const owner = ownerOf(session.metadata)
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
}: z.output<typeof sessionSchema>): PaymentNews['outcome'] | undefined {
  if (payment_status === 'paid') return 'paid'
  return status === 'expired' ? 'expired' : undefined
}

/** What a payment says of its top-up; undefined while it is open, or is of none of ours. */
export function newsOfIntent(
  intent: z.output<typeof intentSchema>,
  outcome = outcomeOfIntent(intent),
): PaymentNews | undefined {
  const owner = ownerOf(intent.metadata)
  if (!owner || !outcome) return undefined
  const currency = intent.currency.toUpperCase()
  const [customerId, paymentMethodId] = [idOf(intent.customer), idOf(intent.payment_method)]
  const isKept =
    Boolean(intent.setup_future_usage) && customerId !== undefined && paymentMethodId !== undefined
  return {
    kind: 'payment',
    ...owner,
    outcome,
    about: 'payment',
    paymentId: intent.id,
    amountMicros: fromProviderAmount(outcome === 'paid' ? intent.amount_received : intent.amount, currency),
    currency,
    ...(outcome === 'failed' && { failureCode: failureCodeOf(intent) }),
    ...(isKept && { card: { customerId, paymentMethodId } }),
  }
}

type Progress = Pick<z.output<typeof intentSchema>, 'status' | 'last_payment_error'>

/** What came of a payment; undefined while somebody may still do something about it. */
export function outcomeOfIntent({
  status,
  last_payment_error,
}: Progress): PaymentNews['outcome'] | undefined {
  if (status === 'succeeded') return 'paid'
  if (status === 'canceled') return 'failed'
  return status === 'requires_payment_method' && last_payment_error ? 'failed' : undefined
}

/**
 * Whether a payment waits for somebody to do something (https://docs.stripe.com/payments/paymentintents/lifecycle), or is
 * canceled: without its payer there, as by a saved card, it comes to nothing.
 */
export function isDeadEnd({ status }: Pick<Progress, 'status'>): boolean {
  return status === 'requires_action' || status === 'requires_payment_method' || status === 'canceled'
}

export function failureCodeOf({ status, last_payment_error: failure }: Progress): string {
  if (status === 'requires_action') return 'authentication_required'
  return failure?.decline_code ?? failure?.code ?? status
}
