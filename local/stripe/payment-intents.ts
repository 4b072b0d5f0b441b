import type Stripe from 'stripe'
import { z } from 'zod'
import { chargeCard } from './charge-card.ts'
import { requireChargeable, requireCurrency } from './charge-limits.ts'
import { findCustomer } from './customers.ts'
import type { FormFields } from './form-parameters.ts'
import { findUsablePaymentMethod } from './payment-methods.ts'
import {
  address,
  currency,
  expand,
  flag,
  integer,
  list,
  metadata,
  readParameters,
  text,
} from './read-parameters.ts'
import { invalidRequest, noSuch } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'

const createParameters = z.strictObject({
  amount: integer,
  automatic_payment_methods: z
    .strictObject({ allow_redirects: z.enum(['always', 'never']).optional(), enabled: flag })
    .optional(),
  confirm: flag.optional(),
  currency,
  customer: text.optional(),
  description: text.optional(),
  expand,
  metadata: metadata.optional(),
  off_session: flag.optional(),
  payment_method: text.optional(),
  payment_method_types: list(z.enum(['card'])).optional(),
  receipt_email: text.optional(),
  return_url: address.optional(),
  setup_future_usage: z.enum(['off_session', 'on_session']).optional(),
  statement_descriptor_suffix: text.max(22).optional(),
})

type IntentDetails = Omit<
  z.output<typeof createParameters>,
  'expand' | 'confirm' | 'off_session' | 'return_url'
>

const confirmParameters = z.strictObject({
  expand,
  off_session: flag.optional(),
  payment_method: text.optional(),
  receipt_email: text.optional(),
  return_url: address.optional(),
})

const cancelParameters = z.strictObject({
  cancellation_reason: z.enum(['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  expand,
})

/** `POST /v1/payment_intents`, confirmed at once if asked; a refused card answers 402 and the intent stays. */
export function createPaymentIntent(world: StripeWorld, fields: FormFields): Stripe.PaymentIntent {
  const parameters = readParameters(createParameters, fields)
  for (const name of ['off_session', 'return_url'] as const) {
    if (parameters[name] !== undefined && !parameters.confirm) {
      throw invalidRequest(`The parameter \`${name}\` cannot be passed when \`confirm\` is not true.`, name)
    }
  }
  if (parameters.automatic_payment_methods?.enabled && parameters.payment_method_types) {
    throw invalidRequest(
      'You may only specify one of these parameters: automatic_payment_methods, payment_method_types.',
      'automatic_payment_methods',
    )
  }
  requireCurrency(parameters.currency, 'currency')
  requireChargeable(parameters.amount, parameters.currency, 'amount')
  if (parameters.customer) findCustomer(world, parameters.customer, 'customer', 400)
  const methodId =
    parameters.payment_method && usableMethod(world, parameters.payment_method, parameters.customer)
  if (parameters.confirm) requireConfirmable(parameters, methodId)
  const intent = makePaymentIntent(world, { ...parameters, payment_method: methodId })
  if (!parameters.confirm) return intent
  return chargeCard(world, intent, {
    offSession: parameters.off_session ?? false,
    returnUrl: parameters.return_url ?? null,
  })
}

/** A new intent, stored and told by `payment_intent.created`. */
export function makePaymentIntent(world: StripeWorld, details: IntentDetails): Stripe.PaymentIntent {
  const id = world.newId('pi')
  const isAutomatic = details.automatic_payment_methods?.enabled ?? !details.payment_method_types
  const intent: Stripe.PaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
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

/** `GET /v1/payment_intents/:id`. */
export function retrievePaymentIntent(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.PaymentIntent {
  readParameters(z.strictObject({ client_secret: text.optional(), expand }), fields)
  return findPaymentIntent(world, id)
}

/** `POST /v1/payment_intents/:id/confirm`. */
export function confirmPaymentIntent(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.PaymentIntent {
  const parameters = readParameters(confirmParameters, fields)
  const intent = findPaymentIntent(world, id)
  requireStatus(intent, 'confirm', ['requires_payment_method', 'requires_confirmation', 'requires_action'])
  const customer = typeof intent.customer === 'string' ? intent.customer : undefined
  const methodId = parameters.payment_method
    ? usableMethod(world, parameters.payment_method, customer)
    : (intent.payment_method as string | null)
  const withMethod: Stripe.PaymentIntent = {
    ...intent,
    payment_method: methodId,
    receipt_email: parameters.receipt_email ?? intent.receipt_email,
  }
  requireConfirmable({ ...parameters, ...redirectsOf(intent) }, methodId ?? undefined)
  world.store.put(withMethod)
  return chargeCard(world, withMethod, {
    offSession: parameters.off_session ?? false,
    returnUrl: parameters.return_url ?? null,
  })
}

/** `POST /v1/payment_intents/:id/cancel`; a payment that went through cannot be cancelled. */
export function cancelPaymentIntent(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.PaymentIntent {
  const parameters = readParameters(cancelParameters, fields)
  const intent = findPaymentIntent(world, id)
  requireStatus(intent, 'cancel', ['requires_payment_method', 'requires_confirmation', 'requires_action'])
  return markCanceled(world, intent, parameters.cancellation_reason ?? null)
}

/** Ends an intent that was not paid, and tells it by `payment_intent.canceled`. */
export function markCanceled(
  world: StripeWorld,
  intent: Stripe.PaymentIntent,
  reason: Stripe.PaymentIntent.CancellationReason | null,
): Stripe.PaymentIntent {
  const canceled: Stripe.PaymentIntent = {
    ...intent,
    status: 'canceled',
    canceled_at: world.nowSeconds(),
    cancellation_reason: reason,
    next_action: null,
  }
  world.store.put(canceled)
  world.emit('payment_intent.canceled', canceled)
  return canceled
}

/** The intent, or the 404 that there is none. */
export function findPaymentIntent(world: StripeWorld, id: string): Stripe.PaymentIntent {
  const intent = world.store.get<Stripe.PaymentIntent>('payment_intent', id)
  if (!intent) throw noSuch('payment_intent', id, 'intent')
  return intent
}

function usableMethod(world: StripeWorld, id: string, customer: string | undefined): string {
  const method = findUsablePaymentMethod(world, id, 400)
  if (method.customer !== null && method.customer !== customer) {
    throw invalidRequest(
      `The PaymentMethod ${method.id} belongs to a Customer. Please include that Customer in the \`customer\` parameter on the PaymentIntent.`,
      'payment_method',
    )
  }
  return method.id
}

interface Confirmation {
  automatic_payment_methods?: { enabled: boolean; allow_redirects?: 'always' | 'never' }
  payment_method_types?: unknown[]
  off_session?: boolean
  return_url?: string
}

function requireConfirmable(confirmation: Confirmation, methodId: string | undefined): void {
  if (!methodId) {
    throw invalidRequest(
      "You cannot confirm this PaymentIntent because it's missing a payment method. Update it with a payment method, or pass `payment_method`.",
      'payment_method',
      'payment_intent_unexpected_state',
    )
  }
  const isAutomatic = confirmation.automatic_payment_methods?.enabled ?? !confirmation.payment_method_types
  const mayRedirect = isAutomatic && confirmation.automatic_payment_methods?.allow_redirects !== 'never'
  if (mayRedirect && !confirmation.off_session && !confirmation.return_url) {
    throw invalidRequest(
      'This PaymentIntent may use payment methods that redirect your customer, so you must provide a `return_url`, or set `automatic_payment_methods[allow_redirects]` to `never`.',
      'return_url',
    )
  }
}

function redirectsOf(intent: Stripe.PaymentIntent): Pick<Confirmation, 'automatic_payment_methods'> {
  const automatic = intent.automatic_payment_methods
  return {
    automatic_payment_methods: {
      enabled: automatic?.enabled ?? false,
      allow_redirects: automatic?.allow_redirects === 'never' ? 'never' : 'always',
    },
  }
}

function requireStatus(intent: Stripe.PaymentIntent, verb: string, allowed: string[]): void {
  if (allowed.includes(intent.status)) return
  throw invalidRequest(
    `You cannot ${verb} this PaymentIntent because it has a status of ${intent.status}.`,
    undefined,
    'payment_intent_unexpected_state',
  )
}
