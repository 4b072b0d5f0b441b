import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { watchOf } from '../../functions/refunds/refund.ts'
import { startPayments } from '../top-up/payments.ts'
import { type PaidIn, type Payments, payIn, refundingThrough, stateOf } from './refunding.ts'

const DAY_MILLISECONDS = 24 * 3_600_000
let payments: Payments
let refunding: ReturnType<typeof refundingThrough>

beforeAll(async () => {
  payments = await startPayments()
  refunding = refundingThrough(payments)
})
afterAll(() => payments.stop())
beforeEach(() => {
  payments.stripe.releaseFaults()
  payments.stripe.setWebhookUrl(payments.webhookUrl)
})
afterEach(() => vi.useRealTimers())

const reread = ({ account }: PaidIn, refundId: string) =>
  refunding.refunds.read(account.accountId, refundId).then((refund) => refund!)

/** A refund of 4.00 out of 10.00 that has succeeded; from here on no event of the provider arrives. */
async function send() {
  const paid = await payIn(payments)
  const sent = await refunding.refund(paid, '4.00')
  await payments.stripe.untilIdle()
  payments.stripe.setWebhookUrl(undefined)
  expect(await reread(paid, sent.refundId)).toMatchObject({ status: 'succeeded' })
  return { paid, sent, providerRefundId: sent.providerRefundId! }
}

const daysAfter = (instant: string, days: number) => new Date(Date.parse(instant) + days * DAY_MILLISECONDS)

/** A run of the schedule that asks the provider, so many days after a refund has succeeded. */
async function runAfter(changedAt: string, days: number) {
  vi.setSystemTime(daysAfter(changedAt, days))
  await payments.reconcile()
}

describe('a refund that has succeeded', () => {
  it('and failed weeks later, of which nobody told, is found out, once, and its credit is back', async () => {
    const { paid, sent, providerRefundId } = await send()
    await runAfter(sent.changedAt, 2)
    expect(watchOf(await reread(paid, sent.refundId))).toBe('refund_sent')

    payments.stripe.controls.failRefund(providerRefundId)
    await runAfter(sent.changedAt, 30)
    await runAfter(sent.changedAt, 32)

    expect(await reread(paid, sent.refundId)).toMatchObject({ status: 'failed', returnSequence: 3n })
    expect(await stateOf(payments, paid)).toEqual({
      availableMicros: 10_000_000n,
      receivableMicros: 0n,
      refundedMicros: 0n,
      cashMicros: 10_000_000n,
      kinds: ['top_up', 'top_up_refund', 'top_up_refund_failed'],
    })
  })

  it('is asked about until the provider has answered that it still stands when it can fail no more', async () => {
    const { paid, sent } = await send()
    const ask = (days: number) => refunding.reconcile(sent, daysAfter(sent.changedAt, days))
    expect(watchOf(await ask(45))).toBe('refund_sent')

    payments.stripe.addFault({ endpoint: 'GET /v1/refunds', kind: 'error_before', times: 3 })
    expect(watchOf(await ask(46))).toBe('refund_sent')
    payments.stripe.releaseFaults()
    const last = await ask(47)

    expect(last).toMatchObject({ status: 'succeeded', finalAt: daysAfter(sent.changedAt, 47).toISOString() })
    expect(watchOf(last)).toBeUndefined()
    expect(await ask(48)).toEqual(last)
    expect(await reread(paid, sent.refundId)).toEqual(last)
  })

  it('gives its credit back all the same when it is told to have failed later than that', async () => {
    const { paid, sent, providerRefundId } = await send()
    await refunding.reconcile(sent, daysAfter(sent.changedAt, 50))
    payments.stripe.controls.failRefund(providerRefundId)
    payments.stripe.setWebhookUrl(payments.webhookUrl)
    await payments.stripe.untilIdle()
    expect(await reread(paid, sent.refundId)).toMatchObject({ status: 'failed' })
    expect(await stateOf(payments, paid)).toMatchObject({ availableMicros: 10_000_000n, refundedMicros: 0n })
  })
})
