import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decidePlanVersion } from '../../functions/plans/decide-plan-version.ts'
import type { FrozenPrices } from '../../functions/plans/frozen-prices.ts'
import type { PlanVersion } from '../../functions/plans/plan.ts'
import { versionForMonth } from '../../functions/plans/version-for-month.ts'

const HOUR = 3_600_000
const start = Date.parse('2026-11-30T00:00:00.000Z')
const instant = (hours: number) => new Date(start + hours * HOUR).toISOString()
const frozenAt = (versions: Record<string, number>): FrozenPrices => ({
  period: '2026-12',
  versions,
  at: instant(0),
})
const version = (number: number, effectiveFrom: string, services: [string, bigint][]): PlanVersion => ({
  ...{ planId: 'p', version: number, name: 'P', clientType: 'hosted', currency: 'USD', effectiveFrom },
  baseFeeMicros: 0n,
  services: services.map(([service, unitFeeMicros]) => ({ service, name: service, unitFeeMicros })),
})

describe('the version that a month is priced by', () => {
  it('is one that was known when the run was opened, though a newer one is in force', () => {
    const versions = [version(1, instant(-99), [['seat', 5n]]), version(2, instant(1), [['seat', 4n]])]
    expect(versionForMonth(versions, instant(2), undefined)?.version).toBe(2)
    expect(versionForMonth(versions, instant(2), frozenAt({ p: 1 }))?.version).toBe(1)
    expect(versionForMonth(versions, instant(2), frozenAt({ p: 2 }))?.version).toBe(2)
    expect(versionForMonth(versions, instant(0), frozenAt({ p: 2 }))?.version).toBe(1)
  })

  it('is, of a plan that was not there then, the first in force, whatever follows', () => {
    const versions = [version(1, instant(-5), [['seat', 5n]]), version(2, instant(1), [['seat', 4n]])]
    expect(versionForMonth(versions, instant(2), frozenAt({ other: 7 }))?.version).toBe(1)
    const named = versions.map((one) => ({ ...one, planId: 'constructor' }))
    expect(versionForMonth(named, instant(2), frozenAt({}))?.version).toBe(1)
    expect(versionForMonth([], instant(2), frozenAt({}))).toBeUndefined()
    expect(versionForMonth(versions, instant(-9), undefined)).toBeUndefined()
  })

  it('has services that came after it, each at its first fee', () => {
    const versions = [
      version(1, instant(-99), [['seat', 5n]]),
      version(2, instant(1), [
        ['seat', 4n],
        ['fax', 9n],
      ]),
      version(3, instant(2), [
        ['seat', 4n],
        ['fax', 8n],
      ]),
    ]
    const found = versionForMonth(versions, instant(3), frozenAt({ p: 1 }))
    expect(found?.services.map(({ service, unitFeeMicros }) => [service, unitFeeMicros])).toEqual([
      ['seat', 5n],
      ['fax', 9n],
    ])
  })

  it('is the same for accounts of all time zones, whatever is set once the run is open', () => {
    // Versions are set over two days as the rules take them; the run is opened somewhere between.
    const wishes = fc.array(
      fc.record({ hour: fc.nat(48), ahead: fc.nat(30), fee: fc.bigInt({ min: 1n, max: 5n }) }),
      { minLength: 1, maxLength: 8 },
    )
    fc.assert(
      fc.property(wishes, fc.nat(48), fc.nat(26), (changes, opened, zone) => {
        const versions = [version(1, instant(-99), [['seat', 9n]])]
        let known = 1
        for (const { hour, ahead, fee } of changes.toSorted((one, other) => one.hour - other.hour)) {
          const wish = { ...version(0, instant(hour + ahead), [['seat', fee]]) }
          const decision = decidePlanVersion(versions, 'p', wish, { now: instant(hour), noticeDays: 32 })
          if (!decision.ok || decision.unchanged) continue
          versions.push(decision.version)
          if (hour < opened) known = decision.version.version
        }
        const frozen = frozenAt({ p: known })
        const begins = instant(opened + zone)
        const asOpened = versionForMonth(versions.slice(0, known), begins, undefined)
        expect(versionForMonth(versions, begins, frozen)).toEqual(asOpened)
      }),
    )
  })
})
