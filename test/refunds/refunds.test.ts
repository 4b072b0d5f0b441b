import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AutoTopUp } from '../../functions/auto-top-up/auto-top-up.ts'
import { payCheckout } from '../../local/stripe.ts'
import { startPayments } from '../top-up/payments.ts'
import {
  PAYS,
  type PaidIn,
  type Payments,
  payIn,
  payInMore,
  refundedAtProvider,
  refundingThrough,
  spend,
  stateOf,
} from './refunding.ts'

const REFUNDS_LATER = '4000000000007726'
const REFUND_FAILS_LATER = '4000000000005126'
const HOUR_MILLISECONDS = 3_600_000
let payments: Payments
let refunding: ReturnType<typeof refundingThrough>

beforeAll(async () => {
  payments = await startPayments()
  refunding = refundingThrough(payments)
})
afterAll(() => payments.stop())
beforeEach(() => {
  payments.stripe.releaseFaults()
  payments.stripe.setDelivery({})
  payments.stripe.setWebhookUrl(payments.webhookUrl)
})

const state = (paid: PaidIn) => stateOf(payments, paid)
const failing = (fault: Parameters<Payments['stripe']['addFault']>[0]) => payments.stripe.addFault(fault)
const hoursLater = (hours: number) => new Date(Date.now() + hours * HOUR_MILLISECONDS)
const setStatus = ({ account }: PaidIn, status: string) =>
  payments.database.client.send(
    new UpdateCommand({
      TableName: payments.database.ledgerTable,
      Key: { pk: `ACCOUNT#${account.accountId}`, sk: 'HEAD' },
      UpdateExpression: 'SET #status = :status, revision = revision + :one',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':status': status, ':one': 1n },
    }),
  )
const autoTopUpOf = (accountId: string, thresholdMicros: bigint): AutoTopUp => ({
  accountId,
  currency: 'USD',
  status: 'on',
  thresholdMicros,
  targetMicros: 4n * thresholdMicros,
  monthlyCapMicros: 100n * thresholdMicros,
  consent: { actor: 'person:1', at: '2026-11-01T00:00:00.000Z', wordingVersion: '1' },
  month: '2026-11',
  chargedMicros: 0n,
  toldPercent: 0,
  attempts: 0n,
  failuresInARow: 0,
  changedAt: '2026-11-01T00:00:00.000Z',
  revision: 0n,
})
async function reread({ account }: PaidIn, refundId: string) {
  return (await refunding.refunds.read(account.accountId, refundId))!
}

describe('a refund', () => {
  it('takes the credit and sends the money back once, however often it is asked for', async () => {
    const paid = await payIn(payments)
    const refund = await refunding.refund(paid, '4.00')
    expect(refund).toMatchObject({ status: 'succeeded', amountMicros: 4_000_000n, entrySequence: 2n })
    expect(await refunding.refund(paid, '4.00')).toEqual(refund)
    await payments.stripe.untilIdle()
    expect(await state(paid)).toEqual({
      availableMicros: 6_000_000n,
      receivableMicros: 0n,
      refundedMicros: 4_000_000n,
      cashMicros: 6_000_000n,
      kinds: ['top_up', 'top_up_refund'],
    })
    expect(await refundedAtProvider(payments, paid)).toBe(4_000_000n)
    await expect(refunding.refund(paid, '4.01')).rejects.toMatchObject({ code: 'idempotency_key_reused' })
  })

  it.each([
    ['below the threshold', '6.00', { status: 'off', offReason: 'refunded' }, true],
    ['above it', '4.00', { status: 'on' }, undefined],
  ])('that leaves credit %s lets automatic top-up charge nothing for it', async (_, amount, then, off) => {
    const paid = await payIn(payments)
    const { accountId } = paid.account
    const never = autoTopUpOf(accountId, 5_000_000n)
    await refunding.autoTopUps.replace(never, never)

    expect((await refunding.refund(paid, amount)).switchesOffAutoTopUp).toBe(off)

    expect(await refunding.autoTopUps.read(accountId)).toMatchObject(then)
  })

  it('is of what is unspent in its own top-up alone, which the refusal names', async () => {
    const paid = await payIn(payments)
    await payInMore(payments, paid.account, '50.00', 'second')
    await spend(payments, paid.account, 3_000_001n)
    const tooMuch = refunding.refund(paid, '7.00')
    await expect(tooMuch).rejects.toMatchObject({
      code: 'more_than_unspent',
      extra: { unspent: { amount: '6.999999', currency: 'USD' } },
    })
    await refunding.refund(paid, '6.00', { key: 'key-2' })
    await expect(refunding.refund(paid, '1.00', { key: 'key-3' })).rejects.toMatchObject({
      extra: { unspent: { amount: '0.999999', currency: 'USD' } },
    })
    expect(await refundedAtProvider(payments, paid)).toBe(6_000_000n)
  })

  it('never comes to more than the top-up when several are asked for at once', async () => {
    const paid = await payIn(payments)
    const asked = ['a', 'b', 'c', 'd'].map((key) => refundingThrough(payments).refund(paid, '3.00', { key }))
    const outcomes = await Promise.allSettled(asked)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'more_than_unspent' },
    })
    expect(await state(paid)).toMatchObject({ availableMicros: 1_000_000n, refundedMicros: 9_000_000n })
    expect(await refundedAtProvider(payments, paid)).toBe(9_000_000n)
  })

  it.each([
    ['USD', '0.005', '0.01 USD'],
    ['KWD', '1.005', '0.010 KWD'],
    ['JPY', '50.5', '1 JPY'],
  ])('is of amounts that a card takes: not %s %s', async (currency, amount, step) => {
    const paid = await payIn(payments, '100', undefined, currency)
    await expect(refunding.refund(paid, amount)).rejects.toMatchObject({
      code: 'request_invalid',
      errors: [{ field: 'amount', detail: expect.stringContaining(step) }],
    })
    expect(await state(paid)).toMatchObject({ availableMicros: 100_000_000n })
  })

  it('is refused for a top-up that is not credited, or of another currency', async () => {
    const account = await payments.openAccount()
    const { topUpId } = await payments.start(account, '5.00')
    const open = { account, topUpId, paymentId: '' }
    await expect(refunding.refund(open, '1.00')).rejects.toMatchObject({ code: 'top_up_not_settled' })
    await expect(refunding.refund({ ...open, topUpId: 'top_no' }, '1.00')).rejects.toMatchObject({
      code: 'top_up_not_found',
    })
    const paid = await payIn(payments)
    const inYen = refunding.refund(paid, '1', { currency: 'JPY' })
    await expect(inYen).rejects.toMatchObject({ code: 'wrong_currency' })
  })

  it.each([
    ['parked', 'account_parked'],
    ['closed', 'account_closed'],
  ])('takes nothing from an account that is %s', async (status, code) => {
    const paid = await payIn(payments)
    await setStatus(paid, status)
    await expect(refundingThrough(payments).refund(paid, '1.00')).rejects.toMatchObject({ code })
    expect(await refundedAtProvider(payments, paid)).toBe(0n)
  })
})

describe('what becomes of a refund', () => {
  it('is told by the provider later: it succeeds', async () => {
    const paid = await payIn(payments, '10.00', REFUNDS_LATER)
    const asked = await refunding.refund(paid, '4.00')
    expect(asked).toMatchObject({ status: 'asked', providerRefundId: expect.any(String) })
    payments.stripe.controls.succeedRefund(asked.providerRefundId!)
    await payments.stripe.untilIdle()
    expect(await reread(paid, asked.refundId)).toMatchObject({ status: 'succeeded' })
    expect(await state(paid)).toMatchObject({ availableMicros: 6_000_000n, refundedMicros: 4_000_000n })
  })

  it('is told by the provider later: the bank sends it back, and the credit is there again', async () => {
    const paid = await payIn(payments, '10.00', REFUND_FAILS_LATER)
    const { refundId, providerRefundId } = await refunding.refund(paid, '4.00')
    await payments.stripe.untilIdle()
    expect(await reread(paid, refundId)).toMatchObject({ status: 'succeeded' })
    payments.stripe.setDelivery({ duplicate: true, shuffle: true })
    payments.stripe.controls.failRefund(providerRefundId!, 'expired_or_canceled_card')
    await payments.stripe.untilIdle()
    expect(await reread(paid, refundId)).toMatchObject({
      status: 'failed',
      failureCode: 'expired_or_canceled_card',
      returnSequence: 3n,
    })
    expect(await state(paid)).toEqual({
      availableMicros: 10_000_000n,
      receivableMicros: 0n,
      refundedMicros: 0n,
      cashMicros: 10_000_000n,
      kinds: ['top_up', 'top_up_refund', 'top_up_refund_failed'],
    })
    expect(await refunding.refund(paid, '10.00', { key: 'key-2' })).toMatchObject({ status: 'succeeded' })
  })

  it('is a failure while the payment is disputed, and the credit is back', async () => {
    const paid = await payIn(payments)
    payments.stripe.setWebhookUrl(undefined)
    payments.stripe.controls.openDispute(paid.paymentId)
    const refund = await refunding.refund(paid, '4.00')
    expect(refund).toMatchObject({ status: 'failed', failureCode: 'charge_disputed' })
    expect(await state(paid)).toMatchObject({ availableMicros: 10_000_000n, refundedMicros: 0n })
    payments.stripe.setWebhookUrl(payments.webhookUrl)
    await payments.stripe.untilIdle()
    expect(await state(paid)).toMatchObject({ availableMicros: 0n, receivableMicros: 0n, cashMicros: 0n })
  })

  it('is noted once when the event comes before the answer', async () => {
    const paid = await payIn(payments)
    const slow = {
      ...payments.provider,
      refund: async (...request: Parameters<typeof payments.provider.refund>) => {
        const made = await payments.provider.refund(...request)
        await payments.stripe.untilIdle()
        return made
      },
    }
    const refund = await refundingThrough(payments, { provider: slow }).refund(paid, '4.00')
    expect(refund).toMatchObject({ status: 'succeeded', revision: 1n })
    expect(await state(paid)).toMatchObject({ kinds: ['top_up', 'top_up_refund'] })
  })

  it('waits while a closed account can take nothing back, and comes back when it is open again', async () => {
    const paid = await payIn(payments, '10.00', REFUND_FAILS_LATER)
    const { refundId, providerRefundId } = await refunding.refund(paid, '10.00')
    await payments.stripe.untilIdle()
    await setStatus(paid, 'closed')
    payments.stripe.controls.failRefund(providerRefundId!)
    await payments.stripe.untilIdle()
    const waiting = await reread(paid, refundId)
    expect(waiting).toMatchObject({ status: 'succeeded', failureCode: 'expired_or_canceled_card' })
    await setStatus(paid, 'open')
    const back = await refundingThrough(payments).reconcile(waiting, new Date())
    expect(back).toMatchObject({ status: 'failed' })
    expect(await state(paid)).toMatchObject({ availableMicros: 10_000_000n, refundedMicros: 0n })
  })

  it('goes back to a parked account, and pays what it owes first', async () => {
    const paid = await payIn(payments, '10.00', REFUND_FAILS_LATER)
    const { providerRefundId } = await refunding.refund(paid, '4.00')
    await spend(payments, paid.account, 6_000_000n)
    payments.stripe.controls.refundByHand(paid.paymentId, 500)
    await payments.stripe.untilIdle()
    expect(await state(paid)).toMatchObject({ availableMicros: 0n, receivableMicros: 5_000_000n })
    await setStatus(paid, 'parked')
    payments.stripe.controls.failRefund(providerRefundId!)
    await payments.stripe.untilIdle()
    expect(await state(paid)).toMatchObject({ availableMicros: 0n, receivableMicros: 1_000_000n })
  })
})

describe('a refund without an answer', () => {
  it.each(['timeout_after', 'disconnect_after'] as const)('is asked for again at once: %s', async (kind) => {
    const paid = await payIn(payments)
    failing({ endpoint: 'POST /v1/refunds', kind })
    expect(await refunding.refund(paid, '4.00')).toMatchObject({ status: 'succeeded' })
    expect(await refundedAtProvider(payments, paid)).toBe(4_000_000n)
  })

  it('that was made is found at the provider', async () => {
    const paid = await payIn(payments)
    payments.stripe.setWebhookUrl(undefined)
    failing({ endpoint: 'POST /v1/refunds', kind: 'error_after', times: 3 })
    const asked = await refunding.refund(paid, '4.00')
    expect(asked).toMatchObject({ status: 'asked' })
    expect(await refunding.reconcile(asked, hoursLater(30))).toMatchObject({ status: 'succeeded' })
    expect(await state(paid)).toMatchObject({ availableMicros: 6_000_000n, refundedMicros: 4_000_000n })
    expect(await refundedAtProvider(payments, paid)).toBe(4_000_000n)
  })

  it('that was not made is asked for again under the same key, while the provider knows it', async () => {
    const paid = await payIn(payments)
    failing({ endpoint: 'POST /v1/refunds', kind: 'error_before', times: 3 })
    const asked = await refunding.refund(paid, '4.00')
    expect(asked).toMatchObject({ status: 'asked' })
    expect(await refunding.reconcile(asked, hoursLater(23.5))).toMatchObject({ status: 'asked' })
    expect(await refundedAtProvider(payments, paid)).toBe(0n)
    expect(await refunding.reconcile(asked, hoursLater(22.9))).toMatchObject({ status: 'succeeded' })
    expect(await refundedAtProvider(payments, paid)).toBe(4_000_000n)
  })

  it('that has failed meanwhile is not asked for again, though a list still shows it as open', async () => {
    const paid = await payIn(payments)
    failing({ endpoint: 'POST /v1/refunds', kind: 'error_before', times: 3 })
    const asked = await refunding.refund(paid, '4.00')
    await refunding.reconcile(asked, hoursLater(48))
    expect(await refunding.reconcile(asked, new Date())).toMatchObject({ status: 'failed' })
    expect(await refundedAtProvider(payments, paid)).toBe(0n)
  })

  it('goes on when the same request is sent again', async () => {
    const paid = await payIn(payments)
    failing({ endpoint: 'POST /v1/refunds', kind: 'error_before', times: 3 })
    expect(await refunding.refund(paid, '4.00')).toMatchObject({ status: 'asked' })
    expect(await refunding.refund(paid, '4.00')).toMatchObject({ status: 'succeeded' })
    expect(await state(paid)).toMatchObject({ kinds: ['top_up', 'top_up_refund'] })
  })

  it('has failed after a day, but only when the provider says that it has none', async () => {
    const paid = await payIn(payments)
    failing({ endpoint: 'POST /v1/refunds', kind: 'error_before', times: 3 })
    const asked = await refunding.refund(paid, '4.00')
    failing({ endpoint: 'GET /v1/refunds', kind: 'error_before', times: 3 })
    expect(await refunding.reconcile(asked, hoursLater(48))).toMatchObject({ status: 'asked' })
    expect(await state(paid)).toMatchObject({ availableMicros: 6_000_000n })
    expect(await refunding.reconcile(asked, hoursLater(48))).toMatchObject({
      status: 'failed',
      failureCode: 'never_made',
    })
    expect(await state(paid)).toMatchObject({ availableMicros: 10_000_000n, refundedMicros: 0n })
  })

  it('that is made after we had given it up is taken as one that was made at the provider', async () => {
    const paid = await payIn(payments)
    failing({ endpoint: 'POST /v1/refunds', kind: 'error_before', times: 3 })
    const asked = await refunding.refund(paid, '4.00')
    await refunding.reconcile(asked, hoursLater(48))
    await payments.provider.refund(asked)
    await payments.stripe.untilIdle()
    expect(await state(paid)).toMatchObject({
      availableMicros: 6_000_000n,
      refundedMicros: 4_000_000n,
      cashMicros: 6_000_000n,
    })
  })
})

describe('a refund that somebody makes at the provider', () => {
  it('takes the top-up’s own credit, then other credit, and the rest is owed; once', async () => {
    const paid = await payIn(payments)
    await spend(payments, paid.account, 7_000_000n)
    const other = await payInMore(payments, paid.account, '2.00', 'second')
    payments.stripe.setDelivery({ duplicate: true, shuffle: true })
    payments.stripe.controls.refundByHand(paid.paymentId, 600)
    await payments.stripe.untilIdle()
    expect(await state(paid)).toEqual({
      availableMicros: 0n,
      receivableMicros: 1_000_000n,
      refundedMicros: 6_000_000n,
      cashMicros: 6_000_000n,
      kinds: ['top_up', 'charge', 'top_up', 'top_up_refund'],
    })
    const [refund] = await refunding.refunds.list(paid.account.accountId, paid.topUpId, { limit: 10 })
    expect(refund).toMatchObject({ origin: 'provider', status: 'succeeded', amountMicros: 6_000_000n })
    await payInMore(payments, paid.account, '3.00', 'third')
    expect(await state(other)).toMatchObject({ availableMicros: 2_000_000n, receivableMicros: 0n })
  })

  it('is given back when it fails', async () => {
    const paid = await payIn(payments)
    const { id } = payments.stripe.controls.refundByHand(paid.paymentId, 400)
    await payments.stripe.untilIdle()
    expect(await state(paid)).toMatchObject({ availableMicros: 6_000_000n })
    payments.stripe.controls.failRefund(id)
    await payments.stripe.untilIdle()
    expect(await state(paid)).toMatchObject({
      availableMicros: 10_000_000n,
      refundedMicros: 0n,
      kinds: ['top_up', 'top_up_refund', 'top_up_refund_failed'],
    })
  })

  it('moves nothing when it had failed before anybody heard of it', async () => {
    const paid = await payIn(payments)
    payments.stripe.setWebhookUrl(undefined)
    const { id } = payments.stripe.controls.refundByHand(paid.paymentId, 400)
    payments.stripe.controls.failRefund(id)
    payments.stripe.setWebhookUrl(payments.webhookUrl)
    await payments.stripe.untilIdle()
    expect(await state(paid)).toMatchObject({ availableMicros: 10_000_000n, kinds: ['top_up'] })
  })

  it('may be heard of before the payment, which is credited first', async () => {
    payments.stripe.setWebhookUrl(undefined)
    const account = await payments.openAccount()
    const topUp = await payments.start(account, '10.00')
    await payCheckout(topUp.paymentUrl!, PAYS)
    const found = await payments.provider.lookUpPayment(topUp)
    const paymentId = found.ok && 'news' in found ? found.news.paymentId! : ''
    payments.stripe.controls.refundByHand(paymentId, 400)
    payments.stripe.setDelivery({ shuffle: true })
    payments.stripe.setWebhookUrl(payments.webhookUrl)
    await payments.stripe.untilIdle()
    const paid = { account, topUpId: topUp.topUpId, paymentId }
    expect(await state(paid)).toMatchObject({
      availableMicros: 6_000_000n,
      refundedMicros: 4_000_000n,
      kinds: ['top_up', 'top_up_refund'],
    })
  })
})
