import type Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { saveCard } from '../../../local/stripe.ts'
import { cardSession, pay, type StripeStack, topUpSession, useOneStripeStack } from './stripe-stack.ts'

const PAYS = '4242424242424242'
const DECLINED = '4000000000000002'
const AUTHENTICATES = '4000002500003155'
const ALWAYS_AUTHENTICATES = '4000002760003184'
const DECLINED_WHEN_CHARGED = '4000000000000341'

let stack: StripeStack
let sdk: Stripe
useOneStripeStack((started) => {
  stack = started
  sdk = started.sdk
})

/** A new customer with a saved card. */
async function saved(cardNumber = PAYS, expiry?: string) {
  const customer = (await sdk.customers.create({ email: 'owner@hosted.example.com' })).id
  const session = await sdk.checkout.sessions.create(cardSession(customer))
  expect(await saveCard(session.url!, cardNumber, { expiry })).toMatchObject({ saved: true })
  const [method] = (await sdk.customers.listPaymentMethods(customer)).data
  return { customer, session, method: method! }
}

function charge(card: { customer: string; method: Stripe.PaymentMethod }): Promise<Stripe.PaymentIntent> {
  return sdk.paymentIntents.create({
    amount: 5000,
    currency: 'usd',
    customer: card.customer,
    payment_method: card.method.id,
    off_session: true,
    confirm: true,
  })
}

describe('a session that saves a card', () => {
  it('has a setup intent from the beginning, nothing to pay, and a page', async () => {
    const { id: customer } = await sdk.customers.create({})
    const session = await sdk.checkout.sessions.create(cardSession(customer), {})

    expect(session).toMatchObject({
      mode: 'setup',
      status: 'open',
      payment_status: 'no_payment_required',
      amount_total: null,
      payment_intent: null,
      customer,
    })
    expect(await sdk.setupIntents.retrieve(String(session.setup_intent))).toMatchObject({
      object: 'setup_intent',
      status: 'requires_payment_method',
      usage: 'off_session',
      metadata: { accountId: 'account_1' },
    })
    const page = await (await fetch(session.url!)).text()
    expect(page).toContain('<h1>Save a card</h1>')
    expect(page).toContain('<label for="card_number">')
    expect(await stack.typesSoFar()).toEqual(['setup_intent.created'])
  })

  it('gives the card to the customer, and tells it by events that carry the metadata', async () => {
    const { session, customer, method } = await saved(PAYS, '05/31')

    expect(method).toMatchObject({
      customer,
      card: { brand: 'visa', last4: '4242', exp_month: 5, exp_year: 2031, fingerprint: expect.any(String) },
    })
    expect(await stack.typesSoFar()).toEqual([
      'setup_intent.created',
      'payment_method.attached',
      'setup_intent.succeeded',
      'checkout.session.completed',
    ])
    const done = await sdk.checkout.sessions.retrieve(session.id, {
      expand: ['setup_intent.payment_method'],
    })
    expect(done).toMatchObject({
      status: 'complete',
      setup_intent: {
        status: 'succeeded',
        metadata: { accountId: 'account_1' },
        payment_method: { id: method.id },
      },
    })
    await expect(saveCard(session.url!, PAYS)).rejects.toThrow('410')
  })

  it('stays open when the bank refuses or its customer does not confirm', async () => {
    const session = await sdk.checkout.sessions.create(cardSession((await sdk.customers.create({})).id))

    expect(await saveCard(session.url!, DECLINED)).toEqual({
      saved: false,
      message: 'Your card was declined.',
    })
    const failed = await sdk.setupIntents.retrieve(String(session.setup_intent))
    expect(failed.last_setup_error).toMatchObject({ code: 'card_declined', decline_code: 'generic_decline' })
    expect(await saveCard(session.url!, AUTHENTICATES, { authenticate: false })).toMatchObject({
      saved: false,
    })
    expect(await saveCard(session.url!, AUTHENTICATES)).toMatchObject({ saved: true })

    expect(await stack.typesSoFar()).toEqual([
      'setup_intent.created',
      'setup_intent.setup_failed',
      'setup_intent.requires_action',
      'setup_intent.setup_failed',
      'setup_intent.requires_action',
      'payment_method.attached',
      'setup_intent.succeeded',
      'checkout.session.completed',
    ])
  })

  it('takes no card whose month is over', async () => {
    const session = await sdk.checkout.sessions.create(cardSession())
    expect(await saveCard(session.url!, PAYS, { expiry: '01/20' })).toMatchObject({ saved: false })
  })

  it('cancels its setup intent when it expires', async () => {
    const session = await sdk.checkout.sessions.create(cardSession())
    await sdk.checkout.sessions.expire(session.id)
    expect((await sdk.setupIntents.retrieve(String(session.setup_intent))).status).toBe('canceled')
    expect(await stack.typesSoFar()).toContain('setup_intent.canceled')
  })

  it('knows only what belongs to its mode', async () => {
    const create = (parameters: object) =>
      sdk.checkout.sessions.create({ ...cardSession(), ...parameters } as Stripe.Checkout.SessionCreateParams)
    const { currency: _, ...withoutCurrency } = cardSession()
    await expect(sdk.checkout.sessions.create(withoutCurrency)).rejects.toMatchObject({
      code: 'parameter_missing',
      param: 'currency',
    })
    await expect(create({ line_items: topUpSession().line_items })).rejects.toMatchObject({
      param: 'line_items',
    })
    await expect(create({ payment_intent_data: { metadata: { a: '1' } } })).rejects.toThrow('`setup` mode')
    await expect(create({ payment_method_types: ['card'] })).rejects.toMatchObject({
      code: 'parameter_unknown',
      param: 'payment_method_types',
    })
    await expect(
      sdk.checkout.sessions.create({ ...topUpSession(), setup_intent_data: { metadata: { a: '1' } } }),
    ).rejects.toMatchObject({ param: 'setup_intent_data' })
    await expect(create({ setup_intent_data: { colour: 'red' } })).rejects.toMatchObject({
      code: 'parameter_unknown',
      param: 'setup_intent_data[colour]',
    })
  })

  it('lists its setup intents by customer and card', async () => {
    const { customer, method, session } = await saved()
    for (const filter of [{ customer }, { payment_method: method.id }]) {
      expect((await sdk.setupIntents.list(filter)).data.map(({ id }) => id)).toEqual([session.setup_intent])
    }
  })
})

describe('a saved card', () => {
  it('pays without its owner; the one that always asks answers 402', async () => {
    expect(await charge(await saved(AUTHENTICATES))).toMatchObject({ status: 'succeeded' })
    await expect(charge(await saved(ALWAYS_AUTHENTICATES))).rejects.toMatchObject({
      statusCode: 402,
      code: 'authentication_required',
    })
  })

  it('may be declined only when it is charged', async () => {
    await expect(charge(await saved(DECLINED_WHEN_CHARGED))).rejects.toMatchObject({
      code: 'card_declined',
      decline_code: 'generic_decline',
    })
  })

  it.each([
    ['pm_card_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', undefined],
  ])('%s is declined with %s', async (method, code, decline_code) => {
    const { id } = await sdk.customers.create({})
    const refusal = { statusCode: 402, code, ...(decline_code && { decline_code }) }
    await expect(pay(sdk, method)).rejects.toMatchObject(refusal)
    await expect(sdk.paymentMethods.attach(method, { customer: id })).rejects.toMatchObject(refusal)
    expect((await sdk.customers.listPaymentMethods(id)).data).toEqual([])
  })

  it('can be given another expiry date; a wrong month is named', async () => {
    const { method } = await saved()
    const updated = await sdk.paymentMethods.update(method.id, {
      card: { exp_month: 3, exp_year: 2034 },
      metadata: { label: 'office' },
    })
    expect(updated).toMatchObject({
      card: { exp_month: 3, exp_year: 2034, last4: '4242' },
      metadata: { label: 'office' },
    })
    expect((await sdk.paymentMethods.retrieve(method.id)).card).toMatchObject({ exp_month: 3 })
    await expect(sdk.paymentMethods.update(method.id, { card: { exp_month: 13 } })).rejects.toMatchObject({
      param: 'card[exp_month]',
      code: 'invalid_expiry_month',
    })
    expect(await stack.typesSoFar()).toContain('payment_method.updated')
  })

  it('is renewed by the card network', async () => {
    const { method } = await saved()
    stack.running.controls.updateCardByNetwork(method.id, { expiryMonth: 1, expiryYear: 2040, last4: '1881' })
    const renewed = await sdk.paymentMethods.retrieve(method.id)
    expect(renewed.card).toMatchObject({ exp_month: 1, exp_year: 2040, last4: '1881' })
    expect(renewed.card?.fingerprint).not.toBe(method.card?.fingerprint)
    await stack.running.untilIdle()
    expect(stack.received.at(-1)?.event).toMatchObject({
      type: 'payment_method.automatically_updated',
      data: { object: { id: method.id }, previous_attributes: { card: { last4: '4242' } } },
    })
  })

  it('is gone once detached, which is told with the customer that it had', async () => {
    const card = await saved()
    await sdk.paymentMethods.detach(card.method.id)
    await expect(charge(card)).rejects.toMatchObject({ statusCode: 400, code: undefined, param: undefined })
    await expect(sdk.paymentMethods.update(card.method.id, { metadata: {} })).rejects.toThrow('save this')
    await stack.running.untilIdle()
    expect(stack.received.at(-1)?.event).toMatchObject({
      type: 'payment_method.detached',
      data: { object: { customer: null }, previous_attributes: { customer: card.customer } },
    })
  })
})

describe('a customer', () => {
  it('is made once per idempotency key, read and changed', async () => {
    const make = () =>
      sdk.customers.create({ metadata: { accountId: 'a1', old: 'x' } }, { idempotencyKey: 'customer-a1' })
    const customer = await make()
    expect((await make()).id).toBe(customer.id)

    await sdk.customers.update(customer.id, {
      email: 'new@hosted.example.com',
      metadata: { old: '', fresh: 'y' },
    })

    expect(await sdk.customers.retrieve(customer.id)).toMatchObject({
      email: 'new@hosted.example.com',
      metadata: { accountId: 'a1', fresh: 'y' },
    })
    expect((await sdk.customers.update(customer.id, { metadata: '' })).metadata).toEqual({})
  })

  it('that is deleted is still shown as that, and neither it nor its cards can be used', async () => {
    const card = await saved()
    expect(await sdk.customers.del(card.customer)).toEqual(
      expect.objectContaining({ id: card.customer, deleted: true }),
    )
    expect(await sdk.customers.retrieve(card.customer)).toMatchObject({ deleted: true })
    const gone = { code: 'resource_missing', param: 'customer' }
    await expect(charge(card)).rejects.toMatchObject(gone)
    await expect(sdk.checkout.sessions.create(cardSession(card.customer))).rejects.toMatchObject(gone)
    await expect(sdk.customers.del(card.customer)).rejects.toMatchObject({ code: 'resource_missing' })
    expect((await sdk.paymentMethods.retrieve(card.method.id)).customer).toBeNull()
    expect(await stack.typesSoFar()).toContain('customer.deleted')
  })

  it('has a default card of its own alone', async () => {
    const card = await saved()
    const other = await sdk.customers.create({})
    const settings = { invoice_settings: { default_payment_method: card.method.id } }
    expect(await sdk.customers.update(card.customer, settings)).toMatchObject(settings)
    await expect(sdk.customers.update(other.id, settings)).rejects.toMatchObject({
      param: 'invoice_settings[default_payment_method]',
    })
    await expect(sdk.customers.update('cus_none', {})).rejects.toMatchObject({ statusCode: 404 })
  })
})
