import { describe, expect, it } from 'vitest'
import { chainEntry } from '../../functions/ledger/entry.ts'
import { decideUsage } from '../../functions/usage/decide-usage.ts'
import { draftUsageEntry } from '../../functions/usage/usage-entry.ts'
import { usageMarkerOf } from '../../functions/usage/usage-record.ts'
import { headWith } from '../ledger/head-with.ts'
import { perMinute, usageEvent } from './priced.ts'

const head = headWith({
  accountId: 'acc_5fK2mQ8bYw3nL0pTzR7vXc',
  availableMicros: 123_456_789_000n,
  sequence: 123_456n,
  tip: 'x'.repeat(43),
})
const at = '2026-11-23T12:00:00.000Z'

describe('what a posting of 97 calls costs', () => {
  const found = { price: perMinute('voice.call', '0.0217') }
  const events = Array.from({ length: 97 }, (_, index) =>
    usageEvent(head.accountId, {
      source: '/switch/berlin-1',
      id: `0191f7e2-5b1c-7c3a-9d8e-${String(index).padStart(12, '0')}`,
      service: 'voice.call',
      quantity: undefined,
      seconds: 83 + index,
      attributes: { destination: '+4930123456789', direction: 'outbound' },
    }),
  )
  const decision = decideUsage(
    head,
    events.map((event) => ({ event, found })),
    '2026-11',
  )

  it('is two write units per event: each marker fits one kilobyte', () => {
    for (const each of decision.decisions)
      expect(sizeOf(usageMarkerOf(each, 'USD', at).item)).toBeLessThanOrEqual(1000)
  })

  it('is at most ten more for the entry, which names every event', () => {
    const { entry } = chainEntry(
      head,
      draftUsageEntry(decision, 'USD', 'terms-of-service@2026-12-01'),
      '',
      at,
    )
    expect(sizeOf({ ...entry })).toBeLessThanOrEqual(5 * 1024)
  })
})

/** As DynamoDB counts: names and texts by their UTF-8 bytes, numbers about half a byte per digit, 3 bytes per list or map. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (typeof value === 'bigint') return Math.ceil(String(value).length / 2) + 1
  if (value instanceof Uint8Array) return value.length
  if (Array.isArray(value)) return value.reduce((sum, each) => sum + 1 + sizeOf(each), 3)
  if (typeof value !== 'object' || value === null) return value === undefined ? 0 : 1
  return Object.entries(value).reduce(
    (sum, [name, each]) => (each === undefined ? sum : sum + Buffer.byteLength(name) + 1 + sizeOf(each)),
    3,
  )
}
