import type Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { payCheckout } from '../../../local/stripe.ts'
import { type StripeStack, topUpSession, useOneStripeStack } from './stripe-stack.ts'

const PAYS = '4242424242424242'
const DECLINED = '4000000000000002'
const AUTHENTICATES = '4000002500003155'
const ALWAYS_AUTHENTICATES = '4000002760003184'

let stack: StripeStack
let sdk: Stripe
useOneStripeStack((started) => {
  stack = started
  sdk = started.sdk
})

describe('the payment page', () => {
  it('shows the amount, the test cards and the way back', async () => {
    const session = await sdk.checkout.sessions.create(topUpSession(1230, 'kwd'))
    const page = await (await fetch(session.url!)).text()
    expect(page).toContain('1.230 KWD')
    expect(page).toContain(PAYS)
    expect(page).toContain('href="http://127.0.0.1:1/cancelled"')
    expect(page).toContain('<label for="card_number">')
  })

  it('takes a good card, sends the customer on, and tells it by events that carry the metadata', async () => {
    const session = await sdk.checkout.sessions.create(topUpSession())

    const outcome = await payCheckout(session.url!, PAYS, { email: 'payer@hosted.example.com' })

    expect(outcome).toEqual({ paid: true, redirectUrl: `http://127.0.0.1:1/done?session=${session.id}` })
    expect(await stack.typesSoFar()).toEqual([
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.succeeded',
      'checkout.session.completed',
    ])
    const completed = stack.received.at(-1)!.event as Stripe.CheckoutSessionCompletedEvent
    expect(completed.data.object).toMatchObject({
      id: session.id,
      status: 'complete',
      payment_status: 'paid',
      customer_details: { email: 'payer@hosted.example.com' },
    })
    const intent = await sdk.paymentIntents.retrieve(String(completed.data.object.payment_intent), {
      expand: ['latest_charge', 'payment_method'],
    })
    expect(intent).toMatchObject({
      status: 'succeeded',
      amount_received: 2500,
      metadata: { topUpId: 'topup_1' },
      latest_charge: { object: 'charge', paid: true, amount: 2500 },
      payment_method: { card: { last4: '4242' } },
    })
    expect(await sdk.events.retrieve(completed.id)).toMatchObject({ id: completed.id, pending_webhooks: 0 })
  })

  it('says that a card was declined and lets the customer try again, with one intent', async () => {
    const session = await sdk.checkout.sessions.create(topUpSession())

    const refused = await payCheckout(session.url!, DECLINED)
    expect(refused).toEqual({ paid: false, message: 'Your card was declined.' })
    expect((await sdk.checkout.sessions.retrieve(session.id)).status).toBe('open')
    expect(await payCheckout(session.url!, PAYS)).toMatchObject({ paid: true })

    expect(await stack.typesSoFar()).toEqual([
      'payment_intent.created',
      'payment_intent.payment_failed',
      'charge.succeeded',
      'payment_intent.succeeded',
      'checkout.session.completed',
    ])
  })

  it('is paid once: a second payment finds nothing to pay', async () => {
    const session = await sdk.checkout.sessions.create(topUpSession())
    const both = await Promise.allSettled([payCheckout(session.url!, PAYS), payCheckout(session.url!, PAYS)])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect((await stack.typesSoFar()).filter((type) => type === 'charge.succeeded')).toHaveLength(1)
  })

  it('asks the bank: confirmed it is paid, not confirmed it can be tried again', async () => {
    const session = await sdk.checkout.sessions.create(topUpSession())

    const failed = await payCheckout(session.url!, AUTHENTICATES, { authenticate: false })
    expect(failed).toMatchObject({ paid: false, message: expect.stringContaining('unable to authenticate') })
    expect(await payCheckout(session.url!, AUTHENTICATES)).toMatchObject({ paid: true })

    expect(await stack.typesSoFar()).toEqual([
      'payment_intent.created',
      'payment_intent.requires_action',
      'payment_intent.payment_failed',
      'payment_intent.requires_action',
      'charge.succeeded',
      'payment_intent.succeeded',
      'checkout.session.completed',
    ])
  })

  it('knows no card but the test cards', async () => {
    const session = await sdk.checkout.sessions.create(topUpSession())
    expect(await payCheckout(session.url!, '4111111111111111')).toMatchObject({ paid: false })
    expect(await stack.typesSoFar()).toEqual([])
  })
})

describe('a saved card', () => {
  async function save(cardNumber: string): Promise<{ customer: string; payment_method: string }> {
    const customer = await sdk.customers.create({
      email: 'owner@hosted.example.com',
      metadata: { accountId: 'a1' },
    })
    const session = await sdk.checkout.sessions.create({
      ...topUpSession(),
      customer: customer.id,
      payment_intent_data: { setup_future_usage: 'off_session' },
    })
    expect(await payCheckout(session.url!, cardNumber)).toMatchObject({ paid: true })
    const methods = await sdk.customers.listPaymentMethods(customer.id, { type: 'card' })
    expect(methods.data).toHaveLength(1)
    return { customer: customer.id, payment_method: methods.data[0]!.id }
  }
  const charge = (card: { customer: string; payment_method: string }) =>
    sdk.paymentIntents.create({
      amount: 5000,
      currency: 'usd',
      ...card,
      off_session: true,
      confirm: true,
      metadata: { topUpId: 'topup_2' },
    })

  it('is listed, and pays without the customer being there', async () => {
    const card = await save(PAYS)
    expect((await sdk.paymentMethods.list({ customer: card.customer })).data[0]!.id).toBe(card.payment_method)
    expect((await sdk.paymentMethods.retrieve(card.payment_method)).customer).toBe(card.customer)

    expect(await charge(card)).toMatchObject({ status: 'succeeded', metadata: { topUpId: 'topup_2' } })
  })

  it('that was saved with an authentication needs no other; one that always asks answers 402', async () => {
    expect(await charge(await save(AUTHENTICATES))).toMatchObject({ status: 'succeeded' })

    const failure = await charge(await save(ALWAYS_AUTHENTICATES)).catch((error) => error)

    expect(failure).toMatchObject({
      type: 'StripeCardError',
      statusCode: 402,
      code: 'authentication_required',
      payment_intent: { status: 'requires_payment_method', metadata: { topUpId: 'topup_2' } },
    })
  })

  it('that goes bad answers 402 card_declined, and the intent stays as a failed one', async () => {
    const card = await save(PAYS)
    stack.running.setSavedCard(card.payment_method, DECLINED)

    const failure = await charge(card).catch((error) => error)

    expect(failure).toMatchObject({ statusCode: 402, code: 'card_declined', decline_code: 'generic_decline' })
    const intent = await sdk.paymentIntents.retrieve(failure.payment_intent.id)
    expect(intent.last_payment_error).toMatchObject({ code: 'card_declined' })
    expect((await stack.typesSoFar()).at(-1)).toBe('payment_intent.payment_failed')
  })

  it('belongs to its customer alone, and is gone once detached', async () => {
    const card = await save(PAYS)
    const other = await sdk.customers.create({})
    await expect(charge({ ...card, customer: other.id })).rejects.toMatchObject({ param: 'payment_method' })

    expect((await sdk.paymentMethods.detach(card.payment_method)).customer).toBeNull()

    expect((await sdk.customers.listPaymentMethods(card.customer)).data).toEqual([])
    await expect(charge(card)).rejects.toThrow('may not be used again')
  })

  it('of a payment without setup_future_usage is not kept', async () => {
    const customer = await sdk.customers.create({})
    const session = await sdk.checkout.sessions.create({ ...topUpSession(), customer: customer.id })
    await payCheckout(session.url!, PAYS)
    expect((await sdk.customers.listPaymentMethods(customer.id)).data).toEqual([])
  })

  it('of a payer without a customer makes one', async () => {
    const session = await sdk.checkout.sessions.create({
      ...topUpSession(),
      payment_intent_data: { setup_future_usage: 'off_session' },
    })
    await payCheckout(session.url!, PAYS, { email: 'payer@hosted.example.com' })
    const { customer } = await sdk.checkout.sessions.retrieve(session.id, { expand: ['customer'] })
    expect(customer).toMatchObject({ object: 'customer', email: 'payer@hosted.example.com' })
  })
})

describe('a payment intent', () => {
  it('waits for confirmation, then pays; it cannot be confirmed or cancelled afterwards', async () => {
    const created = await sdk.paymentIntents.create({
      amount: 100,
      currency: 'usd',
      payment_method: 'pm_card_visa',
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    })
    expect(created.status).toBe('requires_confirmation')
    expect(await sdk.paymentIntents.confirm(created.id)).toMatchObject({ status: 'succeeded' })
    for (const again of [sdk.paymentIntents.confirm(created.id), sdk.paymentIntents.cancel(created.id)]) {
      await expect(again).rejects.toMatchObject({ code: 'payment_intent_unexpected_state' })
    }
  })

  it('can be cancelled while it is not paid', async () => {
    const { id } = await sdk.paymentIntents.create({ amount: 100, currency: 'usd' })
    const canceled = await sdk.paymentIntents.cancel(id, { cancellation_reason: 'abandoned' })
    expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned' })
    expect(await stack.typesSoFar()).toEqual(['payment_intent.created', 'payment_intent.canceled'])
  })

  it('with the customer there is sent to the bank, and comes back paid', async () => {
    const intent = await sdk.paymentIntents.create({
      amount: 100,
      currency: 'usd',
      payment_method: 'pm_card_authenticationRequired',
      confirm: true,
      return_url: 'http://127.0.0.1:1/back',
    })
    expect(intent.status).toBe('requires_action')
    const back = await fetch(intent.next_action!.redirect_to_url!.url!, {
      method: 'POST',
      body: new URLSearchParams({ action: 'complete' }),
      redirect: 'manual',
    })
    expect(back.headers.get('location')).toContain(`http://127.0.0.1:1/back?payment_intent=${intent.id}`)
    expect((await sdk.paymentIntents.retrieve(intent.id)).status).toBe('succeeded')
  })

  it('confirmed needs a method, and a return_url where it may redirect', async () => {
    const base = { amount: 100, currency: 'usd', confirm: true }
    await expect(sdk.paymentIntents.create(base)).rejects.toMatchObject({ param: 'payment_method' })
    const withMethod = sdk.paymentIntents.create({ ...base, payment_method: 'pm_card_visa' })
    await expect(withMethod).rejects.toMatchObject({ param: 'return_url' })
  })
})
