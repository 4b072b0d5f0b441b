import { describe, expect, it } from 'vitest'
import { presentRun } from '../../functions/runs/present-run.ts'
import { progressOf } from '../../functions/runs/run-progress.ts'
import { addOutcomes, newSegment, type Segment } from '../../functions/runs/segment.ts'

const place = (number: number) => ({ period: '2026-12', shard: 1, number })
const segment = (number: number, openedAt: string): Segment =>
  newSegment(place(number), { listId: String(number), accountCount: 4 }, openedAt)
const charged = (count: number) =>
  Array.from({ length: count }, (_, each) => ({
    accountId: `acc_${each}`,
    outcome: 'charged' as const,
    amount: { micros: 1n, currency: each % 2 === 0 ? 'USD' : 'EUR' },
  }))

describe('how far a run has come', () => {
  it('is nothing before it has segments', () => {
    expect(progressOf([], '2026-12-01T00:00:00.000Z')).toMatchObject({
      accountCount: 0,
      doneCount: 0,
      accountsPerSecond: undefined,
      expectedEnd: undefined,
    })
  })

  it('has the pace of the newest hour with accounts, and ends when what is left is done at it', () => {
    const before = addOutcomes(segment(1, '2026-11-30T10:00:00.000Z'), charged(4), '2026-11-30T10:00:01.000Z')
    const now = addOutcomes(segment(2, '2026-11-30T23:00:00.000Z'), charged(2), '2026-11-30T23:00:04.000Z')
    const progress = progressOf([{ ...before, status: 'done' }, now], '2026-11-30T23:00:05.000Z')
    expect(progress).toMatchObject({
      accountCount: 8,
      doneCount: 6,
      counts: { charged: 6 },
      segments: { open: 1, done: 1 },
      accountsPerSecond: 0.5,
      expectedEnd: '2026-11-30T23:00:09.000Z',
    })
    expect(
      presentRun({ period: '2026-12', openedAt: '2026-11-30T10:00:00.000Z' }, progress, undefined),
    ).toMatchObject({
      ...{ status: 'open', accounts: 8, done: 6, segments: { open: 1, done: 1 } },
      counts: { charged: 6, short: 0, failed: 0 },
      ...{ accountsPerSecond: 0.5, expectedEnd: '2026-11-30T23:00:09.000Z' },
    })
    expect(progress.amounts).toEqual({
      USD: { chargedMicros: 3n, shortMicros: 0n },
      EUR: { chargedMicros: 3n, shortMicros: 0n },
    })
  })

  it('knows no pace where the clocks of workers say that it took no time', () => {
    const behind = addOutcomes(segment(1, '2026-11-30T23:00:00.000Z'), charged(2), '2026-11-30T22:59:00.000Z')
    expect(progressOf([behind], '2026-11-30T23:00:00.000Z')).toMatchObject({
      accountsPerSecond: undefined,
      expectedEnd: undefined,
    })
  })
})
