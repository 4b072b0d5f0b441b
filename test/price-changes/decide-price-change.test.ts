import { describe, expect, it } from 'vitest'
import type { FrozenPrices } from '../../functions/plans/frozen-prices.ts'
import type { PlanVersion } from '../../functions/plans/plan.ts'
import type { Subscription } from '../../functions/plans/subscription.ts'
import {
  decidePriceChange,
  type PriceChangeInput,
} from '../../functions/price-changes/decide-price-change.ts'

const version = (
  number: number,
  effectiveFrom: string,
  seatMicros: bigint,
  more: Partial<PlanVersion> = {},
): PlanVersion => ({
  ...{ planId: 'p', version: number, name: 'P', clientType: 'hosted', currency: 'USD', effectiveFrom },
  baseFeeMicros: 10n,
  services: [
    { service: 'number', name: 'Number', unitFeeMicros: 1n },
    { service: 'seat', name: 'Seat', unitFeeMicros: seatMicros },
  ],
  ...more,
})
const first = version(1, '2026-01-01T00:00:00.000Z', 5n)
const raised = version(2, '2027-01-15T00:00:00.000Z', 6n)
const subscription = (more: Partial<Subscription> = {}): Subscription => ({
  accountId: 'acc_change001',
  revision: 1n,
  terms: [
    {
      ...{ fromPeriod: '2026-12', planId: 'p', changedAt: '', changedBy: '' },
      services: [
        { service: 'number', quantity: 2n },
        { service: 'seat', quantity: 3n },
      ],
    },
  ],
  ...more,
})
const decide = (more: Partial<PriceChangeInput> = {}) =>
  decidePriceChange({
    ...{ account: { timeZone: 'Europe/Berlin' }, subscription: subscription(), frozen: [] },
    ...{ versions: [first, raised], version: raised, isKnown: () => true },
    ...more,
  })
const run = (period: string, newest: number): FrozenPrices => ({ period, versions: { p: newest }, at: '' })

describe('what a new version changes for an account', () => {
  it('is its own month before and after, from the first month that begins with it', () => {
    expect(decide()).toEqual({
      ...{ planId: 'p', planVersion: 2, planName: 'P', effectiveFrom: raised.effectiveFrom },
      ...{ fromPeriod: '2027-02', beforeMicros: 27n, afterMicros: 30n },
      fees: [{ service: 'seat', name: 'Seat', beforeMicros: 5n, afterMicros: 6n }],
    })
    // At the very first instant of the month, in the account's own time zone.
    const version = { ...raised, effectiveFrom: '2027-01-31T23:00:00.000Z' }
    const atFirst = { version, versions: [first, version] }
    expect(decide(atFirst)?.fromPeriod).toBe('2027-02')
    expect(decide({ ...atFirst, account: { timeZone: 'Europe/Lisbon' } })?.fromPeriod).toBe('2027-02')
    expect(decide({ ...atFirst, account: { timeZone: 'Asia/Tokyo' } })?.fromPeriod).toBe('2027-03')
  })

  it('is nothing where the month comes to the same: nothing of it is taken, or another price was agreed', () => {
    const [term] = subscription().terms
    const none = subscription({ terms: [{ ...term!, services: [{ service: 'number', quantity: 2n }] }] })
    expect(decide({ subscription: none })).toBeUndefined()
    const agreed = { service: 'seat', unitFeeMicros: 4n, reason: 'r', setAt: '', setBy: '' }
    const overrides = [{ ...agreed, fromPeriod: '2026-12' }]
    expect(decide({ subscription: subscription({ overrides }) })).toBeUndefined()
    const until = [{ ...agreed, fromPeriod: '2026-12', throughPeriod: '2027-01' }]
    expect(decide({ subscription: subscription({ overrides: until }) })?.afterMicros).toBe(30n)
  })

  it('is nothing for an account that takes another plan by then, or none', () => {
    const [term] = subscription().terms
    const other = { ...term!, fromPeriod: '2027-02' }
    for (const next of [
      { ...other, planId: 'q' },
      { ...other, isEnded: true as const },
    ])
      expect(decide({ subscription: subscription({ terms: [term!, next] }) })).toBeUndefined()
    expect(decide({ subscription: subscription({ terms: [] }) })).toBeUndefined()
  })

  it('is nothing when another version has taken its place before any month began', () => {
    const back = version(3, '2027-01-20T00:00:00.000Z', 5n)
    const versions = [first, raised, back]
    expect(decide({ versions })).toBeUndefined()
    // Who was told of the raise is told that it is off; who was not hears nothing of either.
    expect(decide({ versions, version: back })).toMatchObject({ beforeMicros: 30n, afterMicros: 27n })
    const isKnown = ({ version }: PlanVersion) => version === 1
    expect(decide({ versions, version: back, isKnown })).toBeUndefined()
  })

  it('counts from the month after when the run of the month did not know it', () => {
    expect(decide({ frozen: [run('2027-02', 1)] })?.fromPeriod).toBe('2027-03')
    expect(decide({ frozen: [run('2027-02', 2)] })?.fromPeriod).toBe('2027-02')
  })

  it('compares by the fees that the account has, also of what came after the older version', () => {
    const fax = { service: 'fax', name: 'Fax', unitFeeMicros: 7n }
    const second = version(2, '2026-11-01T00:00:00.000Z', 5n, { services: [...first.services, fax] })
    const third = version(3, '2027-01-15T00:00:00.000Z', 5n, {
      baseFeeMicros: 0n,
      services: [...first.services, { ...fax, unitFeeMicros: 8n }],
    })
    const [term] = subscription().terms
    const terms = [{ ...term!, services: [{ service: 'fax', quantity: 4n }] }]
    const isKnown = ({ version }: PlanVersion) => version === 1
    const input = { versions: [first, second, third], version: third, subscription: subscription({ terms }) }
    expect(decide({ ...input, isKnown })).toMatchObject({
      ...{ beforeMicros: 38n, afterMicros: 32n },
      fees: [
        { service: 'base-fee', name: 'Base fee', beforeMicros: 10n, afterMicros: 0n },
        { service: 'fax', name: 'Fax', beforeMicros: 7n, afterMicros: 8n },
      ],
    })
  })
})
