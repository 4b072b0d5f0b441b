import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { payCheckout } from '../../../local/stripe.ts'
import {
  API_KEY,
  SIGNING_SECRET,
  type StripeStack,
  sdkFor,
  startStripeStack,
  topUpSession,
} from './stripe-stack.ts'

let stack: StripeStack
beforeEach(async () => {
  stack = await startStripeStack()
})
afterEach(() => stack.stop())

const PAID = [
  'payment_intent.created',
  'charge.succeeded',
  'payment_intent.succeeded',
  'checkout.session.completed',
]

async function pay(): Promise<void> {
  const session = await stack.sdk.checkout.sessions.create(topUpSession())
  await payCheckout(session.url!, '4242424242424242')
}

it('is signed so that the SDK takes it, and refuses it once changed', async () => {
  await pay()
  await stack.running.untilIdle()
  const { body, signature, event } = stack.received[0]!
  expect(event).toMatchObject({ object: 'event', type: 'payment_intent.created', livemode: false })
  expect(() => stack.sdk.webhooks.constructEvent(`${body} `, signature, SIGNING_SECRET)).toThrow('signature')
})

it('names the request and the idempotency key that caused it', async () => {
  await stack.sdk.paymentIntents.create({ amount: 100, currency: 'usd' }, { idempotencyKey: 'cause' })
  await stack.running.untilIdle()
  expect(stack.received[0]!.event.request).toMatchObject({ idempotency_key: 'cause' })
})

it('is repeated until it is taken, and is idle only then', async () => {
  stack.refuseNext(3)
  await pay()
  expect(stack.running.isIdle()).toBe(false)
  await stack.running.untilIdle()
  expect(stack.running.isIdle()).toBe(true)
  expect(stack.received).toHaveLength(PAID.length + 3)
  expect(new Set(stack.types())).toEqual(new Set(PAID))
})

it('waits while there is no address', async () => {
  stack.running.setWebhookUrl(undefined)
  await pay()
  expect(stack.running.isIdle()).toBe(false)
  stack.running.setWebhookUrl(stack.webhookUrl)
  await stack.running.untilIdle()
  expect(stack.types()).toEqual(PAID)
})

describe('on demand', () => {
  it('comes twice', async () => {
    const body = JSON.stringify({ duplicate: true })
    await fetch(`${stack.running.url}/_local/delivery`, { method: 'POST', body })
    await pay()
    await stack.running.untilIdle()
    expect(stack.types()).toEqual(PAID.flatMap((type) => [type, type]))
    expect(stack.received[0]!.event.id).toBe(stack.received[1]!.event.id)
  })

  it('comes out of order', async () => {
    stack.running.setDelivery({ shuffle: true })
    await pay()
    await stack.running.untilIdle()
    expect(stack.types()).toEqual(PAID.toReversed())
  })
})

it('survives a restart', async () => {
  stack.running.setWebhookUrl(undefined)
  await pay()
  await stack.restart()
  await stack.running.untilIdle()
  expect(stack.types()).toEqual(PAID)
})

it('survives kill -9: whatever was answered is kept, and its events arrive', async () => {
  await stack.running.close()
  const port = new URL(stack.running.url).port
  const child = spawn(
    process.execPath,
    [
      '--input-type=module-typescript',
      '--eval',
      `const { startStripe } = await import(${JSON.stringify(resolve('local/stripe.ts'))})
       const options = { port: ${port}, folder: ${JSON.stringify(stack.folder)}, apiKey: '${API_KEY}', webhookSigningSecret: '${SIGNING_SECRET}' }
       console.log((await startStripe(options)).url)`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string]
  const sdk = sdkFor(url)
  const session = await sdk.checkout.sessions.create(topUpSession(), { idempotencyKey: 'kept' })
  await payCheckout(session.url!, '4242424242424242')
  child.kill('SIGKILL')
  await once(child, 'exit')

  await stack.restart()
  await stack.running.untilIdle()

  expect(stack.types()).toEqual(PAID)
  expect((await stack.sdk.checkout.sessions.retrieve(session.id)).payment_status).toBe('paid')
  const replayed = await stack.sdk.checkout.sessions.create(topUpSession(), { idempotencyKey: 'kept' })
  expect(replayed.id).toBe(session.id)
})
