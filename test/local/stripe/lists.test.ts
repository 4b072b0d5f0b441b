import type Stripe from 'stripe'
import { describe, expect, it, vi } from 'vitest'
import { payCheckout } from '../../../local/stripe.ts'
import { pay, topUpSession, useOneStripeStack } from './stripe-stack.ts'

let sdk: Stripe
useOneStripeStack((started) => {
  sdk = started.sdk
})

const ids = (list: { data: { id: string }[] }) => list.data.map(({ id }) => id)

describe('payment intents', () => {
  it('are listed by customer, newest first, page by page', async () => {
    const { id: customer } = await sdk.customers.create({})
    const made: string[] = []
    for (let count = 0; count < 5; count += 1)
      made.unshift((await sdk.paymentIntents.create({ amount: 100, currency: 'usd', customer })).id)
    await pay(sdk, 'pm_card_visa')

    const first = await sdk.paymentIntents.list({ customer, limit: 2 })
    expect(first).toMatchObject({ object: 'list', has_more: true, url: '/v1/payment_intents' })
    expect(ids(first)).toEqual(made.slice(0, 2))
    const second = await sdk.paymentIntents.list({ customer, limit: 3, starting_after: made[1] })
    expect(second.has_more).toBe(false)
    expect(ids(second)).toEqual(made.slice(2))
    expect(ids(await sdk.paymentIntents.list({ customer, ending_before: made[2] }))).toEqual(made.slice(0, 2))
    const all: string[] = []
    for await (const intent of sdk.paymentIntents.list({ customer, limit: 2 })) all.push(intent.id)
    expect(all).toEqual(made)
  })

  it('are listed by the time of their making', async () => {
    const hour = 3600
    const start = Math.floor(Date.now() / 1000) + hour
    const { id: customer } = await sdk.customers.create({})
    const made: string[] = []
    for (const at of [start, start + hour, start + 2 * hour]) {
      vi.useFakeTimers({ toFake: ['Date'], now: at * 1000 })
      made.push((await sdk.paymentIntents.create({ amount: 100, currency: 'usd', customer })).id)
    }
    const within = (created: Stripe.RangeQueryParam | number) =>
      sdk.paymentIntents.list({ customer, created }).then(ids)
    expect(await within({ gte: start + hour })).toEqual([made[2], made[1]])
    expect(await within({ gt: start, lt: start + 2 * hour })).toEqual([made[1]])
    expect(await within({ lte: start })).toEqual([made[0]])
    expect(await within(start + hour)).toEqual([made[1]])
  })

  it.each<[object, string]>([
    [{ limit: 0 }, 'limit'],
    [{ limit: 101 }, 'limit'],
    [{ starting_after: 'pi_none' }, 'starting_after'],
    [{ customer: 'cus_none' }, 'customer'],
    [{ created: { after: 1 } }, 'created[after]'],
    [{ status: 'succeeded' }, 'status'],
  ])('%j is refused', async (parameters, param) => {
    await expect(sdk.paymentIntents.list(parameters)).rejects.toMatchObject({ statusCode: 400, param })
  })
})

it('Checkout sessions are found by their payment, customer and status', async () => {
  const { id: customer } = await sdk.customers.create({})
  const paid = await sdk.checkout.sessions.create({ ...topUpSession(), customer })
  await payCheckout(paid.url!, '4242424242424242')
  const open = await sdk.checkout.sessions.create({ ...topUpSession(), customer })
  const { payment_intent } = await sdk.checkout.sessions.retrieve(paid.id)
  const found = async (parameters: Stripe.Checkout.SessionListParams) =>
    ids(await sdk.checkout.sessions.list(parameters))
  expect(await found({ payment_intent: String(payment_intent) })).toEqual([paid.id])
  expect(await found({ customer })).toEqual([open.id, paid.id])
  expect(await found({ customer, status: 'open' })).toEqual([open.id])
})

it('charges, their movements and events are found', async () => {
  const intent = await pay(sdk, 'pm_card_visa')
  const [charge] = (await sdk.charges.list({ payment_intent: intent.id })).data
  expect(charge?.id).toBe(intent.latest_charge)
  expect(await sdk.charges.retrieve(charge!.id, { expand: ['balance_transaction'] })).toMatchObject({
    balance_transaction: { amount: 2500, net: 2500, source: charge!.id },
  })
  expect(await sdk.balanceTransactions.retrieve(String(charge!.balance_transaction))).toMatchObject({
    type: 'charge',
  })
  const { data } = await sdk.events.list({ type: 'payment_intent.succeeded', limit: 1 })
  expect(data[0]?.data.object).toMatchObject({ id: intent.id })
})
