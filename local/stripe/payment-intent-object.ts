import type Stripe from 'stripe'
import type { StripeWorld } from './stripe-world.ts'

/** What makes a payment intent, as the parameters of `POST /v1/payment_intents` name it. */
export interface IntentDetails {
  allowed_payment_method_types?: string[]
  amount: number
  automatic_payment_methods?: { allow_redirects?: 'always' | 'never'; enabled: boolean }
  currency: string
  customer?: string
  description?: string
  metadata?: Record<string, string>
  payment_method?: string
  receipt_email?: string
  setup_future_usage?: 'off_session' | 'on_session'
  statement_descriptor_suffix?: string
  /** A Checkout session pays by card alone. */
  isCardAlone?: true
}

/** A new intent, stored and told by `payment_intent.created`. */
export function makePaymentIntent(world: StripeWorld, details: IntentDetails): Stripe.PaymentIntent {
  const id = world.newId('pi')
  const isAutomatic = details.automatic_payment_methods?.enabled ?? !details.isCardAlone
  const intent: Stripe.PaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: details.allowed_payment_method_types ?? null,
    amount: details.amount,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: isAutomatic
      ? { allow_redirects: details.automatic_payment_methods?.allow_redirects ?? 'always', enabled: true }
      : null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${world.newId('x').slice(2)}`,
    confirmation_method: 'automatic',
    created: world.nowSeconds(),
    currency: details.currency,
    customer: details.customer ?? null,
    customer_account: null,
    description: details.description ?? null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: details.metadata ?? {},
    next_action: null,
    on_behalf_of: null,
    payment_method: details.payment_method ?? null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: details.receipt_email ?? null,
    review: null,
    setup_future_usage: details.setup_future_usage ?? null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: details.statement_descriptor_suffix ?? null,
    status: details.payment_method ? 'requires_confirmation' : 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  }
  world.store.put(intent)
  world.emit('payment_intent.created', intent)
  return intent
}
