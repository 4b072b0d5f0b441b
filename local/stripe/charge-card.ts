import type Stripe from 'stripe'
import { makeCharge } from './charges.ts'
import { attachTo, findPaymentMethod } from './payment-methods.ts'
import { StripeProblem } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'
import { findTestCard, type TestCard } from './test-cards.ts'

export interface ConfirmOptions {
  /** The customer is not there to answer the bank. */
  offSession: boolean
  /** Where the customer goes after the bank's page. */
  returnUrl: string | null
}

interface CardFailure {
  code: string
  declineCode: string | null
  message: string
}

/**
 * Tries to charge an intent's card. It ends `succeeded`, or `requires_action` when the bank wants to ask a customer who is
 * there; a refusal is recorded, told by `payment_intent.payment_failed`, and thrown as a 402 `card_error`.
 */
export function chargeCard(
  world: StripeWorld,
  intent: Stripe.PaymentIntent,
  options: ConfirmOptions,
): Stripe.PaymentIntent {
  const { card, isSetUp } = cardOf(world, intent)
  if (card.declineCode) throw refuse(world, intent, declined(card.declineCode))
  const isExempt = card.authentication === 'unless_set_up' && options.offSession && isSetUp
  if (!card.authentication || isExempt) return succeed(world, intent, false)
  if (options.offSession) {
    throw refuse(world, intent, {
      code: 'authentication_required',
      declineCode: 'authentication_required',
      message: 'Your card was declined. This transaction requires authentication.',
    })
  }
  return requireAction(world, intent, options.returnUrl)
}

/** The bank's customer confirmed: the payment goes through. */
export function completeAuthentication(
  world: StripeWorld,
  intent: Stripe.PaymentIntent,
): Stripe.PaymentIntent {
  return succeed(world, intent, true)
}

/** The bank's customer did not confirm; recorded and returned as the problem to show. */
export function failAuthentication(world: StripeWorld, intent: Stripe.PaymentIntent): StripeProblem {
  return refuse(world, intent, {
    code: 'payment_intent_authentication_failure',
    declineCode: null,
    message:
      'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
  })
}

function cardOf(world: StripeWorld, intent: Stripe.PaymentIntent): { card: TestCard; isSetUp: boolean } {
  const stored = world.store.cardOf(String(intent.payment_method))
  const card = stored && findTestCard(stored.cardNumber)
  if (!card) throw new Error(`The payment method of ${intent.id} has no card`)
  return { card, isSetUp: stored.isSetUp }
}

function declined(declineCode: string): CardFailure {
  const message =
    declineCode === 'insufficient_funds' ? 'Your card has insufficient funds.' : 'Your card was declined.'
  return { code: 'card_declined', declineCode, message }
}

function requireAction(
  world: StripeWorld,
  intent: Stripe.PaymentIntent,
  returnUrl: string | null,
): Stripe.PaymentIntent {
  const waiting: Stripe.PaymentIntent = {
    ...intent,
    status: 'requires_action',
    next_action: {
      type: 'redirect_to_url',
      redirect_to_url: { return_url: returnUrl, url: `${world.url}/c/authenticate/${intent.id}` },
    },
  }
  world.store.put(waiting)
  world.emit('payment_intent.requires_action', waiting)
  return waiting
}

function succeed(
  world: StripeWorld,
  intent: Stripe.PaymentIntent,
  isAuthenticated: boolean,
): Stripe.PaymentIntent {
  const found = findPaymentMethod(world, String(intent.payment_method), 400)
  const isSaved = intent.setup_future_usage !== null && typeof intent.customer === 'string'
  const method = isSaved ? attachTo(world, found, String(intent.customer), isAuthenticated) : found
  if (method.customer === null) world.store.removeCardNumber(method.id)
  const charge = makeCharge(world, intent, method, null)
  const paid: Stripe.PaymentIntent = {
    ...intent,
    status: 'succeeded',
    amount_received: intent.amount,
    last_payment_error: null,
    latest_charge: charge.id,
    next_action: null,
  }
  world.store.put(paid)
  world.emit('charge.succeeded', charge)
  world.emit('payment_intent.succeeded', paid)
  return paid
}

function refuse(world: StripeWorld, intent: Stripe.PaymentIntent, failure: CardFailure): StripeProblem {
  const method = findPaymentMethod(world, String(intent.payment_method), 400)
  const charge = makeCharge(world, intent, method, failure)
  const error = {
    type: 'card_error' as const,
    code: failure.code,
    ...(failure.declineCode ? { decline_code: failure.declineCode } : {}),
    doc_url: `https://stripe.com/docs/error-codes/${failure.code.replaceAll('_', '-')}`,
    message: failure.message,
    charge: charge.id,
    payment_method: method,
  }
  const failed: Stripe.PaymentIntent = {
    ...intent,
    status: 'requires_payment_method',
    payment_method: null,
    next_action: null,
    latest_charge: charge.id,
    last_payment_error: error,
  }
  world.store.put(failed)
  world.emit('payment_intent.payment_failed', failed)
  return new StripeProblem(402, { ...error, payment_intent: failed }, true)
}
