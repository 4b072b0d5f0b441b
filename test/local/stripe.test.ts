import Stripe from 'stripe'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { API_VERSION } from '../../local/stripe/stripe-world.ts'
import { payCheckout, startStripe } from '../../local/stripe.ts'
import { API_KEY, type StripeStack, sdkFor, topUpSession, useOneStripeStack } from './stripe/stripe-stack.ts'

let stack: StripeStack
let sdk: Stripe
useOneStripeStack((started) => {
  stack = started
  sdk = started.sdk
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** The raw answer, for what the SDK does not show. */
function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${stack.running.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${API_KEY}`,
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    },
    body,
  })
}

it('speaks the API version of the installed SDK', () => {
  expect(API_VERSION).toBe(Stripe.API_VERSION)
})

describe('keys', () => {
  it('no key and a wrong key are refused with 401', async () => {
    await expect(sdkFor(stack.running.url, 'sk_test_other').customers.create({})).rejects.toMatchObject({
      type: 'StripeAuthenticationError',
      statusCode: 401,
    })
    expect((await fetch(`${stack.running.url}/v1/customers`, { method: 'POST' })).status).toBe(401)
  })

  it('a live key is refused, by a request and at the start', async () => {
    const live = sdkFor(stack.running.url, 'sk_live_real')
    await expect(live.customers.create({})).rejects.toThrow('refuses live keys')
    const start = startStripe({
      port: 0,
      folder: stack.folder,
      apiKey: 'sk_live_real',
      webhookSigningSecret: 'x',
    })
    await expect(start).rejects.toThrow('refuses live keys')
  })
})

describe('a Checkout session', () => {
  it('is open and unpaid, has a page, and can be read again', async () => {
    const session = await sdk.checkout.sessions.create(topUpSession())

    expect(session).toMatchObject({
      object: 'checkout.session',
      status: 'open',
      payment_status: 'unpaid',
      amount_total: 2500,
      currency: 'usd',
      client_reference_id: 'topup_1',
      metadata: { topUpId: 'topup_1' },
      payment_intent: null,
      livemode: false,
    })
    expect(session.expires_at).toBe(session.created + 24 * 3600)
    expect(await sdk.checkout.sessions.retrieve(session.id)).toEqual(session)
  })

  it('lives exactly 24 hours, also when a second ends while it is made', async () => {
    let now = Date.now()
    vi.spyOn(Date, 'now').mockImplementation(() => (now += 1000))

    const session = await sdk.checkout.sessions.create(topUpSession())

    expect(session.expires_at).toBe(session.created + 24 * 3600)
  })

  it('can be expired while it is open, once', async () => {
    const session = await sdk.checkout.sessions.create(topUpSession())

    const expired = await sdk.checkout.sessions.expire(session.id)

    expect(expired).toMatchObject({ status: 'expired', url: null })
    await expect(sdk.checkout.sessions.expire(session.id)).rejects.toThrow('status of expired')
    await expect(payCheckout(session.url!, '4242424242424242')).rejects.toThrow('410')
    await stack.running.untilIdle()
    expect(stack.types()).toEqual(['checkout.session.expired'])
  })

  it('expires when the clock has moved past its time', async () => {
    const session = await sdk.checkout.sessions.create(topUpSession())
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 3600 * 1000 })

    expect(stack.running.settleDue()).toBeGreaterThan(0)
    expect(stack.running.settleDue()).toBe(0)

    expect((await sdk.checkout.sessions.retrieve(session.id)).status).toBe('expired')
    await stack.running.untilIdle()
    expect(stack.received.map(({ event }) => event.data.object)).toContainEqual(
      expect.objectContaining({ id: session.id, status: 'expired' }),
    )
  })

  it('may be asked to expire between 30 minutes and 24 hours from now', async () => {
    const now = Math.floor(Date.now() / 1000)
    for (const seconds of [60, 25 * 3600]) {
      const asked = sdk.checkout.sessions.create({ ...topUpSession(), expires_at: now + seconds })
      await expect(asked).rejects.toMatchObject({ statusCode: 400, param: 'expires_at' })
    }
    const session = await sdk.checkout.sessions.create({ ...topUpSession(), expires_at: now + 3600 })
    expect(session.expires_at).toBe(now + 3600)
  })
})

describe('parameters are checked as Stripe checks them', () => {
  it.each([
    ['/v1/payment_intents', 'currency=usd', 'amount', 'parameter_missing'],
    ['/v1/payment_intents', 'amount=100', 'currency', 'parameter_missing'],
    ['/v1/payment_intents', 'amount=100&currency=usd&colour=red', 'colour', 'parameter_unknown'],
    ['/v1/payment_intents', 'amount=1.5&currency=usd', 'amount', 'parameter_invalid_integer'],
    ['/v1/payment_intents', 'amount=-5&currency=usd', 'amount', 'parameter_invalid_integer'],
    ['/v1/payment_intents', 'amount=100&currency=zzz', 'currency', 'parameter_invalid_currency'],
    ['/v1/payment_intents', 'amount=100&currency=usd&__proto__[x]=1', '__proto__', 'parameter_unknown'],
    [
      '/v1/checkout/sessions',
      'mode=payment&success_url=http://a.example.com',
      'line_items',
      'parameter_missing',
    ],
    [
      '/v1/checkout/sessions',
      'mode=payment&success_url=http://a.example.com&line_items[0][price_data][unit_amount]=100&line_items[0][price_data][product_data][name]=x',
      'line_items[0][price_data][currency]',
      'parameter_missing',
    ],
    ['/v1/customers', 'email=', 'email', 'parameter_invalid_empty'],
  ])('%s %s → %s %s', async (path, body, param, code) => {
    const response = await post(path, body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', param, code } })
  })

  it('an unknown customer, session, intent or path is named', async () => {
    const create = sdk.paymentIntents.create({ amount: 100, currency: 'usd', customer: 'cus_none' })
    await expect(create).rejects.toMatchObject({
      statusCode: 400,
      code: 'resource_missing',
      param: 'customer',
    })
    await expect(sdk.checkout.sessions.retrieve('cs_none')).rejects.toMatchObject({ statusCode: 404 })
    await expect(sdk.paymentIntents.retrieve('pi_none')).rejects.toMatchObject({
      statusCode: 404,
      param: 'intent',
    })
    await expect(sdk.payouts.create({ amount: 1, currency: 'usd' })).rejects.toThrow(
      'Unrecognized request URL',
    )
  })

  it.each([
    [49, 'usd', 'amount_too_small'],
    [49, 'jpy', 'amount_too_small'],
    [100_000_000, 'usd', 'amount_too_large'],
  ])('%i %s cannot be charged: %s', async (amount, currency, code) => {
    await expect(sdk.paymentIntents.create({ amount, currency })).rejects.toMatchObject({
      param: 'amount',
      code,
    })
    await expect(sdk.checkout.sessions.create(topUpSession(amount, currency))).rejects.toMatchObject({ code })
  })

  it('yen have no minor unit, and dinars of thousandths end in 0', async () => {
    expect((await sdk.paymentIntents.create({ amount: 50, currency: 'jpy' })).amount).toBe(50)
    expect((await sdk.paymentIntents.create({ amount: 1230, currency: 'kwd' })).amount).toBe(1230)
    await expect(sdk.paymentIntents.create({ amount: 1234, currency: 'kwd' })).rejects.toThrow(
      'divisible by 10',
    )
  })
})

describe('an idempotency key', () => {
  it('answers the same request with the first answer and says so', async () => {
    const headers = { 'idempotency-key': 'same' }
    const first = await post('/v1/customers', 'email=a@hosted.example.com', headers)
    const again = await post('/v1/customers', 'email=a@hosted.example.com', headers)

    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.headers.get('original-request')).toBe(first.headers.get('request-id'))
    expect(await again.json()).toEqual(await first.json())
  })

  it('refuses another request with idempotency_error', async () => {
    const options = { idempotencyKey: 'other' }
    await sdk.customers.create({ email: 'a@hosted.example.com' }, options)
    await expect(sdk.customers.create({ email: 'b@hosted.example.com' }, options)).rejects.toMatchObject({
      type: 'StripeIdempotencyError',
      statusCode: 400,
    })
  })

  it('in use by a request under way answers 409', async () => {
    stack.running.addFault({ endpoint: 'POST /v1/customers', kind: 'hold_before' })
    const options = { idempotencyKey: 'busy' }
    const first = sdk.customers.create({}, options)
    await vi.waitFor(async () => {
      await expect(sdk.customers.create({}, options)).rejects.toMatchObject({ statusCode: 409 })
    })
    await fetch(`${stack.running.url}/_local/faults/release`, { method: 'POST' })

    expect((await sdk.customers.create({}, options)).id).toBe((await first).id)
  })

  it('remembers a declined payment and no failed validation', async () => {
    const decline = {
      amount: 100,
      currency: 'usd',
      payment_method: 'pm_card_chargeDeclined',
      confirm: true,
    } as const
    const parameters = { ...decline, return_url: 'http://127.0.0.1:1/' }
    const failed = async () =>
      sdk.paymentIntents.create(parameters, { idempotencyKey: 'declined' }).catch((e) => e)
    const first = await failed()
    expect((await failed()).payment_intent.id).toBe(first.payment_intent.id)

    const options = { idempotencyKey: 'invalid' }
    await expect(sdk.paymentIntents.create({ amount: 1, currency: 'usd' }, options)).rejects.toThrow(
      'at least',
    )
    expect((await sdk.paymentIntents.create({ amount: 100, currency: 'usd' }, options)).amount).toBe(100)
  })

  it('is forgotten after a day', async () => {
    const options = { idempotencyKey: 'yesterday' }
    const first = await sdk.customers.create({}, options)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 24 * 3600 * 1000 })
    expect((await sdk.customers.create({}, options)).id).not.toBe(first.id)
  })
})

describe('a fault', () => {
  it('before taking effect answers 500 and changes nothing; the same key then works', async () => {
    stack.running.addFault({ endpoint: 'POST /v1/payment_intents', kind: 'error_before' })
    const call = () =>
      sdk.paymentIntents.create({ amount: 100, currency: 'usd' }, { idempotencyKey: 'before' })
    await expect(call()).rejects.toMatchObject({ statusCode: 500 })
    await call()
    await stack.running.untilIdle()
    expect(stack.types()).toEqual(['payment_intent.created'])
  })

  it('after taking effect answers 500, and the key replays the 500', async () => {
    stack.running.addFault({ endpoint: 'POST /v1/payment_intents', kind: 'error_after' })
    const call = () =>
      sdk.paymentIntents.create({ amount: 100, currency: 'usd' }, { idempotencyKey: 'after' })
    await expect(call()).rejects.toMatchObject({ statusCode: 500 })
    await expect(call()).rejects.toMatchObject({ statusCode: 500 })
    await stack.running.untilIdle()
    expect(stack.types()).toEqual(['payment_intent.created'])
  })

  it.each(['timeout_after', 'disconnect_after'] as const)(
    '%s loses the answer, and the key gives it',
    async (kind) => {
      const answer = await fetch(`${stack.running.url}/_local/faults`, {
        method: 'POST',
        body: JSON.stringify({ endpoint: 'POST /v1/payment_intents', kind }),
      })
      expect(answer.status).toBe(200)
      const headers = { authorization: `Bearer ${API_KEY}`, 'idempotency-key': kind }
      const lost = fetch(`${stack.running.url}/v1/payment_intents`, {
        method: 'POST',
        headers,
        body: 'amount=100&currency=usd',
        signal: kind === 'timeout_after' ? AbortSignal.timeout(200) : undefined,
      })
      await expect(lost).rejects.toThrow()

      const intent = await sdk.paymentIntents.create(
        { amount: 100, currency: 'usd' },
        { idempotencyKey: kind },
      )

      await stack.running.untilIdle()
      expect(stack.received.map(({ event }) => (event.data.object as { id?: string }).id)).toEqual([
        intent.id,
      ])
    },
  )

  it('names an endpoint that there is', async () => {
    const body = JSON.stringify({ endpoint: 'POST /v1/payouts', kind: 'error_before' })
    expect((await fetch(`${stack.running.url}/_local/faults`, { method: 'POST', body })).status).toBe(400)
  })
})
