import type Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { payCheckout, saveCard } from '../../../local/stripe.ts'
import { cardSession, type StripeStack, topUpSession, useOneStripeStack } from './stripe-stack.ts'

const TAKES_ITS_TIME = '4000000000000911'

let stack: StripeStack
let sdk: Stripe
useOneStripeStack((started) => {
  stack = started
  sdk = started.sdk
})

async function slowCheckout() {
  const session = await sdk.checkout.sessions.create(topUpSession())
  expect(await payCheckout(session.url!, TAKES_ITS_TIME)).toMatchObject({ paid: true })
  const done = await sdk.checkout.sessions.retrieve(session.id)
  return { session: done, intentId: String(done.payment_intent) }
}

describe('a payment that takes its time', () => {
  it('completes its session unpaid, and is paid later', async () => {
    const { session, intentId } = await slowCheckout()
    expect(session).toMatchObject({ status: 'complete', payment_status: 'unpaid' })
    expect(await sdk.paymentIntents.retrieve(intentId, { expand: ['latest_charge'] })).toMatchObject({
      status: 'processing',
      amount_received: 0,
      latest_charge: { status: 'pending', paid: false },
    })

    stack.running.controls.settlePayment(intentId, 'succeeds')

    expect(await sdk.paymentIntents.retrieve(intentId, { expand: ['latest_charge'] })).toMatchObject({
      status: 'succeeded',
      amount_received: 2500,
      latest_charge: { status: 'succeeded', paid: true },
    })
    expect((await sdk.checkout.sessions.retrieve(session.id)).payment_status).toBe('paid')
    expect(await stack.typesSoFar()).toEqual([
      'payment_intent.created',
      'charge.pending',
      'payment_intent.processing',
      'checkout.session.completed',
      'charge.succeeded',
      'payment_intent.succeeded',
      'checkout.session.async_payment_succeeded',
    ])
  })

  it('or fails later', async () => {
    const { session, intentId } = await slowCheckout()
    const settle = await fetch(`${stack.running.url}/_local/payments/fail`, {
      method: 'POST',
      body: JSON.stringify({ payment_intent: intentId }),
    })
    expect(settle.status).toBe(200)
    expect(await sdk.paymentIntents.retrieve(intentId, { expand: ['latest_charge'] })).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'processing_error' },
      latest_charge: { status: 'failed', failure_code: 'processing_error' },
    })
    expect((await sdk.checkout.sessions.retrieve(session.id)).payment_status).toBe('unpaid')
    expect((await stack.typesSoFar()).slice(-2)).toEqual([
      'payment_intent.payment_failed',
      'checkout.session.async_payment_failed',
    ])
  })

  it('by a saved card is settled once, and cannot be cancelled meanwhile', async () => {
    const { id: customer } = await sdk.customers.create({})
    await saveCard((await sdk.checkout.sessions.create(cardSession(customer))).url!, TAKES_ITS_TIME)
    const [method] = (await sdk.customers.listPaymentMethods(customer)).data
    const intent = await sdk.paymentIntents.create({
      amount: 5000,
      currency: 'usd',
      customer,
      payment_method: method!.id,
      off_session: true,
      confirm: true,
    })
    expect(intent.status).toBe('processing')
    await expect(sdk.paymentIntents.cancel(intent.id)).rejects.toMatchObject({
      code: 'payment_intent_unexpected_state',
    })
    stack.running.controls.settlePayment(intent.id, 'succeeds')
    expect(() => stack.running.controls.settlePayment(intent.id, 'fails')).toThrow('not processing')
  })
})

it('a payment of a Checkout session is not cancelled; the session expires', async () => {
  const session = await sdk.checkout.sessions.create(topUpSession())
  await payCheckout(session.url!, '4000000000000002')
  const { payment_intent } = await sdk.checkout.sessions.retrieve(session.id)
  await expect(sdk.paymentIntents.cancel(String(payment_intent))).rejects.toThrow('Expire the Checkout')
  await sdk.checkout.sessions.expire(session.id)
  expect((await sdk.paymentIntents.retrieve(String(payment_intent))).status).toBe('canceled')
})
