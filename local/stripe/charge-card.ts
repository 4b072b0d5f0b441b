import type Stripe from 'stripe'
import { cardError } from './card-error.ts'
import { chargedCard } from './charged-card.ts'
import { type ChargeFailure, findCharge, makeCharge, markChargeFailed, markChargePaid } from './charges.ts'
import { openDispute } from './dispute-moves.ts'
import { warnOfFraud } from './early-fraud-warnings.ts'
import { attachTo, findPaymentMethod } from './payment-methods.ts'
import { StripeProblem } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'
import { type CardDecline, findTestCard, type TestCard } from './test-cards.ts'

const PROCESSING_FAILED = 'An error occurred while processing your card. Try again in a little bit.'

export interface ConfirmOptions {
  /** The customer is not there to answer the bank. */
  offSession: boolean
  /** Where the customer goes after the bank's page. */
  returnUrl: string | null
}

/**
 * Tries to charge an intent's card. It ends `succeeded`, `processing` when the bank takes its time, or `requires_action` when
 * the bank wants to ask a customer who is there; a refusal is recorded, told by `payment_intent.payment_failed`, and thrown
 * as a 402 `card_error`.
 */
export function chargeCard(
  world: StripeWorld,
  intent: Stripe.PaymentIntent,
  options: ConfirmOptions,
): Stripe.PaymentIntent {
  const { card, isSetUp } = cardOf(world, intent)
  if (card.decline) throw refuse(world, intent, failureOf(card.decline))
  if (card.isSlow) return startProcessing(world, intent)
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

function failureOf(decline: CardDecline): ChargeFailure {
  return { code: decline.code, declineCode: decline.declineCode ?? null, message: decline.message }
}

function startProcessing(world: StripeWorld, intent: Stripe.PaymentIntent): Stripe.PaymentIntent {
  const charge = makeCharge(world, intent, keptMethod(world, intent, false), 'pending')
  const processing: Stripe.PaymentIntent = {
    ...intent,
    status: 'processing',
    last_payment_error: null,
    latest_charge: charge.id,
    next_action: null,
    processing: { type: 'card' },
  }
  world.store.put(processing)
  world.emit('charge.pending', charge)
  world.emit('payment_intent.processing', processing)
  return processing
}

/** The money of a payment that took its time has arrived. */
export function finishProcessing(world: StripeWorld, intent: Stripe.PaymentIntent): Stripe.PaymentIntent {
  return markPaid(world, intent, markChargePaid(world, findCharge(world, String(intent.latest_charge))))
}

/** The money of a payment that took its time will not arrive. */
export function abandonProcessing(world: StripeWorld, intent: Stripe.PaymentIntent): Stripe.PaymentIntent {
  const failure = { code: 'processing_error', declineCode: null, message: PROCESSING_FAILED }
  const charge = markChargeFailed(world, findCharge(world, String(intent.latest_charge)), failure)
  return markRefused(world, intent, charge, failure).failed
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
  return markPaid(world, intent, makeCharge(world, intent, keptMethod(world, intent, isAuthenticated), null))
}

/** The intent's card, given to its customer if it is to be kept; it can never pay again if nobody has it. */
function keptMethod(
  world: StripeWorld,
  intent: Stripe.PaymentIntent,
  isAuthenticated: boolean,
): Stripe.PaymentMethod {
  const found = findPaymentMethod(world, String(intent.payment_method), 400)
  const isSaved = intent.setup_future_usage !== null && typeof intent.customer === 'string'
  const method = isSaved ? attachTo(world, found, String(intent.customer), isAuthenticated) : found
  if (method.customer === null) world.afterwards(() => world.store.removeCardNumber(method.id))
  return method
}

function markPaid(
  world: StripeWorld,
  intent: Stripe.PaymentIntent,
  charge: Stripe.Charge,
): Stripe.PaymentIntent {
  const paid: Stripe.PaymentIntent = {
    ...intent,
    status: 'succeeded',
    amount_received: intent.amount,
    last_payment_error: null,
    latest_charge: charge.id,
    next_action: null,
    processing: null,
  }
  world.store.put(paid)
  world.emit('charge.succeeded', charge)
  world.emit('payment_intent.succeeded', paid)
  world.afterwards(() => followPayment(world, paid, charge))
  return paid
}

/** What the cardholder's bank does after a payment, by the test card. */
function followPayment(world: StripeWorld, intent: Stripe.PaymentIntent, charge: Stripe.Charge): void {
  switch (chargedCard(world, charge.id)?.aftermath) {
    case 'dispute_fraudulent':
      openDispute(world, intent.id, { reason: 'fraudulent' })
      break
    case 'dispute_not_received':
      openDispute(world, intent.id, { reason: 'product_not_received' })
      break
    case 'inquiry':
      openDispute(world, intent.id, { isInquiry: true })
      break
    case 'early_fraud_warning':
      warnOfFraud(world, intent.id)
  }
}

function refuse(world: StripeWorld, intent: Stripe.PaymentIntent, failure: ChargeFailure): StripeProblem {
  const method = findPaymentMethod(world, String(intent.payment_method), 400)
  const charge = makeCharge(world, intent, method, failure)
  const { failed, error } = markRefused(world, intent, charge, failure)
  return new StripeProblem(402, { ...error, payment_intent: failed }, true)
}

function markRefused(
  world: StripeWorld,
  intent: Stripe.PaymentIntent,
  charge: Stripe.Charge,
  failure: ChargeFailure,
) {
  const method = findPaymentMethod(world, String(intent.payment_method), 400)
  const error = cardError(failure, method, charge.id)
  const failed: Stripe.PaymentIntent = {
    ...intent,
    status: 'requires_payment_method',
    payment_method: null,
    next_action: null,
    processing: null,
    latest_charge: charge.id,
    last_payment_error: error,
  }
  world.store.put(failed)
  world.emit('payment_intent.payment_failed', failed)
  return { failed, error }
}
