import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AgreedPrice, feeOf } from '../../functions/plans/agreed-price.ts'
import { decideAgreedPrices, type WishedPrice } from '../../functions/plans/decide-agreed-prices.ts'

const now = '2026-11-10T12:00:00.000Z'
const months = Array.from({ length: 24 }, (_, index) => {
  const month = String((index % 12) + 1).padStart(2, '0')
  return `${2026 + Math.floor(index / 12)}-${month}`
})
const wish = (fromPeriod: string, throughPeriod?: string, unitFeeMicros = 5n): WishedPrice => ({
  ...{ service: 'seat', unitFeeMicros, fromPeriod, throughPeriod, reason: 'agreed' },
})
const standing = (...wishes: WishedPrice[]): AgreedPrice[] =>
  wishes.map((price) => ({ ...price, setAt: now, setBy: 'machine:staff' }))
const decide = (
  before: AgreedPrice[],
  wishes: WishedPrice[],
  more: { currentPeriod?: string; oldestDuePeriod?: string } = {},
) =>
  decideAgreedPrices({
    ...{ before, wishes, now, actor: 'machine:staff' },
    currentPeriod: more.currentPeriod ?? '2026-11',
    oldestDuePeriod: more.oldestDuePeriod,
  })
const refusal = (field: string) => ({ ok: false, errors: [{ field, detail: expect.any(String) }] })

describe('prices that are agreed with an account', () => {
  it('begin with the next month or later', () => {
    expect(decide([], [wish('2026-12')])).toMatchObject({ ok: true, unchanged: false })
    for (const begun of ['2026-11', '2026-01'])
      expect(decide([], [wish(begun)])).toMatchObject(refusal('prices.0.fromPeriod'))
    expect(decide([], [wish('2027-03', '2027-02')])).toMatchObject(refusal('prices.0.throughPeriod'))
  })

  it('do not overlap, of one service', () => {
    expect(decide([], [wish('2026-12', '2027-02'), wish('2027-02')])).toMatchObject(
      refusal('prices.1.fromPeriod'),
    )
    expect(decide([], [wish('2027-02'), wish('2026-12')])).toMatchObject(refusal('prices.1.fromPeriod'))
    expect(decide([], [wish('2026-12', '2027-01'), wish('2027-02')])).toMatchObject({ ok: true })
    const other = { ...wish('2026-12'), service: 'base-fee' }
    expect(decide([], [wish('2026-12'), other])).toMatchObject({ ok: true })
  })

  it('that have begun end with the current month when they are left out, and may end then or later', () => {
    const before = standing(wish('2026-06'))
    expect(decide(before, [])).toMatchObject({
      ok: true,
      unchanged: false,
      overrides: [{ fromPeriod: '2026-06', throughPeriod: '2026-11' }],
    })
    expect(decide(before, [wish('2026-06', '2026-11')])).toMatchObject({ ok: true })
    expect(decide(before, [wish('2026-06', '2026-10')])).toMatchObject(refusal('prices.0.throughPeriod'))
    const ended = standing(wish('2026-06', '2026-10'))
    expect(decide(ended, [wish('2026-06')], { oldestDuePeriod: '2026-09' })).toMatchObject(
      refusal('prices.0.throughPeriod'),
    )
    expect(decide(before, [wish('2026-06', undefined, 6n)])).toMatchObject(refusal('prices.0.fromPeriod'))
  })

  it('that have not begun go when they are left out, and change nothing when they are sent again', () => {
    const before = standing(wish('2026-12'))
    expect(decide(before, [])).toMatchObject({ ok: true, overrides: [] })
    expect(decide(before, [wish('2026-12')])).toEqual({ ok: true, unchanged: true, overrides: before })
  })

  it('are kept while a month may be charged by them, and forgotten then', () => {
    const before = standing(wish('2026-06', '2026-10'))
    const kept = decide(before, [], { oldestDuePeriod: '2026-10' })
    expect(kept).toMatchObject({ unchanged: true, overrides: before })
    expect(decide(before, [], { oldestDuePeriod: '2026-12' })).toMatchObject({ overrides: [] })
  })

  it('never change the price of a month that has begun, whatever is sent when', () => {
    const month = fc.nat(23)
    const wishes = fc.array(
      fc.record({ from: month, length: fc.option(fc.nat(6)), fee: fc.bigInt({ min: 0n, max: 3n }) }),
      { maxLength: 4 },
    )
    const steps = fc.array(fc.record({ passed: fc.nat(3), wishes }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(steps, (all) => {
        let overrides: AgreedPrice[] = []
        let current = 0
        const prices = new Map<string, bigint>()
        for (const step of all) {
          current = Math.min(current + step.passed, 20)
          const named = step.wishes.map(({ from, length, fee }) =>
            wish(months[from]!, length === null ? undefined : months[Math.min(from + length, 23)], fee),
          )
          for (const begun of months.slice(0, current + 1)) {
            const fee = feeOf(overrides, begun, 'seat', 99n).unitFeeMicros
            prices.set(begun, prices.get(begun) ?? fee)
            expect(fee, begun).toBe(prices.get(begun))
          }
          // Nothing is forgotten while the oldest month is due.
          const options = { currentPeriod: months[current], oldestDuePeriod: months[0] }
          // As staff do: what stands, and what is new.
          const decision = decide(overrides, [...overrides, ...named], options)
          const other = decide(overrides, named, options)
          const taken = decision.ok ? decision : other
          if (taken.ok) overrides = taken.overrides
          for (const one of months) {
            const covering = overrides.filter(
              ({ fromPeriod, throughPeriod = '9999-12' }) => fromPeriod <= one && one <= throughPeriod,
            )
            expect(covering.length).toBeLessThanOrEqual(1)
          }
        }
      }),
    )
  })
})
