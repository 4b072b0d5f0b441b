import { describe, expect, it } from 'vitest'
import { eventDetails } from '../../functions/events/event.ts'
import { eventsOfPayment } from '../../functions/top-up/events-of-payment.ts'
import type { TopUp, TopUpStatus } from '../../functions/top-up/top-up.ts'

const at = '2026-11-23T12:00:00.000Z'
const topUpIn = (status: TopUpStatus, revision = 1n) =>
  ({
    topUpId: 'top_1',
    accountId: 'acc_1',
    status,
    amountMicros: 5_000_000n,
    currency: 'USD',
    origin: 'automatic',
    requestedMethod: 'saved_card',
    method: 'saved_card',
    saveCard: false,
    requestHash: 'h',
    actor: 'system:auto-top-up',
    createdAt: at,
    refundedMicros: 0n,
    failureCode: 'insufficient_funds',
    mismatch: 'paid 4.00 USD',
    changedAt: at,
    revision,
  }) satisfies TopUp
const itemOf = (topUp: TopUp) => ({ pk: 'ACCOUNT#acc_1', sk: 'TOP_UP#top_1', ...topUp })

describe('the bus', () => {
  it.each([
    ['created', 'top_up.created', {}],
    ['processing', 'top_up.processing', {}],
    ['failed', 'top_up.failed', { failureCode: 'insufficient_funds' }],
    ['expired', 'top_up.expired', {}],
    ['mismatched', 'top_up.mismatched', { mismatch: 'paid 4.00 USD' }],
  ] as const)('is told when a top-up becomes %s', (status, detailType, more) => {
    const [event, ...others] = eventsOfPayment({ after: itemOf(topUpIn(status)) })
    expect(others).toEqual([])
    expect(event).toMatchObject({
      detailType,
      detail: {
        id: `acc_1/${detailType}/top_1/1`,
        accountId: 'acc_1',
        amount: { amount: '5.00', currency: 'USD' },
        origin: 'automatic',
        ...more,
      },
    })
    expect(eventDetails[detailType].safeParse(event!.detail).error).toBeUndefined()
  })

  it('is told nothing by a write that leaves the status, and of a settled one by the ledger alone', () => {
    const processing = itemOf(topUpIn('processing'))
    expect(eventsOfPayment({ before: processing, after: itemOf(topUpIn('processing', 2n)) })).toEqual([])
    expect(eventsOfPayment({ before: processing, after: itemOf(topUpIn('settled', 2n)) })).toEqual([])
  })
})
