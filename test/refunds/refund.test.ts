import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventDetails } from '../../functions/events/event.ts'
import { eventsOfRefund } from '../../functions/refunds/events-of-refund.ts'
import {
  isSame,
  REFUND_STATUSES,
  REFUND_TRANSITIONS,
  type Refund,
  stepOf,
  watchOf,
} from '../../functions/refunds/refund.ts'
import type { ProviderRefund } from '../../functions/top-up/payment-provider.ts'

const at = '2026-11-23T12:00:00.000Z'
const refund: Refund = {
  refundId: 'ref_1',
  accountId: 'acc_1',
  topUpId: 'top_1',
  paymentId: 'pi_1',
  origin: 'staff',
  status: 'asked',
  amountMicros: 4_000_000n,
  currency: 'USD',
  reason: 'Asked for',
  requestHash: 'h',
  requestedBy: 'person:1',
  askedAt: at,
  entrySequence: 2n,
  createdAt: at,
  changedAt: at,
  revision: 0n,
}
const found: ProviderRefund = {
  providerRefundId: 're_1',
  paymentId: 'pi_1',
  refundId: 'ref_1',
  amountMicros: 4_000_000n,
  currency: 'USD',
  status: 'succeeded',
  createdAt: at,
}

describe('a refund', () => {
  it('only ever follows the provider along its table of transitions', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...REFUND_STATUSES),
        fc.constantFrom('pending' as const, 'succeeded' as const, 'failed' as const),
        fc.constantFrom(undefined, 're_1'),
        (status, said, providerRefundId) => {
          const step = stepOf({ ...refund, status, providerRefundId }, { ...found, status: said })
          const next = { succeed: 'succeeded', fail: 'failed' }[String(step)]
          if (next) expect(REFUND_TRANSITIONS[status]).toContain(next)
          if (step === 'succeed') expect(said).toBe('succeeded')
          if (step === 'fail') expect(said).toBe('failed')
        },
      ),
    )
  })

  it('is the provider’s one of its id and amount alone, and of no other once it is known', () => {
    expect(isSame(refund, found)).toBe(true)
    expect(isSame(refund, { ...found, amountMicros: 1n })).toBe(false)
    expect(isSame(refund, { ...found, refundId: undefined })).toBe(false)
    expect(isSame({ ...refund, status: 'failed' }, found)).toBe(false)
    expect(isSame({ ...refund, providerRefundId: 're_2' }, found)).toBe(false)
    expect(isSame({ ...refund, status: 'failed', providerRefundId: 're_1' }, found)).toBe(true)
  })

  it('is watched while somebody has something to do with it', () => {
    expect(REFUND_STATUSES.map((status) => watchOf({ ...refund, status }))).toEqual([
      'refund_to_approve',
      undefined,
      'refund_open',
      'refund_sent',
      'refund_failed',
    ])
    expect(watchOf({ ...refund, status: 'succeeded', failureCode: 'declined' })).toBe('refund_open')
    expect(watchOf({ ...refund, status: 'succeeded', finalAt: refund.createdAt })).toBeUndefined()
  })

  it('tells each new status once, by an event that its schema takes', () => {
    for (const status of REFUND_STATUSES) {
      const changed = { ...refund, status, decidedBy: 'person:2', rejection: 'No', failureCode: 'declined' }
      const [event, ...others] = eventsOfRefund(undefined, changed)
      expect(others).toEqual([])
      expect(event!.detailType).toBe(`top_up_refund.${status}`)
      expect(eventDetails[event!.detailType].strict().safeParse(event!.detail).error).toBeUndefined()
      expect(eventsOfRefund(changed, { ...changed, revision: 1n })).toEqual([])
    }
  })
})

describe('the table in the README', () => {
  it('has every transition of the code, and no other', () => {
    const readme = readFileSync(new URL('../../functions/refunds/README.md', import.meta.url), 'utf8')
    const namesIn = (text: string) => [...text.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name!)
    const rows = [...readme.matchAll(/^\| (`[a-z_]+`) *\|(.*)\|$/gm)].map(([, from, to]) => [
      namesIn(from!)[0]!,
      namesIn(to!),
    ])
    expect(Object.fromEntries(rows)).toEqual(REFUND_TRANSITIONS)
  })
})
