import type Stripe from 'stripe'
import { chargeCard, completeAuthentication, failAuthentication } from './charge-card.ts'
import { findDetails, findSession } from './checkout-sessions.ts'
import { findCustomer, makeCustomer } from './customers.ts'
import { findPaymentIntent, makePaymentIntent } from './payment-intents.ts'
import { makePaymentMethod } from './payment-methods.ts'
import { StripeProblem } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'
import { findTestCard } from './test-cards.ts'

export type PaySessionOutcome =
  | { kind: 'paid'; session: Stripe.Checkout.Session }
  | { kind: 'needs_authentication'; session: Stripe.Checkout.Session }
  | { kind: 'refused'; session: Stripe.Checkout.Session; message: string }
  | { kind: 'not_open'; session: Stripe.Checkout.Session }

/** One try of a customer to pay a session with a card; must run inside a change. A refusal leaves the session open. */
export function paySession(
  world: StripeWorld,
  id: string,
  cardNumber: string,
  email: string | null,
): PaySessionOutcome {
  const session = findSession(world, id)
  if (session.status !== 'open' || session.expires_at <= world.nowSeconds())
    return { kind: 'not_open', session }
  const card = findTestCard(cardNumber)
  if (!card)
    return { kind: 'refused', session, message: 'Your card number is incorrect. Use one of the test cards.' }
  const payer = email ?? emailOf(world, session)
  const method = makePaymentMethod(world, card, payer)
  const intent = { ...intentOf(world, session, payer), payment_method: method.id }
  const started: Stripe.Checkout.Session = {
    ...session,
    payment_intent: intent.id,
    customer_email: session.customer_email ?? payer,
  }
  world.store.put(intent)
  world.store.put(started)
  return withRefusals(started, () => {
    const charged = chargeCard(world, intent, { offSession: false, returnUrl: null })
    if (charged.status === 'requires_action') return { kind: 'needs_authentication', session: started }
    return { kind: 'paid', session: complete(world, started, charged) }
  })
}

/** The customer's answer to the bank; must run inside a change. */
export function answerAuthentication(
  world: StripeWorld,
  id: string,
  isConfirmed: boolean,
): PaySessionOutcome {
  const session = findSession(world, id)
  if (session.status !== 'open' || typeof session.payment_intent !== 'string')
    return { kind: 'not_open', session }
  const intent = findPaymentIntent(world, session.payment_intent)
  if (intent.status !== 'requires_action') return { kind: 'not_open', session }
  if (!isConfirmed) return { kind: 'refused', session, message: failAuthentication(world, intent).message }
  return { kind: 'paid', session: complete(world, session, completeAuthentication(world, intent)) }
}

function withRefusals(session: Stripe.Checkout.Session, attempt: () => PaySessionOutcome): PaySessionOutcome {
  try {
    return attempt()
  } catch (error) {
    if (error instanceof StripeProblem && error.tookEffect)
      return { kind: 'refused', session, message: error.message }
    throw error
  }
}

/** The session's intent: made at the first try, then used again. */
function intentOf(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  email: string | null,
): Stripe.PaymentIntent {
  if (typeof session.payment_intent === 'string') return findPaymentIntent(world, session.payment_intent)
  const { paymentIntentData } = findDetails(world, session.id)
  const needsCustomer =
    session.customer_creation === 'always' || paymentIntentData.setup_future_usage !== undefined
  const customer =
    session.customer ?? (needsCustomer ? makeCustomer(world, { email: email ?? undefined }).id : undefined)
  return makePaymentIntent(world, {
    ...paymentIntentData,
    amount: session.amount_total!,
    currency: session.currency!,
    customer: customer as string | undefined,
    payment_method_types: ['card'],
  })
}

function complete(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  intent: Stripe.PaymentIntent,
): Stripe.Checkout.Session {
  const completed: Stripe.Checkout.Session = {
    ...session,
    customer: intent.customer,
    customer_details: {
      address: null,
      business_name: null,
      email: session.customer_email,
      individual_name: null,
      name: null,
      phone: null,
      tax_exempt: 'none',
      tax_ids: [],
    },
    payment_status: 'paid',
    status: 'complete',
    url: null,
  }
  world.store.put(completed)
  world.emit('checkout.session.completed', completed)
  return completed
}

function emailOf(world: StripeWorld, session: Stripe.Checkout.Session): string | null {
  if (typeof session.customer === 'string')
    return findCustomer(world, session.customer, 'customer', 400).email
  return session.customer_email
}
