import type Stripe from 'stripe'
import { z } from 'zod'
import { recordMovement } from './balance-transactions.ts'
import { rememberChargedCard } from './charged-card.ts'
import { findCustomer } from './customers.ts'
import type { FormFields } from './form-parameters.ts'
import { createdFilter, pageOf, pageParameters, type StripeList } from './list-objects.ts'
import { published } from './published.ts'
import { expandAlone, readParameters, text } from './read-parameters.ts'
import { invalidRequest, noSuch } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'

export interface ChargeFailure {
  code: string
  declineCode: string | null
  message: string
}

const listParameters = published<Stripe.ChargeListParams>()(
  z.strictObject({
    ...pageParameters,
    created: createdFilter,
    customer: text.optional(),
    payment_intent: text.optional(),
  }),
)

/** `GET /v1/charges`: by payment intent, customer and time, newest first. */
export function listCharges(world: StripeWorld, fields: FormFields): StripeList<Stripe.Charge> {
  const { customer, payment_intent, ...page } = readParameters(listParameters, fields)
  if (customer) findCustomer(world, customer, 'customer', 400)
  const where = { ...(customer && { customer }), ...(payment_intent && { payment_intent }) }
  return pageOf(world.store.list<Stripe.Charge>('charge', where), page, '/v1/charges', 'charge')
}

/** `GET /v1/charges/:id`. */
export function retrieveCharge(world: StripeWorld, fields: FormFields, id: string): Stripe.Charge {
  readParameters(expandAlone, fields)
  return findCharge(world, id)
}

/** The charge, or the answer that there is none. */
export function findCharge(world: StripeWorld, id: string, status: 400 | 404 = 404): Stripe.Charge {
  const charge = world.store.get<Stripe.Charge>('charge', id)
  if (!charge) throw noSuch('charge', id, 'charge', status)
  return charge
}

/** The charge that paid an intent; an intent that is not paid is refused with 400, for instance at a refund. */
export function findPaidCharge(world: StripeWorld, paymentIntentId: string): Stripe.Charge {
  const intent = world.store.get<Stripe.PaymentIntent>('payment_intent', paymentIntentId)
  if (!intent) throw noSuch('payment_intent', paymentIntentId, 'payment_intent', 400)
  if (intent.status !== 'succeeded') {
    throw invalidRequest(
      `This PaymentIntent (${paymentIntentId}) does not have a successful charge to refund.`,
      'payment_intent',
    )
  }
  return findCharge(world, String(intent.latest_charge))
}

/** The money of a pending charge has arrived. */
export function markChargePaid(world: StripeWorld, charge: Stripe.Charge): Stripe.Charge {
  const paid: Stripe.Charge = {
    ...charge,
    amount_captured: charge.amount,
    balance_transaction: takeIn(world, charge),
    captured: true,
    paid: true,
    receipt_url: `${world.url}/receipts/${charge.id}`,
    status: 'succeeded',
  }
  world.store.put(paid)
  return paid
}

/** The money of a pending charge will not arrive. */
export function markChargeFailed(
  world: StripeWorld,
  charge: Stripe.Charge,
  failure: ChargeFailure,
): Stripe.Charge {
  const failed: Stripe.Charge = {
    ...charge,
    failure_code: failure.code,
    failure_message: failure.message,
    outcome: outcomeOf(failure),
    status: 'failed',
  }
  world.store.put(failed)
  return failed
}

function takeIn(world: StripeWorld, charge: Pick<Stripe.Charge, 'id' | 'amount' | 'currency'>): string {
  const { id, amount, currency } = charge
  return recordMovement(world, { type: 'charge', reportingCategory: 'charge', amount, currency, source: id })
    .id
}

/** Records one attempt to move money: succeeded, refused, or `pending` when the bank takes its time. */
export function makeCharge(
  world: StripeWorld,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  failure: ChargeFailure | 'pending' | null,
): Stripe.Charge {
  const id = world.newId('ch')
  const isPaid = failure === null
  const refusal = failure === 'pending' ? null : failure
  const charge: Stripe.Charge = {
    id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: isPaid ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: isPaid
      ? takeIn(world, { id, amount: intent.amount, currency: intent.currency })
      : null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: 'DRAWDOWN LOCAL',
    captured: isPaid,
    created: world.nowSeconds(),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: refusal?.code ?? null,
    failure_message: refusal?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: outcomeOf(refusal),
    paid: isPaid,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: detailsOf(intent, method),
    radar_options: {},
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: isPaid ? `${world.url}/receipts/${id}` : null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: failure === 'pending' ? 'pending' : isPaid ? 'succeeded' : 'failed',
    transfer_data: null,
    transfer_group: null,
  }
  world.store.put(charge)
  const card = world.store.cardOf(method.id)
  if (card) rememberChargedCard(world, id, card.cardNumber)
  return charge
}

function outcomeOf(failure: ChargeFailure | null): Stripe.Charge.Outcome {
  return {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: null,
    network_status: failure ? 'declined_by_network' : 'approved_by_network',
    reason: failure ? (failure.declineCode ?? failure.code) : null,
    risk_level: 'normal',
    risk_score: 10,
    seller_message: failure ? 'The bank did not approve the payment.' : 'Payment complete.',
    type: failure ? 'issuer_declined' : 'authorized',
  }
}

function detailsOf(
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
): Stripe.Charge.PaymentMethodDetails {
  const card = method.card
  if (!card) throw new Error(`${method.id} is not a card`)
  return {
    type: 'card',
    card: {
      amount_authorized: intent.amount,
      authorization_code: null,
      brand: card.brand,
      checks: card.checks,
      country: card.country,
      electronic_commerce_indicator: null,
      exp_month: card.exp_month,
      exp_year: card.exp_year,
      fingerprint: card.fingerprint,
      funding: card.funding,
      installments: null,
      last4: card.last4,
      mandate: null,
      network: card.brand,
      network_transaction_id: null,
      regulated_status: 'unregulated',
      three_d_secure: null,
      transaction_link_id: null,
      wallet: null,
    },
  }
}
