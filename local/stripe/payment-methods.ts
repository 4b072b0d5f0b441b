import { createHash } from 'node:crypto'
import type Stripe from 'stripe'
import { z } from 'zod'
import { findCustomer } from './customers.ts'
import type { FormFields } from './form-parameters.ts'
import { expand, integer, readParameters, text } from './read-parameters.ts'
import { invalidRequest, noSuch } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'
import { findReadyMadeCard, type TestCard } from './test-cards.ts'

export interface StripeList {
  object: 'list'
  data: object[]
  has_more: boolean
  url: string
}

const listParameters = z.strictObject({
  customer: text.optional(),
  ending_before: text.optional(),
  expand,
  limit: integer
    .pipe(z.number().min(1, 'parameter_invalid_integer').max(100, 'parameter_invalid_integer'))
    .optional(),
  starting_after: text.optional(),
  type: z.enum(['card']).optional(),
})

/** `GET /v1/payment_methods`: the cards of a customer, newest first. */
export function listPaymentMethods(world: StripeWorld, fields: FormFields): StripeList {
  const parameters = readParameters(listParameters, fields)
  if (!parameters.customer) {
    return { object: 'list', data: [], has_more: false, url: '/v1/payment_methods' }
  }
  findCustomer(world, parameters.customer, 'customer', 400)
  return pageOf(world, parameters.customer, parameters, '/v1/payment_methods')
}

/** `GET /v1/customers/:id/payment_methods`. */
export function listCustomerPaymentMethods(
  world: StripeWorld,
  fields: FormFields,
  customerId: string,
): StripeList {
  const parameters = readParameters(listParameters.omit({ customer: true }), fields)
  findCustomer(world, customerId, 'customer', 404)
  return pageOf(world, customerId, parameters, `/v1/customers/${customerId}/payment_methods`)
}

function pageOf(
  world: StripeWorld,
  customerId: string,
  parameters: Omit<z.output<typeof listParameters>, 'customer'>,
  url: string,
): StripeList {
  let methods = world.store
    .list<Stripe.PaymentMethod>('payment_method')
    .filter((method) => method.customer === customerId)
    .reverse()
  const positionOf = (id: string, param: string) => {
    const position = methods.findIndex((method) => method.id === id)
    if (position < 0) throw noSuch('PaymentMethod', id, param, 400)
    return position
  }
  if (parameters.starting_after) {
    methods = methods.slice(positionOf(parameters.starting_after, 'starting_after') + 1)
  }
  const limit = parameters.limit ?? 10
  if (parameters.ending_before) {
    const before = methods.slice(0, positionOf(parameters.ending_before, 'ending_before'))
    return { object: 'list', data: before.slice(-limit), has_more: before.length > limit, url }
  }
  return { object: 'list', data: methods.slice(0, limit), has_more: methods.length > limit, url }
}

/** `GET /v1/payment_methods/:id`. */
export function retrievePaymentMethod(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.PaymentMethod {
  readParameters(z.strictObject({ expand }), fields)
  return findPaymentMethod(world, id, 404)
}

/** `POST /v1/payment_methods/:id/attach`; a ready-made one such as `pm_card_visa` is copied for the customer. */
export function attachPaymentMethod(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.PaymentMethod {
  const parameters = readParameters(z.strictObject({ customer: text, expand }), fields)
  findCustomer(world, parameters.customer, 'customer', 400)
  const method = findUsablePaymentMethod(world, id, 404)
  if (method.customer !== null && method.customer !== parameters.customer) {
    throw invalidRequest(
      'The payment method you provided has already been attached to a customer.',
      'payment_method',
    )
  }
  return attachTo(world, method, parameters.customer, false)
}

/** `POST /v1/payment_methods/:id/detach`; a detached card can never be used again. */
export function detachPaymentMethod(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.PaymentMethod {
  readParameters(z.strictObject({ expand }), fields)
  const method = findPaymentMethod(world, id, 404)
  if (method.customer === null) {
    throw invalidRequest(
      'The payment method you provided is not attached to a customer so detachment is impossible.',
      'payment_method',
    )
  }
  const detached = { ...method, customer: null }
  world.store.put(detached)
  world.store.removeCardNumber(id)
  return detached
}

/** A payment method that exists, whether it can still pay or not. */
export function findPaymentMethod(world: StripeWorld, id: string, status: 400 | 404): Stripe.PaymentMethod {
  const method = world.store.get<Stripe.PaymentMethod>('payment_method', id)
  if (!method) throw noSuch('PaymentMethod', id, 'payment_method', status)
  return method
}

/** A payment method that can pay: a ready-made test one becomes a new one; a used-up or detached one is refused. */
export function findUsablePaymentMethod(
  world: StripeWorld,
  id: string,
  status: 400 | 404,
): Stripe.PaymentMethod {
  const readyMade = findReadyMadeCard(id)
  if (readyMade) return makePaymentMethod(world, readyMade, null)
  const method = findPaymentMethod(world, id, status)
  if (!world.store.cardOf(id)) {
    throw invalidRequest(
      'This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be used again.',
      'payment_method',
      'payment_method_unusable',
    )
  }
  return method
}

/** Gives a card to a customer; `isSetUp` when the bank's customer agreed to later payments. */
export function attachTo(
  world: StripeWorld,
  method: Stripe.PaymentMethod,
  customerId: string,
  isSetUp: boolean,
): Stripe.PaymentMethod {
  const attached = { ...method, customer: customerId }
  world.store.put(attached)
  const card = world.store.cardOf(method.id)
  if (card) world.store.putCardNumber(method.id, card.cardNumber, isSetUp || card.isSetUp)
  return attached
}

/** A new payment method for a test card, stored, not attached to anybody. */
export function makePaymentMethod(
  world: StripeWorld,
  card: TestCard,
  email: string | null,
): Stripe.PaymentMethod {
  const method: Stripe.PaymentMethod = {
    id: world.newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'limited',
    billing_details: { address: null, email, name: null, phone: null, tax_id: null },
    card: {
      brand: card.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: card.brand,
      exp_month: 12,
      exp_year: new Date(world.nowSeconds() * 1000).getUTCFullYear() + 3,
      fingerprint: createHash('sha256').update(card.number).digest('hex').slice(0, 16),
      funding: 'credit',
      generated_from: null,
      last4: card.number.slice(-4),
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: world.nowSeconds(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: 'card',
  }
  world.store.put(method)
  world.store.putCardNumber(method.id, card.number, false)
  return method
}
