import type Stripe from 'stripe'
import { describe, expect, it, vi } from 'vitest'
import { pay, type StripeStack, useOneStripeStack } from './stripe-stack.ts'

let stack: StripeStack
let sdk: Stripe
useOneStripeStack((started) => {
  stack = started
  sdk = started.sdk
})

describe('a refund', () => {
  it('gives back a part, then the rest, and shows on the charge', async () => {
    const intent = await pay(sdk, 'pm_card_visa')

    const first = await sdk.refunds.create({
      payment_intent: intent.id,
      amount: 1000,
      reason: 'requested_by_customer',
      metadata: { refundId: 'refund_1' },
    })
    const rest = await sdk.refunds.create({ charge: String(intent.latest_charge) })

    expect(first).toMatchObject({
      object: 'refund',
      status: 'succeeded',
      amount: 1000,
      currency: 'usd',
      reason: 'requested_by_customer',
      metadata: { refundId: 'refund_1' },
      payment_intent: intent.id,
      charge: intent.latest_charge,
    })
    expect(rest).toMatchObject({ amount: 1500, metadata: {} })
    const { latest_charge: charge } = await sdk.paymentIntents.retrieve(intent.id, {
      expand: ['latest_charge.refunds'],
    })
    expect(charge).toMatchObject({
      amount_refunded: 2500,
      refunded: true,
      refunds: { data: [{ id: rest.id }, { id: first.id }] },
    })
    expect((await sdk.refunds.list({ payment_intent: intent.id })).data.map(({ id }) => id)).toEqual([
      rest.id,
      first.id,
    ])
    expect(await sdk.refunds.retrieve(first.id, { expand: ['balance_transaction'] })).toMatchObject({
      balance_transaction: { amount: -1000, type: 'refund', source: first.id },
    })
  })

  it('is told by refund.created and charge.refunded', async () => {
    const intent = await pay(sdk, 'pm_card_visa')
    const types = await stack.typesAfter(() => sdk.refunds.create({ payment_intent: intent.id }))
    expect(types).toEqual(['refund.created', 'charge.refunded'])
  })

  it('is never of more than is left', async () => {
    const { id: payment_intent } = await pay(sdk, 'pm_card_visa')
    await sdk.refunds.create({ payment_intent, amount: 1000 })
    await expect(sdk.refunds.create({ payment_intent, amount: 1501 })).rejects.toMatchObject({
      statusCode: 400,
      param: 'amount',
      message: 'Refund amount (15.01 USD) is greater than unrefunded amount on charge (15.00 USD)',
    })
    await sdk.refunds.create({ payment_intent })
    await expect(sdk.refunds.create({ payment_intent })).rejects.toMatchObject({
      statusCode: 400,
      code: 'charge_already_refunded',
    })
  })

  it('is made once per idempotency key', async () => {
    const { id: payment_intent } = await pay(sdk, 'pm_card_visa')
    const refund = () =>
      sdk.refunds.create({ payment_intent, amount: 500 }, { idempotencyKey: payment_intent })
    expect((await refund()).id).toBe((await refund()).id)
    expect((await sdk.refunds.list({ payment_intent })).data).toHaveLength(1)
  })

  it.each<[object, string, string | undefined]>([
    [{}, 'payment_intent', 'parameter_missing'],
    [{ payment_intent: 'pi_none' }, 'payment_intent', 'resource_missing'],
    [{ charge: 'ch_none' }, 'charge', 'resource_missing'],
    [{ payment_intent: 'pi_none', charge: 'ch_none' }, 'payment_intent', undefined],
    [{ payment_intent: 'pi_none', amount: 0 }, 'amount', 'parameter_invalid_integer'],
    [{ payment_intent: 'pi_none', reason: 'bored' }, 'reason', undefined],
    [{ payment_intent: 'pi_none', colour: 'red' }, 'colour', 'parameter_unknown'],
  ])('%j is refused for %s', async (parameters, param, code) => {
    await expect(sdk.refunds.create(parameters)).rejects.toMatchObject({ statusCode: 400, param, code })
  })

  it('needs a payment that went through', async () => {
    const { id } = await sdk.paymentIntents.create({ amount: 100, currency: 'usd' })
    await expect(sdk.refunds.create({ payment_intent: id })).rejects.toThrow('successful charge')
    await expect(sdk.refunds.retrieve('re_none')).rejects.toMatchObject({ statusCode: 404 })
  })

  it('made by hand at Stripe carries nothing of ours', async () => {
    const intent = await pay(sdk, 'pm_card_visa')
    const answer = await fetch(`${stack.running.url}/_local/refunds`, {
      method: 'POST',
      body: JSON.stringify({ payment_intent: intent.id, amount: 700 }),
    })
    expect(answer.status).toBe(200)
    const [refund] = (await sdk.refunds.list({ payment_intent: intent.id })).data
    expect(refund).toMatchObject({ amount: 700, metadata: {} })
    expect(() => stack.running.controls.refundByHand(intent.id, 1801)).toThrow('greater than unrefunded')
  })
})

describe('a refund that takes its time', () => {
  it('is pending, then succeeds by itself', async () => {
    const intent = await pay(sdk, 'pm_card_pendingRefund')
    const refund = await sdk.refunds.create({ payment_intent: intent.id })
    expect(refund).toMatchObject({ status: 'pending', pending_reason: 'processing' })

    const types = await stack.typesAfter(() => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
      expect(stack.running.settleDue()).toBe(1)
      expect(stack.running.settleDue()).toBe(0)
    })

    expect(types).toEqual(['refund.updated', 'charge.refund.updated'])
    expect(stack.received[0]?.event.data.previous_attributes).toEqual({ status: 'pending' })
    expect((await sdk.refunds.retrieve(refund.id)).status).toBe('succeeded')
  })

  it('seems to have succeeded, then fails, and can be made again', async () => {
    const { id: payment_intent } = await pay(sdk, 'pm_card_refundFail')
    const refund = await sdk.refunds.create({ payment_intent, amount: 900 })
    expect(refund.status).toBe('succeeded')

    const types = await stack.typesAfter(() => stack.running.controls.failRefund(refund.id))

    expect(types).toEqual(['refund.failed', 'refund.updated', 'charge.refund.updated'])
    expect(await sdk.refunds.retrieve(refund.id, { expand: ['failure_balance_transaction'] })).toMatchObject({
      status: 'failed',
      failure_reason: 'expired_or_canceled_card',
      failure_balance_transaction: { amount: 900 },
    })
    expect((await sdk.refunds.create({ payment_intent })).amount).toBe(2500)
  })

  it('fails by itself after a minute', async () => {
    const { id: payment_intent } = await pay(sdk, 'pm_card_refundFail')
    const refund = await sdk.refunds.create({ payment_intent })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    expect((await sdk.refunds.retrieve(refund.id)).status).toBe('failed')
  })
})
