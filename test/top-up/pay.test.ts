import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { defaultCard } from '../../functions/cards/cards.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { answerStarted } from '../../functions/top-up/present-top-up.ts'
import { payCheckout } from '../../local/stripe.ts'
import { eventOf, sign, startPayments } from './payments.ts'

const UNIT = 1_000_000n
const PAYS = '4242424242424242'
const IS_DECLINED = '4000000000000002'
const ASKS_THE_BANK = '4000002760003184'
let payments: Awaited<ReturnType<typeof startPayments>>

beforeAll(async () => {
  payments = await startPayments()
})
afterAll(() => payments.stop())
beforeEach(() => {
  payments.stripe.setDelivery({})
  payments.stripe.setWebhookUrl(payments.webhookUrl)
})

async function balanceOf({ accountId }: Account) {
  const head = (await payments.ledger.readHead(accountId))!
  expect(proveAccount(head, await payments.entriesOf(accountId))).toEqual([])
  return head.availableMicros
}

/** An account whose card is saved, with what its first top-up paid in. */
async function openWithCard(cardNumber = PAYS) {
  const account = await payments.openAccount()
  const first = await payments.start(account, '10.00', { saveCard: true }, 'first')
  await payCheckout(first.paymentUrl!, PAYS)
  await payments.stripe.untilIdle()
  const card = defaultCard(await payments.cards.read(account.accountId))!
  payments.stripe.setSavedCard(card.paymentMethodId, cardNumber)
  return account
}

describe('a top-up by checkout', () => {
  it('credits once when Stripe says that it is paid, and not before', async () => {
    const account = await payments.openAccount()
    const topUp = await payments.start(account, '12.34')
    expect(answerStarted(topUp)).toMatchObject({
      status: 'processing',
      amount: { amount: '12.34', currency: 'USD' },
    })
    expect(await payments.start(account, '12.34')).toEqual(topUp)
    expect(await balanceOf(account)).toBe(0n)
    expect(await payCheckout(topUp.paymentUrl!, PAYS)).toMatchObject({ paid: true })
    await payments.stripe.untilIdle()
    expect(await balanceOf(account)).toBe(12_340_000n)
    const settled = await payments.topUps.read(account.accountId, topUp.topUpId)
    expect(settled).toMatchObject({ status: 'settled', entrySequence: 1n })
    const [entry] = await payments.entriesOf(account.accountId)
    expect(entry).toMatchObject({
      kind: 'top_up',
      key: `top-up:${topUp.topUpId}`,
      termsVersion: 'terms-of-service@1',
    })
    expect(JSON.parse(entry!.detail)).toMatchObject({ topUpId: topUp.topUpId, paymentId: settled!.paymentId })
  })

  it('is told to who asks again although terms wait by then, and a new one is not begun', async () => {
    const account = await payments.openAccount()
    const topUp = await payments.start(account, '12.34')
    payments.gate.isClosed = true
    const again = payments.start(account, '12.34')
    const anew = payments.start(account, '12.34', {}, 'another')
    expect(await again).toEqual(topUp)
    await expect(anew).rejects.toMatchObject({ code: 'terms_required' })
    payments.gate.isClosed = false
  })

  it.each([
    ['JPY', '1234', 1234n * UNIT],
    ['KWD', '1.230', 1_230_000n],
  ])('asks for and credits exactly what was said in %s', async (currency, amount, micros) => {
    const account = await payments.openAccount(currency)
    const topUp = await payments.start(account, amount)
    await payCheckout(topUp.paymentUrl!, PAYS)
    await payments.stripe.untilIdle()
    expect(await balanceOf(account)).toBe(micros)
  })

  it('credits once when every event comes twice, newest first', async () => {
    payments.stripe.setWebhookUrl(undefined)
    payments.stripe.setDelivery({ duplicate: true, shuffle: true })
    const account = await payments.openAccount()
    const topUp = await payments.start(account, '5.00')
    expect(await payCheckout(topUp.paymentUrl!, IS_DECLINED)).toMatchObject({ paid: false })
    await payCheckout(topUp.paymentUrl!, PAYS)
    payments.stripe.setWebhookUrl(payments.webhookUrl)
    await payments.stripe.untilIdle()
    expect(await balanceOf(account)).toBe(5n * UNIT)
    expect(await payments.entriesOf(account.accountId)).toHaveLength(1)
  })

  it('is never presented in another currency than it was asked for', async () => {
    const account = await payments.openAccount('KWD')
    const { sessionId } = await payments.start(account, '1.230')
    const session = await payments.sdk.checkout.sessions.retrieve(sessionId!)
    expect(session).toMatchObject({
      adaptive_pricing: { enabled: false },
      currency: 'kwd',
      amount_total: 1230,
    })
  })

  it('stays open when a card is declined on the payment page', async () => {
    const account = await payments.openAccount()
    const topUp = await payments.start(account, '5.00')
    await payCheckout(topUp.paymentUrl!, IS_DECLINED)
    await payments.stripe.untilIdle()
    expect(await payments.topUps.read(account.accountId, topUp.topUpId)).toMatchObject({
      status: 'processing',
    })
    await payCheckout(topUp.paymentUrl!, ASKS_THE_BANK, { authenticate: true })
    await payments.stripe.untilIdle()
    expect(await balanceOf(account)).toBe(5n * UNIT)
  })

  it('goes on with the same payment when Stripe was down', async () => {
    const account = await payments.openAccount()
    payments.stripe.addFault({ endpoint: 'POST /v1/checkout/sessions', kind: 'error_before', times: 3 })
    await expect(payments.start(account, '5.00')).rejects.toMatchObject({
      code: 'payment_provider_unavailable',
    })
    const [created] = await payments.topUps.list(account.accountId, { limit: 10 })
    expect(created).toMatchObject({ status: 'created' })
    const topUp = await payments.start(account, '5.00')
    expect(topUp).toMatchObject({ status: 'processing', topUpId: created!.topUpId })
    await payCheckout(topUp.paymentUrl!, PAYS)
    await payments.stripe.untilIdle()
    expect(await balanceOf(account)).toBe(5n * UNIT)
  })

  it.each(['timeout_after', 'disconnect_after'] as const)(
    'opens one payment when a reply is lost: %s',
    async (kind) => {
      const account = await payments.openAccount()
      payments.stripe.addFault({ endpoint: 'POST /v1/checkout/sessions', kind })
      const topUp = await payments.start(account, '5.00')
      await payCheckout(topUp.paymentUrl!, PAYS)
      await payments.stripe.untilIdle()
      expect(await balanceOf(account)).toBe(5n * UNIT)
    },
  )

  it('opens one payment for concurrent requests with one key', async () => {
    const account = await payments.openAccount()
    const started = await Promise.all(Array.from({ length: 5 }, () => payments.start(account, '5.00')))
    expect(new Set(started.map(({ sessionId }) => sessionId)).size).toBe(1)
    expect(await payments.topUps.list(account.accountId, { limit: 10 })).toHaveLength(1)
  })

  it('starts nothing any more when the first try is longer ago than Stripe knows its keys', async () => {
    const account = await payments.openAccount()
    payments.stripe.addFault({ endpoint: 'POST /v1/checkout/sessions', kind: 'error_before', times: 3 })
    const yesterday = new Date(Date.now() - 24 * 3_600_000)
    await expect(payments.start(account, '5.00', {}, 'key-1', yesterday)).rejects.toMatchObject({
      code: 'payment_provider_unavailable',
    })
    expect(await payments.start(account, '5.00')).toMatchObject({ status: 'expired' })
  })

  it('credits nothing that does not match what was asked, and marks it', async () => {
    const account = await payments.openAccount()
    const topUp = await payments.start(account, '5.00')
    await payments.database.client.send(
      new UpdateCommand({
        TableName: payments.database.paymentsTable,
        Key: { pk: `ACCOUNT#${account.accountId}`, sk: `TOP_UP#${topUp.topUpId}` },
        UpdateExpression: 'SET amountMicros = :amount',
        ExpressionAttributeValues: { ':amount': 500n * UNIT },
      }),
    )
    await payCheckout(topUp.paymentUrl!, PAYS)
    await payments.stripe.untilIdle()
    expect(await balanceOf(account)).toBe(0n)
    expect(await payments.topUps.read(account.accountId, topUp.topUpId)).toMatchObject({
      status: 'mismatched',
    })
  })

  it('lists top-ups newest first, page by page, for their own account alone', async () => {
    const [account, other] = [await payments.openAccount(), await payments.openAccount()]
    for (const day of [1, 2, 3]) {
      await payments.start(account, `${day}.00`, {}, `key-${day}`, new Date(Date.now() - (4 - day) * 60_000))
    }
    const first = await payments.topUps.list(account.accountId, { limit: 2 })
    expect(first.map(({ amountMicros }) => amountMicros)).toEqual([3n * UNIT, 2n * UNIT])
    const rest = await payments.topUps.list(account.accountId, { limit: 2, after: first[1]! })
    expect(rest.map(({ amountMicros }) => amountMicros)).toEqual([UNIT])
    expect(await payments.topUps.read(other.accountId, first[0]!.topUpId)).toBeUndefined()
  })
})

describe('a top-up by saved card', () => {
  it('is credited by the event, not by the call', async () => {
    const account = await openWithCard()
    payments.stripe.setWebhookUrl(undefined)
    const topUp = await payments.start(account, '7.00', { paymentMethod: 'saved_card' })
    expect(topUp).toMatchObject({ status: 'processing', method: 'saved_card' })
    expect(await balanceOf(account)).toBe(10n * UNIT)
    payments.stripe.setWebhookUrl(payments.webhookUrl)
    await payments.stripe.untilIdle()
    expect(await balanceOf(account)).toBe(17n * UNIT)
  })

  it('fails when the card is declined, and says so again to a repeat', async () => {
    const account = await openWithCard(IS_DECLINED)
    for (const _ of [1, 2]) {
      const topUp = await payments.start(account, '7.00', { paymentMethod: 'saved_card' })
      expect(topUp).toMatchObject({ status: 'failed', failureCode: 'generic_decline' })
      expect(() => answerStarted(topUp)).toThrow(expect.objectContaining({ code: 'payment_declined' }))
    }
    await payments.stripe.untilIdle()
    expect(await balanceOf(account)).toBe(10n * UNIT)
  })

  it('goes on as a checkout when the bank wants to ask the card’s holder', async () => {
    const account = await openWithCard(ASKS_THE_BANK)
    const topUp = await payments.start(account, '7.00', { paymentMethod: 'saved_card' })
    await payments.stripe.untilIdle()
    const { paymentUrl, topUpId } = topUp
    expect(() => answerStarted(topUp)).toThrow(
      expect.objectContaining({ code: 'authentication_required', extra: { topUpId, paymentUrl } }),
    )
    expect(await payments.start(account, '7.00', { paymentMethod: 'saved_card' })).toEqual(topUp)
    await payCheckout(paymentUrl!, ASKS_THE_BANK, { authenticate: true })
    await payments.stripe.untilIdle()
    expect(await balanceOf(account)).toBe(17n * UNIT)
  })

  it.each(['timeout_after', 'disconnect_after'] as const)(
    'pays once when the reply is lost: %s',
    async (kind) => {
      const account = await openWithCard()
      payments.stripe.addFault({ endpoint: 'POST /v1/payment_intents', kind })
      await payments.start(account, '7.00', { paymentMethod: 'saved_card' })
      await payments.stripe.untilIdle()
      expect(await balanceOf(account)).toBe(17n * UNIT)
      expect(await payments.entriesOf(account.accountId)).toHaveLength(2)
    },
  )

  it('is credited by the event even when no try was ever answered, and a repeat says so', async () => {
    const account = await openWithCard()
    payments.stripe.addFault({ endpoint: 'POST /v1/payment_intents', kind: 'error_after' })
    const pay = () => payments.start(account, '7.00', { paymentMethod: 'saved_card' })
    await expect(pay()).rejects.toMatchObject({ code: 'payment_provider_unavailable' })
    await payments.stripe.untilIdle()
    expect(await pay()).toMatchObject({ status: 'settled' })
    expect(await balanceOf(account)).toBe(17n * UNIT)
  })

  it('is refused while no card is saved', async () => {
    const account = await payments.openAccount()
    await expect(payments.start(account, '7.00', { paymentMethod: 'saved_card' })).rejects.toMatchObject({
      code: 'no_saved_card',
    })
  })
})

describe('what a top-up refuses', () => {
  it.each([
    ['USD', '5.001', 'amount'],
    ['USD', '0.49', 'amount'],
    ['USD', '10000.01', 'amount'],
    ['JPY', '100.5', 'amount'],
    ['KWD', '1.235', 'amount'],
  ])('%s %s, naming %s, with nothing written', async (currency, amount, field) => {
    const account = await payments.openAccount(currency)
    await expect(payments.start(account, amount)).rejects.toMatchObject({
      code: 'request_invalid',
      errors: [{ field }],
    })
    expect(await payments.topUps.list(account.accountId, { limit: 10 })).toEqual([])
  })

  it('another currency than the account’s, and the same key for another request', async () => {
    const account = await payments.openAccount()
    await expect(payments.start(account, '5.00', { currency: 'EUR' })).rejects.toMatchObject({
      code: 'wrong_currency',
    })
    await payments.start(account, '5.00')
    await expect(payments.start(account, '6.00')).rejects.toMatchObject({ code: 'idempotency_key_reused' })
  })
})

describe('Stripe’s events', () => {
  const session = (topUp: { accountId: string; topUpId: string; sessionId?: string }, more: object = {}) => ({
    id: topUp.sessionId,
    object: 'checkout.session',
    metadata: { accountId: topUp.accountId, topUpId: topUp.topUpId, purpose: 'top_up' },
    amount_total: 500,
    currency: 'usd',
    payment_status: 'paid',
    payment_intent: 'pi_1',
    ...more,
  })
  const send = (type: string, object: object) => {
    const body = eventOf(type, object)
    return payments.deliver(body, sign(body))
  }

  it('are refused when forged, changed or stale, and change nothing', async () => {
    const account = await payments.openAccount()
    const topUp = await payments.start(account, '5.00')
    const body = eventOf('checkout.session.completed', session(topUp))
    const stale = Math.floor(Date.now() / 1000) - 301
    for (const [text, signature] of [
      [body, sign(body, undefined, 'whsec_other')],
      [body.replace('500', '501'), sign(body)],
      [body, sign(body, stale)],
      [body, ''],
    ] as const) {
      expect(await payments.deliver(text, signature)).toMatchObject({
        status: 400,
        body: { code: 'webhook_signature_invalid' },
      })
    }
    expect(await balanceOf(account)).toBe(0n)
  })

  it('of unknown types or of payments that are not ours are taken and change nothing', async () => {
    expect(await send('invoice.created', {})).toMatchObject({ status: 200 })
    expect(
      await send(
        'checkout.session.completed',
        session({ accountId: 'acc_nobody0000', topUpId: `top_${'x'.repeat(22)}`, sessionId: 'cs_1' }),
      ),
    ).toMatchObject({ status: 200 })
    expect(await send('checkout.session.completed', session({ accountId: 'x', topUpId: 'y' }))).toMatchObject(
      { status: 200 },
    )
    expect(
      await send('payment_intent.succeeded', {
        id: 'pi_2',
        object: 'payment_intent',
        status: 'succeeded',
        metadata: {},
        currency: 'usd',
        amount_received: 500,
      }),
    ).toMatchObject({ status: 200 })
  })

  it('settle a top-up that had failed or expired, and change nothing of a settled one', async () => {
    const account = await payments.openAccount()
    const topUp = await payments.start(account, '5.00')
    const statusNow = async () => (await payments.topUps.read(account.accountId, topUp.topUpId))!.status
    await send('checkout.session.async_payment_failed', session(topUp, { payment_status: 'unpaid' }))
    expect(await statusNow()).toBe('failed')
    await send('checkout.session.completed', session(topUp, { payment_status: 'unpaid' }))
    expect(await balanceOf(account)).toBe(0n)
    await send('checkout.session.async_payment_succeeded', session(topUp))
    expect(await statusNow()).toBe('settled')
    for (const type of [
      'checkout.session.expired',
      'checkout.session.async_payment_failed',
      'checkout.session.completed',
    ]) {
      await send(type, session(topUp))
      expect(await statusNow()).toBe('settled')
    }
    // Paid once more under another payment: for staff to look at, not to be credited.
    await send('checkout.session.completed', session(topUp, { payment_intent: 'pi_other' }))
    expect(await balanceOf(account)).toBe(5n * UNIT)
    expect(await payments.entriesOf(account.accountId)).toHaveLength(1)
  })

  it.each([
    ['another amount', { amount_total: 501 }],
    ['another currency', { currency: 'eur' }],
    ['another session', { id: 'cs_test_other' }],
  ])('credit nothing for %s', async (_, change) => {
    const account = await payments.openAccount()
    const topUp = await payments.start(account, '5.00')
    expect(await send('checkout.session.completed', session(topUp, change))).toMatchObject({ status: 200 })
    expect(await balanceOf(account)).toBe(0n)
    expect(await payments.topUps.read(account.accountId, topUp.topUpId)).toMatchObject({
      status: 'mismatched',
    })
  })

  it('credit once when twenty of them come at the same time', async () => {
    const account = await payments.openAccount()
    const topUp = await payments.start(account, '5.00')
    await Promise.all(Array.from({ length: 20 }, () => send('checkout.session.completed', session(topUp))))
    expect(await balanceOf(account)).toBe(5n * UNIT)
    expect(await payments.entriesOf(account.accountId)).toHaveLength(1)
  })
})
