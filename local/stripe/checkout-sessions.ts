import type Stripe from 'stripe'
import { z } from 'zod'
import { requireChargeable, requireCurrency } from './charge-limits.ts'
import { type CheckoutParameters, checkoutParameters, requireFitsMode } from './checkout-parameters.ts'
import { newSession } from './checkout-session-object.ts'
import { findCustomer } from './customers.ts'
import type { FormFields } from './form-parameters.ts'
import { createdFilter, pageOf, pageParameters, type StripeList } from './list-objects.ts'
import { findPaymentIntent, markCanceled } from './payment-intents.ts'
import { published } from './published.ts'
import { expandAlone, readParameters, text } from './read-parameters.ts'
import { cancelSetup, findSetupIntent, makeSetupIntent } from './setup-intents.ts'
import { invalidRequest, noSuch } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'

/** What a session keeps for its payment page and does not show in the API. */
export interface CheckoutDetails {
  id: string
  object: 'local.checkout_details'
  lines: { name: string; quantity: number; amount: number }[]
  paymentIntentData: NonNullable<CheckoutParameters['payment_intent_data']>
}

const SHORTEST_LIFE_SECONDS = 30 * 60
const LONGEST_LIFE_SECONDS = 24 * 3600

const listParameters = published<Stripe.Checkout.SessionListParams>()(
  z.strictObject({
    ...pageParameters,
    created: createdFilter,
    customer: text.optional(),
    payment_intent: text.optional(),
    status: z.enum(['complete', 'expired', 'open']).optional(),
  }),
)

/**
 * `POST /v1/checkout/sessions`: to pay (`payment`) or to save a card (`setup`). The session is open for 24 hours, or until
 * `expires_at`.
 */
export function createCheckoutSession(world: StripeWorld, fields: FormFields): Stripe.Checkout.Session {
  const parameters = readParameters(checkoutParameters, fields)
  requireFitsMode(parameters)
  requireCustomerChoice(world, parameters)
  const createdAt = world.nowSeconds()
  const expiresAt = expiryOf(createdAt, parameters)
  const { currency, lines } = parameters.mode === 'setup' ? nothingToPay(parameters) : toPay(parameters)
  const total = lines === null ? null : lines.reduce((sum, line) => sum + line.amount, 0)
  if (total !== null && currency !== null) requireChargeable(total, currency, 'line_items')
  const setupIntentId = parameters.mode === 'setup' ? setupFor(world, parameters) : null
  const session = newSession(world, parameters, { currency, total, setupIntentId, createdAt, expiresAt })
  const details: CheckoutDetails = {
    id: `details_${session.id}`,
    object: 'local.checkout_details',
    lines: lines ?? [],
    paymentIntentData: parameters.payment_intent_data ?? {},
  }
  world.store.put(session)
  world.store.put(details)
  return session
}

function nothingToPay(parameters: CheckoutParameters) {
  if (parameters.currency) requireCurrency(parameters.currency, 'currency')
  return { currency: parameters.currency ?? null, lines: null }
}

function toPay(parameters: CheckoutParameters) {
  const items = parameters.line_items ?? []
  const currency = items[0]!.price_data.currency
  requireCurrency(currency, 'line_items[0][price_data][currency]')
  const others = [...items.map((item) => item.price_data.currency), parameters.currency ?? currency]
  if (others.some((other) => other !== currency)) {
    throw invalidRequest('All line items must have the same currency.', 'line_items')
  }
  const lines = items.map((item) => ({
    name: item.price_data.product_data.name,
    quantity: item.quantity ?? 1,
    amount: item.price_data.unit_amount * (item.quantity ?? 1),
  }))
  return { currency, lines }
}

function setupFor(world: StripeWorld, parameters: CheckoutParameters): string {
  return makeSetupIntent(world, { ...parameters.setup_intent_data, customer: parameters.customer }).id
}

/** `GET /v1/checkout/sessions`: by payment intent, customer, status and time, newest first. */
export function listCheckoutSessions(
  world: StripeWorld,
  fields: FormFields,
): StripeList<Stripe.Checkout.Session> {
  const { customer, payment_intent, status, ...page } = readParameters(listParameters, fields)
  if (customer) findCustomer(world, customer, 'customer', 400)
  const where = {
    ...(customer && { customer }),
    ...(payment_intent && { payment_intent }),
    ...(status && { status }),
  }
  const sessions = world.store.list<Stripe.Checkout.Session>('checkout.session', where)
  return pageOf(sessions, page, '/v1/checkout/sessions', 'checkout.session')
}

/** `GET /v1/checkout/sessions/:id`. */
export function retrieveCheckoutSession(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.Checkout.Session {
  readParameters(expandAlone, fields)
  return findSession(world, id)
}

/** `POST /v1/checkout/sessions/:id/expire`; only an open session can be expired. */
export function expireCheckoutSession(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.Checkout.Session {
  readParameters(expandAlone, fields)
  const session = findSession(world, id)
  if (session.status !== 'open') {
    throw invalidRequest(
      `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${session.status}.`,
    )
  }
  return markExpired(world, session)
}

/** Expires every open session whose time is over; returns how many. */
export function expireDueSessions(world: StripeWorld): number {
  const due = world.store.dueSessions<Stripe.Checkout.Session>(world.nowSeconds())
  if (due.length === 0) return 0
  return world.change(null, () => {
    for (const session of due) markExpired(world, session)
    return due.length
  })
}

/** The session, or the 404 that there is none. */
export function findSession(world: StripeWorld, id: string): Stripe.Checkout.Session {
  const session = world.store.get<Stripe.Checkout.Session>('checkout.session', id)
  if (!session) throw noSuch('checkout.session', id, 'session')
  return session
}

/** What the payment page needs beyond the session itself. */
export function findDetails(world: StripeWorld, sessionId: string): CheckoutDetails {
  const details = world.store.get<CheckoutDetails>('local.checkout_details', `details_${sessionId}`)
  if (!details) throw new Error(`${sessionId} has no details`)
  return details
}

function markExpired(world: StripeWorld, session: Stripe.Checkout.Session): Stripe.Checkout.Session {
  if (typeof session.payment_intent === 'string') {
    const intent = findPaymentIntent(world, session.payment_intent)
    if (intent.status !== 'canceled') markCanceled(world, intent, 'expired')
  }
  if (typeof session.setup_intent === 'string')
    cancelSetup(world, findSetupIntent(world, session.setup_intent))
  const expired: Stripe.Checkout.Session = { ...session, status: 'expired', url: null }
  world.store.put(expired)
  world.emit('checkout.session.expired', expired)
  return expired
}

function requireCustomerChoice(world: StripeWorld, parameters: CheckoutParameters): void {
  if (!parameters.customer) return
  findCustomer(world, parameters.customer, 'customer', 400)
  for (const other of ['customer_email', 'customer_creation'] as const) {
    if (parameters[other] !== undefined) {
      throw invalidRequest(`You may only specify one of these parameters: customer, ${other}.`, other)
    }
  }
}

function expiryOf(now: number, parameters: CheckoutParameters): number {
  const expiresAt = parameters.expires_at ?? now + LONGEST_LIFE_SECONDS
  if (expiresAt < now + SHORTEST_LIFE_SECONDS) {
    throw invalidRequest(
      'The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.',
      'expires_at',
    )
  }
  if (expiresAt > now + LONGEST_LIFE_SECONDS) {
    throw invalidRequest(
      'The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.',
      'expires_at',
    )
  }
  return expiresAt
}
