import type Stripe from 'stripe'
import { z } from 'zod'
import { chargeCard } from './charge-card.ts'
import { requireChargeable, requireCurrency } from './charge-limits.ts'
import { findCustomer } from './customers.ts'
import type { FormFields } from './form-parameters.ts'
import { createdFilter, pageOf, pageParameters, type StripeList } from './list-objects.ts'
import { makePaymentIntent } from './payment-intent-object.ts'
import { findUsablePaymentMethod } from './payment-methods.ts'
import { published } from './published.ts'
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

const createParameters = published<Stripe.PaymentIntentCreateParams>()(
  z.strictObject({
    allowed_payment_method_types: list(z.enum(['card'])).optional(),
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
    receipt_email: text.optional(),
    return_url: address.optional(),
    setup_future_usage: z.enum(['off_session', 'on_session']).optional(),
    statement_descriptor_suffix: text.max(22).optional(),
  }),
)

const confirmParameters = published<Stripe.PaymentIntentConfirmParams>()(
  z.strictObject({
    expand,
    off_session: flag.optional(),
    payment_method: text.optional(),
    receipt_email: text.optional(),
    return_url: address.optional(),
  }),
)

const retrieveParameters = published<Stripe.PaymentIntentRetrieveParams>()(
  z.strictObject({ client_secret: text.optional(), expand }),
)

const listParameters = published<Stripe.PaymentIntentListParams>()(
  z.strictObject({
    ...pageParameters,
    created: createdFilter,
    customer: text.optional(),
  }),
)

const cancelParameters = published<Stripe.PaymentIntentCancelParams>()(
  z.strictObject({
    cancellation_reason: z.enum(['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer']).optional(),
    expand,
  }),
)

/** `POST /v1/payment_intents`, confirmed at once if asked; a refused card answers 402 and the intent stays. */
export function createPaymentIntent(world: StripeWorld, fields: FormFields): Stripe.PaymentIntent {
  const parameters = readParameters(createParameters, fields)
  for (const name of ['off_session', 'return_url'] as const) {
    if (parameters[name] !== undefined && !parameters.confirm) {
      throw invalidRequest(`The parameter \`${name}\` cannot be passed when \`confirm\` is not true.`, name)
    }
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

/** `GET /v1/payment_intents/:id`. */
export function retrievePaymentIntent(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.PaymentIntent {
  readParameters(retrieveParameters, fields)
  return findPaymentIntent(world, id)
}

/** `GET /v1/payment_intents`: by customer and time, newest first. */
export function listPaymentIntents(world: StripeWorld, fields: FormFields): StripeList<Stripe.PaymentIntent> {
  const { customer, ...page } = readParameters(listParameters, fields)
  if (customer) findCustomer(world, customer, 'customer', 400)
  const intents = world.store.list<Stripe.PaymentIntent>('payment_intent', customer ? { customer } : {})
  return pageOf(intents, page, '/v1/payment_intents', 'payment_intent')
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

/**
 * `POST /v1/payment_intents/:id/cancel`; a payment that went through or is under way cannot be cancelled, nor can that of a
 * Checkout session, which is expired instead (https://docs.stripe.com/api/payment_intents/cancel).
 */
export function cancelPaymentIntent(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.PaymentIntent {
  const parameters = readParameters(cancelParameters, fields)
  const intent = findPaymentIntent(world, id)
  requireNoSession(world, intent)
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

function requireNoSession(world: StripeWorld, intent: Stripe.PaymentIntent): void {
  const sessions = world.store.list<Stripe.Checkout.Session>('checkout.session', {
    payment_intent: intent.id,
  })
  if (sessions.length === 0) return
  throw invalidRequest(
    'You cannot cancel this PaymentIntent because it was created by Checkout. Expire the Checkout Session instead.',
    undefined,
    'payment_intent_unexpected_state',
  )
}

interface Confirmation {
  automatic_payment_methods?: { enabled: boolean; allow_redirects?: 'always' | 'never' }
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
  const isAutomatic = confirmation.automatic_payment_methods?.enabled ?? true
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
