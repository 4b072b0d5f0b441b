import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { log } from '../../functions/edge/log.ts'
import { handNews } from '../../functions/top-up/hand-news.ts'
import type { ProviderNews } from '../../functions/top-up/payment-provider.ts'
import type { TopUp } from '../../functions/top-up/top-up.ts'
import { eventOf, sign, startPayments } from './payments.ts'

const BYTE_ORDER_MARK = '\uFEFF'
let payments: Awaited<ReturnType<typeof startPayments>>

beforeAll(async () => {
  payments = await startPayments()
})
afterAll(() => payments.stop())
afterEach(() => vi.restoreAllMocks())

const sessionOf = ({ accountId, topUpId, sessionId }: TopUp, more: object = {}) => ({
  id: sessionId,
  object: 'checkout.session',
  metadata: { accountId, topUpId, purpose: 'top_up' },
  status: 'complete',
  payment_status: 'paid',
  amount_total: 500,
  currency: 'usd',
  payment_intent: 'pi_1',
  ...more,
})
const intentOf = ({ accountId, topUpId }: TopUp, more: object = {}) => ({
  id: 'pi_1',
  object: 'payment_intent',
  metadata: { accountId, topUpId, purpose: 'top_up' },
  status: 'succeeded',
  amount: 500,
  amount_received: 500,
  currency: 'usd',
  customer: null,
  payment_method: null,
  setup_future_usage: null,
  last_payment_error: null,
  ...more,
})

async function openTopUp() {
  const account = await payments.openAccount()
  const topUp = await payments.start(account, '5.00')
  const balance = async () => (await payments.ledger.readHead(account.accountId))!.availableMicros
  const status = async () => (await payments.topUps.read(account.accountId, topUp.topUpId))!.status
  return { topUp, balance, status }
}

const send = (type: string, object: object) => {
  const body = eventOf(type, object)
  return payments.deliver(body, sign(body))
}

describe('the bytes of an event', () => {
  it.each([
    ['as they are', (body: string) => body],
    ['in base64, as the gateway may hand them over', (body: string) => Buffer.from(body)],
    ['behind a byte order mark', (body: string) => BYTE_ORDER_MARK + body],
    ['behind a byte order mark, in base64', (body: string) => Buffer.from(BYTE_ORDER_MARK + body)],
    ['with white space around and within', (body: string) => `\r\n\t ${body.replaceAll(':', ' :\n ')} \n`],
    ['with letters beyond ASCII', (body: string) => body.replace('"event"', '"évènement 🙂"')],
  ])('are checked and read %s', async (_, change) => {
    const { topUp, balance } = await openTopUp()
    const body = change(
      JSON.stringify({
        id: 'evt_1',
        object: 'event',
        type: 'checkout.session.completed',
        created: 1,
        data: { object: sessionOf(topUp) },
      }),
    )
    expect(await payments.deliver(body, sign(body))).toMatchObject({ status: 200 })
    expect(await balance()).toBe(5_000_000n)
  })

  it('that are changed by as much as a space are refused', async () => {
    const { topUp, balance } = await openTopUp()
    const body = eventOf('checkout.session.completed', sessionOf(topUp))
    expect(await payments.deliver(`${body} `, sign(body))).toMatchObject({
      status: 400,
      body: { code: 'webhook_signature_invalid' },
    })
    expect(await balance()).toBe(0n)
  })

  it('are refused where they are more than a mebibyte, whoever signed them', async () => {
    const body = JSON.stringify({ id: 'evt_1', type: 'x', filling: 'x'.repeat(1024 * 1024) })
    expect(await payments.deliver(body, sign(body))).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    })
  })

  it.each([
    ['no JSON', 'not json', 'body'],
    ['no event', 'null', 'body'],
    ['a list', '[]', 'body'],
    ['an event without an id', '{"type":"payment_intent.succeeded"}', 'id'],
    ['an event without a type', '{"id":"evt_1"}', 'type'],
  ])('are refused, naming the field, where they are signed and are %s', async (_, body, field) => {
    expect(await payments.deliver(body, sign(body))).toMatchObject({
      status: 400,
      body: { code: 'request_invalid', errors: [{ field }] },
    })
  })
})

describe('the signature of an event', () => {
  const seconds = () => Math.floor(Date.now() / 1000)
  it.each([
    ['of another key', (body: string) => sign(body, undefined, 'whsec_other')],
    ['older than 300 seconds', (body: string) => sign(body, seconds() - 301)],
    ['that is none', () => 'hello'],
    ['that is absent', () => ''],
    ['without a time', (body: string) => sign(body).replace(/^t=\d+,/, '')],
    ['of another scheme alone', (body: string) => sign(body).replace('v1=', 'v0=')],
    ['whose time was made younger', (body: string) => sign(body, 1).replace('t=1,', `t=${seconds()},`)],
  ])('%s credits nothing', async (_, signed) => {
    const { topUp, balance } = await openTopUp()
    const body = eventOf('checkout.session.completed', sessionOf(topUp))
    expect(await payments.deliver(body, signed(body))).toMatchObject({
      status: 400,
      body: { code: 'webhook_signature_invalid' },
    })
    expect(await balance()).toBe(0n)
  })

  it('counts where one of several fits, as while the key is changed', async () => {
    const { topUp, balance } = await openTopUp()
    const body = eventOf('checkout.session.completed', sessionOf(topUp))
    const other = sign(body, undefined, 'whsec_other').replace(/^t=\d+,/, '')
    expect(await payments.deliver(body, `${sign(body)},${other}`)).toMatchObject({ status: 200 })
    expect(await balance()).toBe(5_000_000n)
  })
})

describe('an event', () => {
  it.each([
    ['of a type that is unknown', 'invoice.created', { id: 'in_1' }],
    ['of a type whose like has no object', 'v2.core.account.created', undefined],
    ['of a payment without metadata', 'payment_intent.succeeded', { id: 'pi_x', metadata: {} }],
    ['of a payment whose metadata is none', 'payment_intent.succeeded', { id: 'pi_x', metadata: null }],
    ['of a dispute without a payment', 'charge.dispute.created', { id: 'dp_x', payment_intent: null }],
    ['of a card that somebody else has saved', 'setup_intent.succeeded', { id: 'seti_x', metadata: {} }],
    ['that has no object', 'payment_intent.succeeded', undefined],
    [
      'whose ids are none: a dispute',
      'charge.dispute.created',
      { id: 'du_\ud800', payment_intent: 'pi_\ud800' },
    ],
    ['whose ids are none: a refund', 'refund.updated', { id: 're_1', payment_intent: '\ud800' }],
    ['whose ids are none: a card', 'payment_method.detached', { id: '\ud800', customer: '' }],
    ['whose id is too long for one', 'payment_method.updated', { id: 'p'.repeat(3000), customer: 'cus_1' }],
  ])('%s is taken and changes nothing', async (_, type, object) => {
    expect(await send(type, object as unknown as object)).toMatchObject({ status: 200 })
  })

  it('of a type that nobody knows is logged by its id and type, and one that is known is not', async () => {
    const { topUp } = await openTopUp()
    const note = vi.spyOn(log, 'info').mockReturnValue(undefined)
    const body = eventOf('invoice.created', { id: 'in_1' })
    expect(await payments.deliver(body, sign(body))).toMatchObject({ status: 200 })
    const eventId = JSON.parse(body).id as string
    expect(note.mock.calls).toEqual([['an event of no interest', { eventId, eventType: 'invoice.created' }]])
    note.mockClear()
    expect(await send('payment_intent.succeeded', intentOf(topUp))).toMatchObject({ status: 200 })
    expect(note).not.toHaveBeenCalled()
  })

  it('of one of our payments that is not as Stripe describes it is refused, naming the field', async () => {
    const { topUp, balance } = await openTopUp()
    for (const [object, field] of [
      [intentOf(topUp, { amount_received: '500' }), 'amount_received'],
      [intentOf(topUp, { amount_received: 5.5 }), 'amount_received'],
      [intentOf(topUp, { currency: null }), 'currency'],
      [intentOf(topUp, { id: undefined }), 'id'],
      [intentOf(topUp, { id: 'pi_\ud800' }), 'id'],
    ] as const) {
      expect(await send('payment_intent.succeeded', object)).toMatchObject({
        status: 400,
        body: { code: 'request_invalid', errors: [{ field }] },
      })
    }
    expect(await balance()).toBe(0n)
  })

  it('of a payment made for another purpose never credits', async () => {
    const { topUp, balance, status } = await openTopUp()
    const { accountId, topUpId } = topUp
    for (const purpose of ['card', 'invoice', 'TOP_UP', '', undefined]) {
      const metadata = { accountId, topUpId, purpose }
      expect(await send('payment_intent.succeeded', intentOf(topUp, { metadata }))).toMatchObject({
        status: 200,
      })
      expect(await send('checkout.session.completed', sessionOf(topUp, { metadata }))).toMatchObject({
        status: 200,
      })
    }
    expect(await balance()).toBe(0n)
    expect(await status()).toBe('processing')
  })

  it.each([
    ['payment_intent.created', { status: 'requires_payment_method' }],
    ['payment_intent.processing', { status: 'processing' }],
    ['payment_intent.requires_action', { status: 'requires_action' }],
    ['payment_intent.amount_capturable_updated', { status: 'requires_capture', amount_capturable: 500 }],
    ['payment_intent.partially_funded', { status: 'requires_action' }],
  ])('%s leaves a payment open', async (type, more) => {
    const { topUp, balance, status } = await openTopUp()
    expect(await send(type, intentOf(topUp, { amount_received: 0, ...more }))).toMatchObject({ status: 200 })
    expect(await balance()).toBe(0n)
    expect(await status()).toBe('processing')
  })

  it('that only a part was received, or that the payer is still to pay, credits nothing', async () => {
    const { topUp, balance, status } = await openTopUp()
    await send('checkout.session.completed', sessionOf(topUp, { payment_status: 'unpaid' }))
    expect(await status()).toBe('processing')
    await send('payment_intent.succeeded', intentOf(topUp, { amount_received: 499 }))
    expect(await balance()).toBe(0n)
    expect(await status()).toBe('mismatched')
    const { accountId, topUpId } = topUp
    expect(await payments.topUps.read(accountId, topUpId)).toMatchObject({ mismatch: 'paid 4.99 USD' })
  })
})

describe('news of a provider', () => {
  const payment = { kind: 'payment' } as ProviderNews

  it('goes to whoever takes its kind, and is left where nobody does', async () => {
    const taken: ProviderNews[] = []
    const takers = { payment: async (news: ProviderNews) => void taken.push(news) }
    expect(await handNews(takers, payment, 'now')).toBe(true)
    expect(await handNews(takers, { kind: 'refund', paymentId: 'pi_1' }, 'now')).toBe(false)
    expect(taken).toEqual([payment])
  })
})
