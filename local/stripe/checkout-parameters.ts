import { z } from 'zod'
import { address, currency, expand, integer, list, metadata, text } from './read-parameters.ts'

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

/** The parameters of `POST /v1/checkout/sessions` that the stand-in bears out; any other is answered as unknown. */
export const checkoutParameters = z.strictObject({
  cancel_url: address.optional(),
  client_reference_id: text.max(200).optional(),
  customer: text.optional(),
  customer_creation: z.enum(['always', 'if_required']).optional(),
  customer_email: text.max(800).optional(),
  expand,
  expires_at: integer.optional(),
  line_items: list(lineItem),
  locale: text.optional(),
  metadata: metadata.optional(),
  mode: z.enum(['payment']),
  payment_intent_data: z
    .strictObject({
      description: text.optional(),
      metadata: metadata.optional(),
      receipt_email: text.optional(),
      setup_future_usage: z.enum(['off_session', 'on_session']).optional(),
      statement_descriptor_suffix: text.max(22).optional(),
    })
    .optional(),
  payment_method_types: list(z.enum(['card'])).optional(),
  submit_type: z.enum(['auto', 'book', 'donate', 'pay']).optional(),
  success_url: address,
  ui_mode: z.enum(['hosted_page']).optional(),
})

export type CheckoutParameters = z.output<typeof checkoutParameters>
