import type Stripe from 'stripe'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FaultKind } from '../../../local/stripe/faults.ts'
import { pay, type StripeStack, startStripeStack } from './stripe-stack.ts'

let stack: StripeStack
let sdk: Stripe

beforeEach(async () => {
  stack = await startStripeStack()
  sdk = stack.sdk
})
afterEach(() => stack.stop())

function fail(endpoint: string, kind: FaultKind, times = 1): void {
  stack.running.addFault({ endpoint, kind, times })
}

describe('a fault before anything happened', () => {
  it.each<[FaultKind, object]>([
    ['error_before', { statusCode: 500 }],
    ['rate_limited', { type: 'StripeRateLimitError', statusCode: 429, code: 'rate_limit' }],
    ['disconnect_before', { type: 'StripeConnectionError' }],
  ])('%s: no refund was made, and the same key makes it', async (kind, refusal) => {
    const { id: payment_intent } = await pay(sdk, 'pm_card_visa')
    const refund = () => sdk.refunds.create({ payment_intent }, { idempotencyKey: 'refund-1' })
    // The SDK repeats a call by itself, once, when its connection was closed.
    fail('POST /v1/refunds', kind, kind === 'disconnect_before' ? 2 : 1)

    await expect(refund()).rejects.toMatchObject(refusal)

    expect((await sdk.refunds.list({ payment_intent })).data).toEqual([])
    expect((await refund()).status).toBe('succeeded')
  })

  it('timeout_before: no answer comes, and nothing was made', async () => {
    fail('POST /v1/customers', 'timeout_before')
    await expect(sdk.customers.create({}, { timeout: 200 })).rejects.toMatchObject({
      type: 'StripeConnectionError',
    })
    expect(await sdk.customers.create({})).toMatchObject({ object: 'customer' })
  })
})

describe('a fault after the money moved', () => {
  it('error_after: the refund is there, and its key answers 500 for ever', async () => {
    const { id: payment_intent } = await pay(sdk, 'pm_card_visa')
    const refund = () => sdk.refunds.create({ payment_intent }, { idempotencyKey: 'refund-1' })
    fail('POST /v1/refunds', 'error_after')

    await expect(refund()).rejects.toMatchObject({ statusCode: 500 })
    await expect(refund()).rejects.toMatchObject({ statusCode: 500 })

    expect((await sdk.refunds.list({ payment_intent })).data).toHaveLength(1)
  })

  it('timeout_after: the key gives the refund', async () => {
    const { id: payment_intent } = await pay(sdk, 'pm_card_visa')
    const refund = () => sdk.refunds.create({ payment_intent }, { idempotencyKey: 'refund-1', timeout: 500 })
    fail('POST /v1/refunds', 'timeout_after')

    await expect(refund()).rejects.toMatchObject({ type: 'StripeConnectionError' })

    const { data } = await sdk.refunds.list({ payment_intent })
    expect(data).toHaveLength(1)
    expect((await refund()).id).toBe(data[0]!.id)
  })

  it('disconnect_after: the SDK repeats by itself and gets the one refund', async () => {
    const { id: payment_intent } = await pay(sdk, 'pm_card_visa')
    fail('POST /v1/refunds', 'disconnect_after')
    const refund = await sdk.refunds.create({ payment_intent })
    expect((await sdk.refunds.list({ payment_intent })).data.map(({ id }) => id)).toEqual([refund.id])
  })
})

it('a read can fail too, and any endpoint at once', async () => {
  const { id } = await pay(sdk, 'pm_card_visa')
  fail('GET /v1/payment_intents/:id', 'error_before')
  await expect(sdk.paymentIntents.retrieve(id)).rejects.toMatchObject({ statusCode: 500 })

  const answer = await fetch(`${stack.running.url}/_local/faults`, {
    method: 'POST',
    body: JSON.stringify({ endpoint: '*', kind: 'rate_limited', times: 5 }),
  })
  expect(answer.status).toBe(200)
  await expect(sdk.customers.create({})).rejects.toMatchObject({ statusCode: 429 })
  await expect(sdk.disputes.list()).rejects.toMatchObject({ statusCode: 429 })
  stack.running.releaseFaults()
  expect((await sdk.paymentIntents.retrieve(id)).id).toBe(id)
})

describe('webhooks', () => {
  const PAID = ['payment_intent.created', 'charge.succeeded', 'payment_intent.succeeded']

  it('are lost by type, or all; they are among the events all the same', async () => {
    stack.running.setDelivery({ lose: ['payment_intent.succeeded'] })
    await pay(sdk, 'pm_card_visa')
    await stack.running.untilIdle()
    expect(stack.types()).toEqual(PAID.slice(0, 2))

    const lose = { method: 'POST', body: JSON.stringify({ lose: true }) }
    await fetch(`${stack.running.url}/_local/delivery`, lose)
    await pay(sdk, 'pm_card_visa')
    await stack.running.untilIdle()
    stack.running.setDelivery({})
    await pay(sdk, 'pm_card_visa')
    await stack.running.untilIdle()

    expect(stack.types()).toEqual([...PAID.slice(0, 2), ...PAID])
    expect((await sdk.events.list({ type: 'payment_intent.succeeded' })).data).toHaveLength(3)
  })

  it('that are late are waited for, and come once nothing holds them', async () => {
    stack.running.setDelivery({ delayMilliseconds: 600_000 })
    await pay(sdk, 'pm_card_visa')
    expect(stack.types()).toEqual([])
    expect(stack.running.isIdle()).toBe(false)
    stack.running.setDelivery({})
    stack.running.setWebhookUrl(stack.webhookUrl)
    await stack.running.untilIdle()
    expect(stack.types()).toEqual(PAID)
  })

  it('of a type that nobody knows come signed like any other', async () => {
    const id = stack.running.controls.sendEvent('invoice.paid', { id: 'in_1', object: 'invoice' })
    await fetch(`${stack.running.url}/_local/events`, {
      method: 'POST',
      body: JSON.stringify({ type: 'colour.changed', object: { id: 'col_1', object: 'colour' } }),
    })
    await stack.running.untilIdle()
    expect(stack.types()).toEqual(['invoice.paid', 'colour.changed'])
    expect(stack.received[0]!.event).toMatchObject({ id, data: { object: { id: 'in_1' } } })
  })
})
