import type Stripe from 'stripe'
import { z } from 'zod'
import { published } from '../../../local/stripe/published.ts'
import { readParameters } from '../../../local/stripe/read-parameters.ts'

/**
 * What the compiler refuses of the stand-in's parameters, so that it takes none that Stripe does not have: each line below an
 * `@ts-expect-error` is refused, and `npm run types` fails once one of them is not.
 */
const refund = published<Stripe.RefundCreateParams>()
const session = published<Stripe.Checkout.SessionCreateParams>()
const text = z.string()

refund(z.strictObject({ payment_intent: text, metadata: z.record(text, text).optional() }))
// @ts-expect-error Stripe has no such parameter.
refund(z.strictObject({ payment_intent: text, note: text.optional() }))
// @ts-expect-error An amount is a number.
refund(z.strictObject({ amount: text }))

const unknownBelow = z.strictObject({ product: text, note: text.optional() })
// @ts-expect-error Stripe has no such parameter below `payment_intent_data`.
session(z.strictObject({ mode: z.enum(['payment']), payment_intent_data: unknownBelow.optional() }))
// @ts-expect-error Stripe has no such parameter in a line.
session(z.strictObject({ mode: z.enum(['payment']), line_items: z.array(z.strictObject({ note: text })) }))

// @ts-expect-error Stripe requires an amount and a currency.
published<Stripe.PaymentIntentCreateParams>()(z.strictObject({ customer: text }))

// @ts-expect-error No call is read by a schema that was not held to Stripe's.
readParameters(z.strictObject({ payment_intent: text }), {})
