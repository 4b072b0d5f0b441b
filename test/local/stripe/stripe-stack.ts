import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Stripe from 'stripe'
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest'
import { type RunningStripe, type StripeOptions, startStripe } from '../../../local/stripe.ts'

export const API_KEY = 'sk_test_local'
export const SIGNING_SECRET = 'whsec_local'

export interface Received {
  event: Stripe.Event
  body: string
  signature: string
}

export interface StripeStack {
  folder: string
  running: RunningStripe
  /** The real SDK, talking to the stand-in. */
  sdk: Stripe
  /** Every webhook that arrived, verified by the SDK, also the ones answered with an error. */
  received: Received[]
  /** The types of what arrived, in order. */
  types(): string[]
  /** The same once nothing is under way any more. */
  typesSoFar(): Promise<string[]>
  /** The types of what arrives from now on, until what this does has been told of. */
  typesAfter(work: () => unknown): Promise<string[]>
  webhookUrl: string
  /** The next deliveries are answered with 500. */
  refuseNext(count: number): void
  restart(options?: Partial<StripeOptions>): Promise<void>
  stop(): Promise<void>
}

/** Starts one stack for all tests of a file: each begins with nothing under way, nothing received and the clock as it is. */
export function useOneStripeStack(take: (stack: StripeStack) => void): void {
  let stack: StripeStack
  beforeAll(async () => {
    stack = await startStripeStack()
    take(stack)
  })
  beforeEach(() => forgetReceived(stack))
  afterEach(() => {
    vi.useRealTimers()
  })
  afterAll(() => stack.stop())
}

async function forgetReceived(stack: StripeStack): Promise<void> {
  await stack.running.untilIdle()
  stack.received.length = 0
}

/** A stand-in on a fresh folder, the real SDK, and a webhook receiver that verifies each signature. */
export async function startStripeStack(options: Partial<StripeOptions> = {}): Promise<StripeStack> {
  const folder = await mkdtemp(join(tmpdir(), 'drawdown-stripe-'))
  const received: Received[] = []
  let refusals = 0
  const receiver = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const signature = String(request.headers['stripe-signature'])
    const event = verified(body, signature)
    if (event) received.push({ event, body, signature })
    // A signature that the test's clock has overtaken is refused, and comes again, signed afresh.
    const isRefused = !event || refusals > 0
    if (event && refusals > 0) refusals -= 1
    response.writeHead(isRefused ? 500 : 200).end()
  })
  const verified = (body: string, signature: string): Stripe.Event | undefined => {
    try {
      return stack.sdk.webhooks.constructEvent(body, signature, SIGNING_SECRET)
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw error
      return undefined
    }
  }
  const webhookUrl = await listen(receiver)
  const start = (port: number, more: Partial<StripeOptions>) =>
    startStripe({ folder, apiKey: API_KEY, webhookSigningSecret: SIGNING_SECRET, webhookUrl, ...more, port })
  const running = await start(0, options)
  const stack: StripeStack = {
    folder,
    running,
    sdk: sdkFor(running.url),
    received,
    types: () => received.map(({ event }) => event.type),
    async typesSoFar() {
      await stack.running.untilIdle()
      return stack.types()
    },
    async typesAfter(work) {
      await forgetReceived(stack)
      await work()
      return stack.typesSoFar()
    },
    webhookUrl,
    refuseNext: (count) => {
      refusals = count
    },
    async restart(more = {}) {
      await stack.running.close()
      stack.running = await start(Number(new URL(stack.running.url).port), more)
    },
    async stop() {
      await stack.running.close()
      receiver.closeAllConnections()
      receiver.close()
      await rm(folder, { recursive: true })
    },
  }
  return stack
}

/** The SDK with its requests sent to a stand-in. */
export function sdkFor(url: string, apiKey = API_KEY): Stripe {
  const { hostname, port } = new URL(url)
  return new Stripe(apiKey, { host: hostname, port, protocol: 'http', maxNetworkRetries: 0 })
}

/** A session of one line, as a top-up makes it. */
export function topUpSession(amount = 2500, currency = 'usd'): Stripe.Checkout.SessionCreateParams {
  return {
    mode: 'payment',
    line_items: [
      { quantity: 1, price_data: { currency, unit_amount: amount, product_data: { name: 'Top-up' } } },
    ],
    client_reference_id: 'topup_1',
    metadata: { topUpId: 'topup_1' },
    payment_intent_data: { metadata: { topUpId: 'topup_1' } },
    success_url: 'http://127.0.0.1:1/done?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'http://127.0.0.1:1/cancelled',
  }
}

/** A session in which a card is saved for payments without its owner. */
export function cardSession(customer?: string): Stripe.Checkout.SessionCreateParams {
  return {
    mode: 'setup',
    currency: 'usd',
    ...(customer && { customer }),
    client_reference_id: 'account_1',
    setup_intent_data: { metadata: { accountId: 'account_1' } },
    success_url: 'http://127.0.0.1:1/saved?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'http://127.0.0.1:1/cancelled',
  }
}

/** A payment that went through at once, by a ready-made card such as `pm_card_visa`. */
export function pay(sdk: Stripe, paymentMethod: string, amount = 2500): Promise<Stripe.PaymentIntent> {
  return sdk.paymentIntents.create({
    amount,
    currency: 'usd',
    payment_method: paymentMethod,
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    confirm: true,
    metadata: { topUpId: 'topup_1' },
  })
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`),
    )
  })
}
