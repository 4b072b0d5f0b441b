import type Stripe from 'stripe'
import type { CheckoutParameters } from './checkout-parameters.ts'
import type { StripeWorld } from './stripe-world.ts'

export interface SessionTerms {
  currency: string | null
  /** In the currency's minor units; null when nothing is paid. */
  total: number | null
  /** In `setup` mode the intent is there from the beginning. */
  setupIntentId: string | null
  createdAt: number
  expiresAt: number
}

/** A new open session in the shape of Stripe's object; a payment's intent comes into being when the customer first pays. */
export function newSession(
  world: StripeWorld,
  parameters: CheckoutParameters,
  terms: SessionTerms,
): Stripe.Checkout.Session {
  const id = world.newId('cs_test')
  return {
    id,
    object: 'checkout.session',
    adaptive_pricing: parameters.adaptive_pricing ?? null,
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: parameters.allowed_payment_method_types ?? null,
    amount_subtotal: terms.total,
    amount_total: terms.total,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: parameters.cancel_url ?? null,
    client_reference_id: parameters.client_reference_id ?? null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: terms.createdAt,
    currency: terms.currency,
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer: parameters.customer ?? null,
    customer_account: null,
    customer_creation: parameters.customer ? null : (parameters.customer_creation ?? 'if_required'),
    customer_details: null,
    customer_email: parameters.customer_email ?? null,
    discounts: [],
    expires_at: terms.expiresAt,
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: parameters.locale ?? null,
    managed_payments: null,
    metadata: parameters.metadata ?? {},
    mode: parameters.mode,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: parameters.mode === 'setup' ? 'always' : 'if_required',
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    payment_status: parameters.mode === 'setup' ? 'no_payment_required' : 'unpaid',
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: terms.setupIntentId,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: 'open',
    submit_type: parameters.submit_type ?? null,
    subscription: null,
    success_url: parameters.success_url,
    total_details: terms.total === null ? null : { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: 'hosted_page',
    url: `${world.url}/c/pay/${id}`,
    wallet_options: null,
  }
}
