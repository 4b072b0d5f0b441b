import { describe, expect, it } from 'vitest'
import {
  DISPUTE_TRANSITIONS,
  type Dispute,
  type DisputeMovement,
  type DisputeStatus,
} from '../../functions/disputes/dispute.ts'
import { eventsOfDispute } from '../../functions/disputes/events-of-dispute.ts'
import { eventDetails } from '../../functions/events/event.ts'

const UNIT = 1_000_000n
const usd = (amount: string) => ({ amount, currency: 'USD' })
const disputeWith = (more: Partial<Dispute> = {}): Dispute => ({
  disputeId: 'du_1',
  accountId: 'acc_1',
  topUpId: 'top_1',
  paymentId: 'pi_1',
  status: 'open',
  amountMicros: 50n * UNIT,
  currency: 'USD',
  reason: 'fraudulent',
  evidenceDueAt: '2026-12-01T00:00:00.000Z',
  openedAt: '2026-11-23T11:00:00.000Z',
  takings: 0n,
  changedAt: '2026-11-23T12:00:00.000Z',
  revision: 3n,
  ...more,
})
const taken: DisputeMovement = {
  entrySequence: 7n,
  creditMicros: 20n * UNIT,
  owedMicros: 30n * UNIT,
  availableAfterMicros: 0n,
  owedAfterMicros: 35n * UNIT,
}
const returned: DisputeMovement = {
  entrySequence: 9n,
  creditMicros: 40n * UNIT,
  owedMicros: 10n * UNIT,
  availableAfterMicros: 42n * UNIT,
  owedAfterMicros: 25n * UNIT,
}
const described = {
  accountId: 'acc_1',
  at: '2026-11-23T12:00:00.000Z',
  disputeId: 'du_1',
  topUpId: 'top_1',
  amount: usd('50.00'),
  reason: 'fraudulent',
  evidenceDueAt: '2026-12-01T00:00:00.000Z',
}
const asTaken = {
  taken: usd('20.00'),
  owed: usd('30.00'),
  sequence: 7,
  available: usd('0.00'),
  owedInAll: usd('35.00'),
}
const asReturned = {
  returned: usd('40.00'),
  paidOwed: usd('10.00'),
  sequence: 9,
  available: usd('42.00'),
  owedInAll: usd('25.00'),
}

/** What is told of a change, each by an event that its schema takes. */
function told(before: Dispute | undefined, after: Dispute) {
  return eventsOfDispute(before, after).map(({ detailType, detail }) => {
    expect(eventDetails[detailType].strict().safeParse(detail).error).toBeUndefined()
    return [detailType, detail]
  })
}

describe('the bus', () => {
  const names: Record<DisputeStatus, string> = {
    inquiry: 'dispute.inquiry',
    open: 'dispute.opened',
    won: 'dispute.won',
    lost: 'dispute.lost',
    closed: 'dispute.closed',
  }

  it('is told each transition of a dispute that there is, once, under the id of its write', () => {
    for (const [from, ways] of Object.entries(DISPUTE_TRANSITIONS)) {
      const before = disputeWith({ status: from as DisputeStatus, revision: 2n })
      for (const status of ways) {
        const detail = { id: `acc_1/${names[status]}/du_1/3`, ...described }
        expect(told(before, disputeWith({ status }))).toEqual([[names[status], detail]])
      }
    }
  })

  it.each([
    ['open', { taken }, asTaken],
    ['lost', { taken }, asTaken],
    ['won', { taken, returned }, asReturned],
  ] as const)('is told what moved with a dispute that becomes %s', (status, moved, more) => {
    const before = status === 'won' ? disputeWith({ taken }) : undefined
    const [[, detail] = [], ...others] = told(before, disputeWith({ status, ...moved }))
    expect(detail).toEqual({ id: `acc_1/${names[status]}/du_1/3`, ...described, ...more })
    expect(others).toEqual([])
  })

  it('is told of a movement that follows later, and of none a second time', () => {
    const open = disputeWith()
    expect(told(open, disputeWith({ taken, revision: 4n }))).toMatchObject([['dispute.opened', asTaken]])
    const won = disputeWith({ status: 'won', taken, mismatch: 'account_closed' })
    expect(told(won, { ...won, returned, revision: 4n })).toMatchObject([['dispute.won', asReturned]])
    const [[, lost] = []] = told(disputeWith({ taken }), disputeWith({ status: 'lost', taken }))
    expect(lost).not.toHaveProperty('taken')
  })

  it('is told nothing by a write that leaves the status and moves nothing', () => {
    for (const status of Object.keys(names) as DisputeStatus[]) {
      const before = disputeWith({ status, taken })
      expect(told(before, { ...before, evidenceDueAt: undefined, revision: 4n })).toEqual([])
    }
  })
})
