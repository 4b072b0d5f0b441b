import type Stripe from 'stripe'
import { z } from 'zod'
import { cardError } from './card-error.ts'
import { findCustomer } from './customers.ts'
import type { FormFields } from './form-parameters.ts'
import { createdFilter, pageOf, pageParameters, type StripeList } from './list-objects.ts'
import { attachTo, declineOfSaving, findPaymentMethod } from './payment-methods.ts'
import { published } from './published.ts'
import { expand, readParameters, text } from './read-parameters.ts'
import { noSuch } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'
import { findTestCard } from './test-cards.ts'

const retrieveParameters = published<Stripe.SetupIntentRetrieveParams>()(
  z.strictObject({ client_secret: text.optional(), expand }),
)

const listParameters = published<Stripe.SetupIntentListParams>()(
  z.strictObject({
    ...pageParameters,
    created: createdFilter,
    customer: text.optional(),
    payment_method: text.optional(),
  }),
)

export interface SetupDetails {
  customer?: string
  description?: string
  metadata?: Record<string, string>
}

/** A new setup intent, as a Checkout session in `setup` mode makes it, told by `setup_intent.created`. */
export function makeSetupIntent(world: StripeWorld, details: SetupDetails): Stripe.SetupIntent {
  const id = world.newId('seti')
  const intent: Stripe.SetupIntent = {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    client_secret: `${id}_secret_${world.newId('x').slice(2)}`,
    created: world.nowSeconds(),
    customer: details.customer ?? null,
    customer_account: null,
    description: details.description ?? null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    managed_payments: null,
    mandate: null,
    metadata: details.metadata ?? {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: ['card'],
    single_use_mandate: null,
    status: 'requires_payment_method',
    usage: 'off_session',
  }
  world.store.put(intent)
  world.emit('setup_intent.created', intent)
  return intent
}

/** `GET /v1/setup_intents/:id`. */
export function retrieveSetupIntent(world: StripeWorld, fields: FormFields, id: string): Stripe.SetupIntent {
  readParameters(retrieveParameters, fields)
  return findSetupIntent(world, id)
}

/** `GET /v1/setup_intents`: by customer, payment method and time, newest first. */
export function listSetupIntents(world: StripeWorld, fields: FormFields): StripeList<Stripe.SetupIntent> {
  const { customer, payment_method, ...page } = readParameters(listParameters, fields)
  if (customer) findCustomer(world, customer, 'customer', 400)
  const where = { ...(customer && { customer }), ...(payment_method && { payment_method }) }
  const intents = world.store.list<Stripe.SetupIntent>('setup_intent', where)
  return pageOf(intents, page, '/v1/setup_intents', 'setup_intent')
}

/** The setup intent, or the 404 that there is none. */
export function findSetupIntent(world: StripeWorld, id: string): Stripe.SetupIntent {
  const intent = world.store.get<Stripe.SetupIntent>('setup_intent', id)
  if (!intent) throw noSuch('setup_intent', id, 'intent')
  return intent
}

/**
 * Tries to set up a card for payments without its owner. It ends `succeeded`, `requires_action` when the bank wants to ask,
 * or `requires_payment_method` with `last_setup_error` when the bank refuses.
 */
export function confirmSetup(
  world: StripeWorld,
  intent: Stripe.SetupIntent,
  method: Stripe.PaymentMethod,
): Stripe.SetupIntent {
  const withMethod: Stripe.SetupIntent = { ...intent, payment_method: method.id }
  const decline = declineOfSaving(world, method)
  if (decline) return failSetup(world, withMethod, decline)
  const card = findTestCard(world.store.cardOf(method.id)?.cardNumber ?? '')
  if (!card?.authentication) return succeedSetup(world, withMethod, false)
  const waiting: Stripe.SetupIntent = {
    ...withMethod,
    status: 'requires_action',
    next_action: { type: 'use_stripe_sdk', use_stripe_sdk: {} },
  }
  world.store.put(waiting)
  world.emit('setup_intent.requires_action', waiting)
  return waiting
}

/** The bank's customer answered: the card is set up, or the setup failed. */
export function answerSetup(
  world: StripeWorld,
  intent: Stripe.SetupIntent,
  isConfirmed: boolean,
): Stripe.SetupIntent {
  if (isConfirmed) return succeedSetup(world, intent, true)
  return failSetup(world, intent, {
    code: 'setup_intent_authentication_failure',
    declineCode: null,
    message:
      'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
  })
}

/** Ends an intent whose session expired. */
export function cancelSetup(world: StripeWorld, intent: Stripe.SetupIntent): void {
  const canceled: Stripe.SetupIntent = {
    ...intent,
    status: 'canceled',
    cancellation_reason: 'abandoned',
    next_action: null,
  }
  world.store.put(canceled)
  world.emit('setup_intent.canceled', canceled)
}

function succeedSetup(
  world: StripeWorld,
  intent: Stripe.SetupIntent,
  isAuthenticated: boolean,
): Stripe.SetupIntent {
  const method = findPaymentMethod(world, String(intent.payment_method), 400)
  if (typeof intent.customer === 'string') attachTo(world, method, intent.customer, isAuthenticated)
  const succeeded: Stripe.SetupIntent = {
    ...intent,
    status: 'succeeded',
    last_setup_error: null,
    next_action: null,
  }
  world.store.put(succeeded)
  world.emit('setup_intent.succeeded', succeeded)
  return succeeded
}

function failSetup(
  world: StripeWorld,
  intent: Stripe.SetupIntent,
  failure: { code: string; declineCode: string | null; message: string },
): Stripe.SetupIntent {
  const method = findPaymentMethod(world, String(intent.payment_method), 400)
  const { code, ...error } = cardError(failure, method)
  const failed: Stripe.SetupIntent = {
    ...intent,
    status: 'requires_payment_method',
    payment_method: null,
    next_action: null,
    last_setup_error: { ...error, code: code as Stripe.SetupIntent.LastSetupError.Code },
  }
  world.store.put(failed)
  world.emit('setup_intent.setup_failed', failed)
  return failed
}
