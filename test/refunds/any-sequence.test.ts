import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPayments } from '../top-up/payments.ts'
import {
  type PaidIn,
  type Payments,
  payIn,
  payInMore,
  refundedAtProvider,
  refundingThrough,
  spend,
  stateOf,
} from './refunding.ts'

const PAID_MICROS = 10_000_000n
const CENT_MICROS = 10_000n
let payments: Payments
let refunding: ReturnType<typeof refundingThrough>

beforeAll(async () => {
  payments = await startPayments()
  refunding = refundingThrough(payments)
})
afterAll(() => payments.stop())

type Step =
  | { kind: 'refund' | 'refund_by_hand' | 'spend' | 'pay_in'; cents: number }
  | { kind: 'fail' | 'lose_reply'; cents: number }

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom<Step['kind']>('refund', 'refund_by_hand', 'spend', 'pay_in', 'fail', 'lose_reply'),
    cents: fc.integer({ min: 50, max: 600 }),
  }),
  { minLength: 3, maxLength: 10 },
)

/** What a refusal refuses moves nothing: the sums are checked after each step. */
const ignoringRefusal = (work: Promise<unknown>) => work.catch(() => undefined)

async function take(paid: PaidIn, { kind, cents }: Step, index: number): Promise<void> {
  const { stripe } = payments
  const amount = (cents / 100).toFixed(2)
  switch (kind) {
    case 'lose_reply':
      stripe.addFault({
        endpoint: 'POST /v1/refunds',
        kind: cents % 2 ? 'error_after' : 'error_before',
        times: 3,
      })
      break
    case 'refund':
      await ignoringRefusal(refunding.refund(paid, amount, { key: `refund-${index}` }))
      break
    case 'refund_by_hand':
      await ignoringRefusal((async () => stripe.controls.refundByHand(paid.paymentId, cents))())
      break
    case 'spend':
      await spend(payments, paid.account, BigInt(cents) * CENT_MICROS + 1n, `${index}`)
      break
    case 'pay_in':
      await payInMore(payments, paid.account, amount, `more-${index}`)
      break
    case 'fail': {
      const found = await payments.provider.lookUpRefunds(paid.paymentId)
      const made = found.ok ? found.refunds.filter(({ status }) => status !== 'failed') : []
      const one = made[cents % Math.max(made.length, 1)]
      if (one) stripe.controls.failRefund(one.providerRefundId)
    }
  }
  await stripe.untilIdle()
}

async function reconcileAll({ account, topUpId }: PaidIn): Promise<void> {
  payments.stripe.releaseFaults()
  for (const refund of await refunding.refunds.list(account.accountId, topUpId, { limit: 100 }))
    await refunding.reconcile(refund, new Date())
  await payments.stripe.untilIdle()
}

describe('any sequence of refunds, by us and by hand, of uses, payments, lost replies and failures', () => {
  it('leaves each refund where the provider has it, and never more refunded than paid', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const paid = await payIn(payments, '10.00')
        for (const [index, step] of sequence.entries()) {
          await take(paid, step, index)
          await stateOf(payments, paid)
        }
        await reconcileAll(paid)
        const { refundedMicros, cashMicros, availableMicros, receivableMicros } = await stateOf(
          payments,
          paid,
        )
        const backMicros = await refundedAtProvider(payments, paid)
        expect(refundedMicros).toBe(backMicros)
        expect(refundedMicros >= 0n && refundedMicros <= PAID_MICROS).toBe(true)
        const laterMicros = sequence
          .filter(({ kind }) => kind === 'pay_in')
          .reduce((sum, { cents }) => sum + BigInt(cents) * CENT_MICROS, 0n)
        expect(cashMicros).toBe(PAID_MICROS + laterMicros - backMicros)
        expect(availableMicros === 0n || receivableMicros === 0n).toBe(true)
      }),
      { numRuns: 12 },
    )
  })
})
