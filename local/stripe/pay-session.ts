import type Stripe from 'stripe'
import { chargeCard, completeAuthentication, failAuthentication } from './charge-card.ts'
import { findDetails } from './checkout-sessions.ts'
import { completeSession } from './complete-session.ts'
import { makeCustomer } from './customers.ts'
import { makePaymentIntent } from './payment-intent-object.ts'
import { findPaymentIntent } from './payment-intents.ts'
import type { SessionOutcome } from './session-outcome.ts'
import { StripeProblem } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'

/** One try of a customer to pay a session with a card; a refusal leaves the session open. */
export function paySession(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  method: Stripe.PaymentMethod,
): SessionOutcome {
  const payer = method.billing_details.email
  const intent: Stripe.PaymentIntent = { ...intentOf(world, session, payer), payment_method: method.id }
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
    return { kind: 'done', session: completeSession(world, started, charged) }
  })
}

/** The customer's answer to the bank. */
export function answerPayment(
  world: StripeWorld,
  session: Stripe.Checkout.Session,
  isConfirmed: boolean,
): SessionOutcome {
  if (typeof session.payment_intent !== 'string') return { kind: 'not_open', session }
  const intent = findPaymentIntent(world, session.payment_intent)
  if (intent.status !== 'requires_action') return { kind: 'not_open', session }
  if (!isConfirmed) return { kind: 'refused', session, message: failAuthentication(world, intent).message }
  return { kind: 'done', session: completeSession(world, session, completeAuthentication(world, intent)) }
}

function withRefusals(session: Stripe.Checkout.Session, attempt: () => SessionOutcome): SessionOutcome {
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
    isCardAlone: true,
  })
}
