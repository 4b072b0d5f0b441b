import type Stripe from 'stripe'
import { z } from 'zod'
import { published } from './published.ts'
import { address, currency, expand, integer, list, metadata, text } from './read-parameters.ts'
import { invalidRequest } from './stripe-problem.ts'

const priceData = z.strictObject({
  currency,
  product_data: z.strictObject({
    description: text.optional(),
    metadata: metadata.optional(),
    name: text,
  }),
  unit_amount: integer.pipe(z.number().min(0, 'parameter_invalid_integer')),
})

const lineItem = z.strictObject({
  price_data: priceData,
  quantity: integer.pipe(z.number().min(1, 'parameter_invalid_integer')).optional(),
})

/**
 * The parameters of `POST /v1/checkout/sessions` that the stand-in bears out; any other is answered as unknown. What
 * belongs to one mode alone is checked by `requireFitsMode`.
 */
export const checkoutParameters = published<Stripe.Checkout.SessionCreateParams>()(
  z.strictObject({
    // Nothing is ever presented in another currency here, so that asking for it is refused.
    adaptive_pricing: z.strictObject({ enabled: z.literal('false').transform(() => false) }).optional(),
    allowed_payment_method_types: list(z.enum(['card'])).optional(),
    cancel_url: address.optional(),
    client_reference_id: text.max(200).optional(),
    currency: currency.optional(),
    customer: text.optional(),
    customer_creation: z.enum(['always', 'if_required']).optional(),
    customer_email: text.max(800).optional(),
    expand,
    expires_at: integer.optional(),
    line_items: list(lineItem).optional(),
    locale: text.optional(),
    metadata: metadata.optional(),
    mode: z.enum(['payment', 'setup']),
    payment_intent_data: z
      .strictObject({
        description: text.optional(),
        metadata: metadata.optional(),
        receipt_email: text.optional(),
        setup_future_usage: z.enum(['off_session', 'on_session']).optional(),
        statement_descriptor_suffix: text.max(22).optional(),
      })
      .optional(),
    setup_intent_data: z
      .strictObject({ description: text.optional(), metadata: metadata.optional() })
      .optional(),
    submit_type: z.enum(['auto', 'book', 'donate', 'pay']).optional(),
    success_url: address,
    ui_mode: z.enum(['hosted_page']).optional(),
  }),
)

/** Parameters that one mode alone knows (https://docs.stripe.com/api/checkout/sessions/create). */
const OF_ONE_MODE = {
  line_items: 'payment',
  payment_intent_data: 'payment',
  setup_intent_data: 'setup',
  submit_type: 'payment',
} as const

/** Refuses what the session's mode does not know, and what it needs and has not got. */
export function requireFitsMode(parameters: CheckoutParameters): void {
  const { mode } = parameters
  for (const [name, onlyMode] of Object.entries(OF_ONE_MODE)) {
    if (mode === onlyMode || parameters[name as keyof typeof OF_ONE_MODE] === undefined) continue
    throw invalidRequest(`You can not pass \`${name}\` in \`${mode}\` mode.`, name)
  }
  if (mode === 'payment' && !parameters.line_items) throw missing('line_items')
  if (mode === 'setup' && !parameters.currency && !parameters.allowed_payment_method_types)
    throw missing('currency')
}

function missing(name: string) {
  return invalidRequest(`Missing required param: ${name}.`, name, 'parameter_missing')
}

export type CheckoutParameters = z.output<typeof checkoutParameters>
