import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStripeProvider } from '../../functions/top-up/stripe.client.ts'
import { payCheckout } from '../../local/stripe.ts'
import { startPayments } from './payments.ts'

const PAYS = '4242424242424242'
const ASKS_THE_BANK = '4000002760003184'
const longAgo = () => new Date(Date.now() - 20 * 60_000)

/** Stripe, whose every answer is this payment. */
async function stripeAnswering(intent: object): Promise<{ server: Server; url: string }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(intent))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

describe('a payment by saved card that Stripe does not refuse', () => {
  const declined = { ok: false, reason: 'declined', paymentId: 'pi_1' }
  it.each([
    ['succeeded', null, { ok: true, paymentId: 'pi_1' }],
    ['processing', null, { ok: true, paymentId: 'pi_1' }],
    [
      'requires_action',
      null,
      { ...declined, reason: 'authentication_required', code: 'authentication_required' },
    ],
    [
      'requires_payment_method',
      { code: 'card_declined', decline_code: 'lost_card' },
      { ...declined, code: 'lost_card' },
    ],
    ['requires_payment_method', null, { ...declined, code: 'requires_payment_method' }],
    ['canceled', null, { ...declined, code: 'canceled' }],
  ])('and is %s (%j) is %j', async (status, last_payment_error, expected) => {
    const { server, url } = await stripeAnswering({
      ...{ id: 'pi_1', object: 'payment_intent', status, last_payment_error },
    })
    const provider = createStripeProvider({ apiKey: 'sk_test_drawdown', url })
    const paid = await provider.chargeSavedCard({
      topUpId: `top_${'x'.repeat(22)}`,
      accountId: 'acc_example001',
      amountMicros: 5_000_000n,
      currency: 'USD',
      customerId: 'cus_1',
      paymentMethodId: 'pm_1',
    })
    server.close()
    expect(paid).toEqual(expected)
  })
})

describe('a payment whose start was cut off, and that waits at the provider', () => {
  let payments: Awaited<ReturnType<typeof startPayments>>
  beforeAll(async () => {
    payments = await startPayments()
  })
  afterAll(() => payments.stop())

  /** A top-up of which we only know that it was asked for, and its payment, at which the bank asks its holder. */
  async function waitingForItsHolder(method: 'saved_card' | 'checkout') {
    const account = await payments.openAccount()
    const { accountId } = account
    const first = await payments.start(account, '10.00', { saveCard: true }, 'first')
    await payCheckout(first.paymentUrl!, PAYS)
    await payments.stripe.untilIdle()
    const { customerId, defaultCardId } = await payments.cards.read(accountId)
    payments.stripe.setSavedCard(defaultCardId!, ASKS_THE_BANK)
    const endpoint = method === 'checkout' ? 'POST /v1/checkout/sessions' : 'POST /v1/payment_intents'
    payments.stripe.addFault({ endpoint, kind: 'error_before', times: 3 })
    const start = () => payments.start(account, '7.00', { paymentMethod: method }, 'key-1', longAgo())
    await expect(start()).rejects.toMatchObject({ code: 'payment_provider_unavailable' })
    const topUps = await payments.topUps.list(accountId, { limit: 5 })
    const { topUpId } = topUps.find(({ status }) => status === 'created')!
    const intent = await payments.sdk.paymentIntents.create({
      amount: 700,
      currency: 'usd',
      customer: customerId!,
      payment_method: defaultCardId!,
      confirm: true,
      return_url: 'http://portal.example.com',
      metadata: { accountId, topUpId, purpose: 'top_up' },
    })
    expect(intent.status).toBe('requires_action')
    return { start, read: () => payments.topUps.read(accountId, topUpId) }
  }

  it('fails by saved card, since nobody is there, and goes on at a page when its client asks again', async () => {
    const { start, read } = await waitingForItsHolder('saved_card')
    await payments.reconcile()
    expect(await read()).toMatchObject({ status: 'failed', failureCode: 'authentication_required' })
    expect(await start()).toMatchObject({ status: 'processing', paymentUrl: expect.any(String) })
  })

  it('stays open at a page, where its holder may still answer', async () => {
    const { read } = await waitingForItsHolder('checkout')
    await payments.reconcile()
    expect(await read()).toMatchObject({ status: 'processing' })
  })
})
