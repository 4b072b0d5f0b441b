import type Stripe from 'stripe'
import { findSession } from './checkout-sessions.ts'
import { completeSession } from './complete-session.ts'
import { findCustomer, makeCustomer } from './customers.ts'
import { answerPayment, paySession } from './pay-session.ts'
import { makePaymentMethod } from './payment-methods.ts'
import type { SessionOutcome } from './session-outcome.ts'
import { answerSetup, confirmSetup, findSetupIntent } from './setup-intents.ts'
import type { StripeWorld } from './stripe-world.ts'
import { findTestCard } from './test-cards.ts'

export interface EnteredCard {
  cardNumber: string
  email: string | null
  expiry?: { month: number; year: number }
}

/** A card that a customer enters on a session's page, to pay with it or to save it; must run inside a change. */
export function enterCard(world: StripeWorld, sessionId: string, entered: EnteredCard): SessionOutcome {
  const session = findSession(world, sessionId)
  if (session.status !== 'open' || session.expires_at <= world.nowSeconds())
    return { kind: 'not_open', session }
  const card = findTestCard(entered.cardNumber)
  if (!card)
    return { kind: 'refused', session, message: 'Your card number is incorrect. Use one of the test cards.' }
  if (entered.expiry && isPast(world, entered.expiry))
    return { kind: 'refused', session, message: "Your card's expiration date is in the past." }
  const method = makePaymentMethod(world, card, entered.email ?? emailOf(world, session), entered.expiry)
  return session.mode === 'setup' ? saveCard(world, session, method) : paySession(world, session, method)
}

/** The customer's answer to the bank; must run inside a change. */
export function answerAuthentication(
  world: StripeWorld,
  sessionId: string,
  isConfirmed: boolean,
): SessionOutcome {
  const session = findSession(world, sessionId)
  if (session.status !== 'open') return { kind: 'not_open', session }
  if (session.mode !== 'setup') return answerPayment(world, session, isConfirmed)
  const intent = findSetupIntent(world, String(session.setup_intent))
  if (intent.status !== 'requires_action') return { kind: 'not_open', session }
  return outcomeOfSetup(world, session, answerSetup(world, intent, isConfirmed))
}

function saveCard(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  method: Stripe.PaymentMethod,
): SessionOutcome {
  const email = method.billing_details.email
  const intent = findSetupIntent(world, String(session.setup_intent))
  const needsCustomer = session.customer === null && session.customer_creation === 'always'
  const customer = needsCustomer ? makeCustomer(world, { email: email ?? undefined }).id : intent.customer
  const started: Stripe.Checkout.Session = {
    ...session,
    customer,
    customer_creation: customer ? null : session.customer_creation,
    customer_email: session.customer_email ?? email,
  }
  world.store.put(started)
  return outcomeOfSetup(world, started, confirmSetup(world, { ...intent, customer }, method))
}

function outcomeOfSetup(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  intent: Stripe.SetupIntent,
): SessionOutcome {
  if (intent.status === 'succeeded') return { kind: 'done', session: completeSession(world, session, intent) }
  if (intent.status === 'requires_action') return { kind: 'needs_authentication', session }
  return { kind: 'refused', session, message: intent.last_setup_error?.message ?? '' }
}

function isPast(world: StripeWorld, { month, year }: { month: number; year: number }): boolean {
  return Date.UTC(year, month, 1) / 1000 <= world.nowSeconds()
}

function emailOf(world: StripeWorld, session: Stripe.Checkout.Session): string | null {
  if (typeof session.customer === 'string')
    return findCustomer(world, session.customer, 'customer', 400).email
  return session.customer_email
}
