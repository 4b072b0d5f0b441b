import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PaymentNews } from '../../functions/top-up/payment-provider.ts'
import {
  decideNews,
  nextStep,
  TOP_UP_STATUSES,
  TOP_UP_TRANSITIONS,
  type TopUp,
} from '../../functions/top-up/top-up.ts'

const topUp: TopUp = {
  topUpId: 'top_1',
  accountId: 'acc_1',
  status: 'processing',
  amountMicros: 5_000_000n,
  currency: 'USD',
  origin: 'manual',
  requestedMethod: 'checkout',
  method: 'checkout',
  saveCard: false,
  requestHash: 'h',
  actor: 'person:1',
  createdAt: '2026-11-23T12:00:00.000Z',
  refundedMicros: 0n,
  changedAt: '2026-11-23T12:00:00.000Z',
  revision: 0n,
}
const news: PaymentNews = {
  kind: 'payment',
  topUpId: 'top_1',
  accountId: 'acc_1',
  outcome: 'paid',
  about: 'session',
  amountMicros: 5_000_000n,
  currency: 'USD',
}

describe('a top-up', () => {
  it('only ever moves along its table of transitions, and settles only for what was asked', () => {
    fc.assert(
      fc.property(
        fc.record({
          status: fc.constantFrom(...TOP_UP_STATUSES),
          method: fc.constantFrom('checkout', 'saved_card'),
          sessionId: fc.constantFrom(undefined, 's1', 's2'),
          paymentId: fc.constantFrom(undefined, 'p1', 'p2'),
        }),
        fc.record({
          outcome: fc.constantFrom('paid', 'failed', 'expired'),
          about: fc.constantFrom('session', 'payment'),
          sessionId: fc.constantFrom(undefined, 's1', 's2'),
          paymentId: fc.constantFrom(undefined, 'p1', 'p2'),
          amountMicros: fc.constantFrom(5_000_000n, 5_000_001n),
          currency: fc.constantFrom('USD', 'EUR'),
        }),
        (state, said) => {
          const decision = decideNews(
            { ...topUp, ...(state as Partial<TopUp>) },
            { ...news, ...(said as Partial<PaymentNews>) },
          )
          const next =
            decision.kind === 'settle' ? 'settled' : decision.kind === 'change' ? decision.status : undefined
          if (next) expect(TOP_UP_TRANSITIONS[state.status]).toContain(next)
          if (decision.kind === 'settle') {
            expect(said).toMatchObject({ outcome: 'paid', amountMicros: 5_000_000n, currency: 'USD' })
          }
        },
      ),
    )
  })

  it('is not failed by a declined card on the payment page, and is by one that was saved', () => {
    const declined: PaymentNews = {
      ...news,
      outcome: 'failed',
      about: 'payment',
      failureCode: 'generic_decline',
    }
    expect(decideNews(topUp, declined)).toEqual({ kind: 'ignore' })
    expect(decideNews({ ...topUp, method: 'saved_card' }, declined)).toMatchObject({
      kind: 'change',
      status: 'failed',
    })
  })

  it('is started only while the provider still knows its key', () => {
    const created: TopUp = { ...topUp, status: 'created' }
    expect(nextStep(created, new Date('2026-11-24T10:00:00Z'))).toBe('open_checkout')
    expect(nextStep(created, new Date('2026-11-24T11:00:01Z'))).toBe('expire')
    expect(nextStep(topUp, new Date('2026-11-24T10:00:00Z'))).toBeUndefined()
  })
})
