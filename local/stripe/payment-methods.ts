import { createHash } from 'node:crypto'
import type Stripe from 'stripe'
import { z } from 'zod'
import { cardError } from './card-error.ts'
import { findCustomer } from './customers.ts'
import type { FormFields } from './form-parameters.ts'
import { pageOf, pageParameters, type StripeList } from './list-objects.ts'
import { published } from './published.ts'
import {
  emptyable,
  expand,
  expandAlone,
  integer,
  metadataUpdate,
  readParameters,
  text,
  updateMetadata,
} from './read-parameters.ts'
import { invalidRequest, noSuch, StripeProblem } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'
import { findReadyMadeCard, findTestCard, type TestCard } from './test-cards.ts'

const listParameters = published<Stripe.PaymentMethodListParams>()(
  z.strictObject({
    ...pageParameters,
    customer: text.optional(),
    type: z.enum(['card']).optional(),
  }),
)

const listOfCustomerParameters = published<Stripe.CustomerListPaymentMethodsParams>()(
  listParameters.omit({ customer: true }),
)

const attachParameters = published<Stripe.PaymentMethodAttachParams>()(
  z.strictObject({ customer: text, expand }),
)

const updateParameters = published<Stripe.PaymentMethodUpdateParams>()(
  z.strictObject({
    allow_redisplay: z.enum(['always', 'limited', 'unspecified']).optional(),
    billing_details: z
      .strictObject({
        email: emptyable.optional(),
        name: emptyable.optional(),
        phone: emptyable.optional(),
      })
      .optional(),
    card: z
      .strictObject({
        exp_month: integer
          .pipe(z.number().min(1, 'invalid_expiry_month').max(12, 'invalid_expiry_month'))
          .optional(),
        exp_year: integer
          .pipe(z.number().min(2000, 'invalid_expiry_year').max(2099, 'invalid_expiry_year'))
          .optional(),
      })
      .optional(),
    expand,
    metadata: metadataUpdate.optional(),
  }),
)

/** `GET /v1/payment_methods`: the cards of a customer, newest first. */
export function listPaymentMethods(world: StripeWorld, fields: FormFields): StripeList<Stripe.PaymentMethod> {
  const { customer, type: _card, ...page } = readParameters(listParameters, fields)
  if (customer) findCustomer(world, customer, 'customer', 400)
  return cardsOf(world, customer, page, '/v1/payment_methods')
}

/** `GET /v1/customers/:id/payment_methods`. */
export function listCustomerPaymentMethods(
  world: StripeWorld,
  fields: FormFields,
  customerId: string,
): StripeList<Stripe.PaymentMethod> {
  const { type: _card, ...page } = readParameters(listOfCustomerParameters, fields)
  findCustomer(world, customerId, 'customer', 404)
  return cardsOf(world, customerId, page, `/v1/customers/${customerId}/payment_methods`)
}

function cardsOf(
  world: StripeWorld,
  customer: string | undefined,
  page: Parameters<typeof pageOf>[1],
  url: string,
): StripeList<Stripe.PaymentMethod> {
  const cards = customer ? world.store.list<Stripe.PaymentMethod>('payment_method', { customer }) : []
  return pageOf(cards, page, url, 'PaymentMethod')
}

/** `GET /v1/payment_methods/:id`. */
export function retrievePaymentMethod(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.PaymentMethod {
  readParameters(expandAlone, fields)
  return findPaymentMethod(world, id, 404)
}

/** `POST /v1/payment_methods/:id/attach`; a ready-made one such as `pm_card_visa` is copied for the customer. */
export function attachPaymentMethod(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.PaymentMethod {
  const parameters = readParameters(attachParameters, fields)
  findCustomer(world, parameters.customer, 'customer', 400)
  const method = findUsablePaymentMethod(world, id, 404)
  if (method.customer !== null && method.customer !== parameters.customer) {
    throw invalidRequest(
      'The payment method you provided has already been attached to a customer.',
      'payment_method',
    )
  }
  requireSavable(world, method)
  return attachTo(world, method, parameters.customer, false)
}

/** `POST /v1/payment_methods/:id`: when the card expires, whose it is, metadata; only of a card that a customer has. */
export function updatePaymentMethod(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.PaymentMethod {
  const parameters = readParameters(updateParameters, fields)
  const method = findPaymentMethod(world, id, 404)
  if (method.customer === null) {
    throw invalidRequest('You must save this PaymentMethod to a customer before you can update it.')
  }
  const details = Object.entries(parameters.billing_details ?? {}).map(([name, value]) => [
    name,
    value || null,
  ])
  const updated: Stripe.PaymentMethod = {
    ...method,
    allow_redisplay: parameters.allow_redisplay ?? method.allow_redisplay,
    billing_details: { ...method.billing_details, ...Object.fromEntries(details) },
    card: { ...requireCard(method), ...parameters.card },
    metadata: updateMetadata(method.metadata, parameters.metadata),
  }
  world.store.put(updated)
  world.emit('payment_method.updated', updated, { card: method.card, metadata: method.metadata })
  return updated
}

export interface CardChange {
  expiryMonth?: number
  expiryYear?: number
  last4?: string
}

/**
 * The card network tells that a saved card was replaced or renewed
 * (https://docs.stripe.com/payments/cards/overview, "Automatic card updates").
 */
export function updateCardByNetwork(
  world: StripeWorld,
  id: string,
  change: CardChange,
): Stripe.PaymentMethod {
  const method = findPaymentMethod(world, id, 400)
  const card = requireCard(method)
  const { expiryMonth = card.exp_month, expiryYear = card.exp_year + 3, last4 = card.last4 } = change
  const renewed = { ...card, exp_month: expiryMonth, exp_year: expiryYear, last4 }
  // Another number is another fingerprint; a renewed card with the same number keeps it.
  if (last4 !== card.last4) renewed.fingerprint = fingerprintOf(`${card.fingerprint}${last4}`)
  const updated: Stripe.PaymentMethod = { ...method, card: renewed }
  world.store.put(updated)
  world.emit('payment_method.automatically_updated', updated, { card })
  return updated
}

/** Refuses with 402 a card whose bank does not even let it be saved (Stripe, "Testing": declined payments). */
export function requireSavable(world: StripeWorld, method: Stripe.PaymentMethod): void {
  const decline = declineOfSaving(world, method)
  if (decline) throw new StripeProblem(402, cardError(decline, method))
}

/** Why the card's bank does not let it be saved; undefined when it does. */
export function declineOfSaving(world: StripeWorld, method: Stripe.PaymentMethod) {
  const card = findTestCard(world.store.cardOf(method.id)?.cardNumber ?? '')
  if (!card?.decline || card.isSavedAllTheSame) return undefined
  const { code, declineCode = null, message } = card.decline
  return { code, declineCode, message }
}

/** `POST /v1/payment_methods/:id/detach`; a detached card can never be used again. */
export function detachPaymentMethod(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.PaymentMethod {
  readParameters(expandAlone, fields)
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
  world.emit('payment_method.detached', detached, { customer: method.customer })
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
    // Stripe names neither a parameter nor a code here.
    throw invalidRequest(
      'This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be used again.',
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
  if (method.customer !== customerId) world.emit('payment_method.attached', attached)
  return attached
}

/** A new payment method for a test card, stored, not attached to anybody. */
export function makePaymentMethod(
  world: StripeWorld,
  card: TestCard,
  email: string | null,
  expiry: { month: number; year: number } = { month: 12, year: yearOf(world) + 3 },
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
      exp_month: expiry.month,
      exp_year: expiry.year,
      fingerprint: fingerprintOf(card.number),
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

function fingerprintOf(cardNumber: string): string {
  return createHash('sha256').update(cardNumber).digest('hex').slice(0, 16)
}

function yearOf(world: StripeWorld): number {
  return new Date(world.nowSeconds() * 1000).getUTCFullYear()
}

function requireCard(method: Stripe.PaymentMethod): Stripe.PaymentMethod.Card {
  if (!method.card) throw new Error(`${method.id} is not a card`)
  return method.card
}
