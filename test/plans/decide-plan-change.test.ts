import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decidePlanChange } from '../../functions/plans/decide-plan-change.ts'
import { totalOf } from '../../functions/plans/month-lines.ts'
import type { PeriodDocument } from '../../functions/plans/period-document.ts'
import type { PlanVersion } from '../../functions/plans/plan.ts'
import type { Subscription } from '../../functions/plans/subscription.ts'
import { aroundMidnight, beginningShown, dayShown, TIME_ZONES } from './clocks.ts'
import { dateOf, daysOf, MonthModel, monthAfter, type Wanted } from './month-model.ts'

const version: PlanVersion = {
  ...{ planId: 'basic', version: 1, name: 'Basic', clientType: 'hosted', currency: 'USD' },
  effectiveFrom: '2000-01-01T00:00:00.000Z',
  baseFeeMicros: 2_000_003n,
  services: [
    { service: 'seat', name: 'Seat', unitFeeMicros: 4_900_000n },
    { service: 'number', name: 'Number', unitFeeMicros: 333_333n },
  ],
}
const catalogue = [
  {
    ...{ planId: 'basic', effectiveFrom: version.effectiveFrom },
    fees: { 'base-fee': 2_000_003n, seat: 4_900_000n, number: 333_333n },
  },
]

const wanted: fc.Arbitrary<Wanted> = fc.option(
  fc.record({
    planId: fc.constant('basic'),
    quantities: fc.record({ seat: fc.nat(9), number: fc.nat(9) }),
  }),
  { nil: undefined, freq: 5 },
)
const taken = wanted.filter((wish) => wish !== undefined)
/** Any instant of a month, around the midnights of its days more often than not. */
const moment = fc.record({
  day: fc.integer({ min: 1, max: 31 }),
  offset: fc.oneof(aroundMidnight, fc.nat(86_400_000 - 1)),
})
const month = fc
  .record({ year: fc.integer({ min: 2006, max: 2035 }), number: fc.integer({ min: 1, max: 12 }) })
  .map(({ year, number }) => `${year}-${String(number).padStart(2, '0')}`)
const anyZone = fc.constantFrom(...TIME_ZONES)

/** A month as it is changed: what becomes of it is what the next change begins with. */
function createMonth(timeZone: string, period: string) {
  const account = { accountId: 'acc_month0001', clientType: 'hosted' as const, currency: 'USD', timeZone }
  const model = new MonthModel(timeZone, catalogue)
  const begins = beginningShown(`${period}-01`, timeZone)
  const ends = beginningShown(`${monthAfter(period)}-01`, timeZone) - 1
  let document: PeriodDocument | undefined
  let subscription: Subscription | undefined

  const instantOf = ({ day, offset }: { day: number; offset: number }) => {
    const at = beginningShown(dateOf(period, Math.min(day, daysOf(period))), timeZone) + offset
    // What slips into another month is put at the ends of this one.
    return Math.min(Math.max(at, begins), ends)
  }

  /** What it costs; below zero it is given back. */
  function change(at: number, wish: Wanted): bigint {
    if (!wish && !model.latest) return 0n
    const services = Object.entries(wish?.quantities ?? {}).map(([service, quantity]) => ({
      ...{ service, quantity: BigInt(quantity) },
    }))
    const now = new Date(at).toISOString()
    const decision = decidePlanChange({
      ...{ account, subscription, now, actor: 'person:test', versions: [version], month: document },
      ...{ choice: { planId: wish?.planId ?? null, services }, isOwing: false, oldestDuePeriod: undefined },
      version: wish && version,
    })
    if (!decision.ok) throw new Error(decision.reason)
    expect(decision.month.period).toBe(period)
    expect(decision.month.totalMicros).toBe(totalOf(decision.month.lines))
    model.changeNow(at, wish)
    document = { ...decision.month, at: now, revision: 1n }
    subscription = decision.subscription
    return decision.differenceMicros
  }

  return { change, instantOf, model, totalMicros: () => document?.totalMicros ?? 0n }
}

describe('changes of a plan at any instant of a month, in any time zone', () => {
  it('come to what ran on each day, and each to the difference', () => {
    const property = fc.property(
      ...([anyZone, month, fc.array(fc.tuple(moment, wanted), { minLength: 1, maxLength: 8 })] as const),
      (timeZone, period, choices) => {
        const { change, instantOf, model, totalMicros } = createMonth(timeZone, period)
        const inTime = choices.map(([when, wish]) => ({ at: instantOf(when), wish })).toSorted(byTime)
        const paidMicros = inTime.reduce((sum, { at, wish }) => sum + change(at, wish), 0n)
        expect([totalMicros(), paidMicros]).toEqual([model.totalOf(period), model.totalOf(period)])
      },
    )
    fc.assert(property, { numRuns: 100 })
  })

  it('sum to the full price where the month is cut in two, whatever the day', () => {
    const property = fc.property(anyZone, month, moment, taken, (timeZone, period, when, wish) => {
      const { change, instantOf, totalMicros } = createMonth(timeZone, period)
      const whole = createMonth(timeZone, period)
      const at = instantOf(when)
      const day = Number(dayShown(at, timeZone).slice(8))
      // Until the day before, and from the day on.
      const rest = change(at, wish)
      const all = whole.change(whole.instantOf({ day: 1, offset: 0 }), wish)
      const before = createMonth(timeZone, period)
      before.change(before.instantOf({ day: 1, offset: 0 }), wish)
      if (day > 1) before.change(before.instantOf({ day: day - 1, offset: 0 }), undefined)
      expect(rest + (day > 1 ? before.totalMicros() : 0n)).toBe(all)
      expect(totalMicros()).toBe(rest)
    })
    fc.assert(property, { numRuns: 50 })
  })

  it('make no money for either side by cancelling and taking again: on one day nothing, later the days between', () => {
    const property = fc.property(
      ...([anyZone, month, moment, moment, taken] as const),
      (timeZone, period, one, other, wish) => {
        const { change, instantOf, totalMicros } = createMonth(timeZone, period)
        const [left = 0, back = 0] = [instantOf(one), instantOf(other)].toSorted((a, b) => a - b)
        const all = change(instantOf({ day: 1, offset: 0 }), wish)
        const givenBack = -change(left, undefined)
        const charged = change(back, wish)
        const [lastDay, firstDay] = [left, back].map((at) => Number(dayShown(at, timeZone).slice(8)))
        const idle = createMonth(timeZone, period)
        idle.change(idle.instantOf({ day: 1, offset: 0 }), wish)
        const daysBetween = Math.max(0, firstDay! - lastDay! - 1)
        expect(givenBack >= charged).toBe(true)
        expect(totalMicros()).toBe(all - givenBack + charged)
        if (daysBetween === 0) expect(totalMicros()).toBe(all)
        // By less than a micro for each of its three lines and each end of the days.
        const exactMicros = (all * BigInt(daysBetween)) / BigInt(daysOf(period))
        const differenceMicros = all - totalMicros() - exactMicros
        expect(differenceMicros >= -6n && differenceMicros <= 6n).toBe(true)
      },
    )
    fc.assert(property, { numRuns: 50 })
  })
})

const byTime = (one: { at: number }, other: { at: number }) => one.at - other.at

describe('a month whose document has no room for a further line', () => {
  const account = {
    accountId: 'acc_month0001',
    clientType: 'hosted' as const,
    currency: 'USD',
    timeZone: 'UTC',
  }
  const names = Array.from({ length: 100 }, (_, index) => `service-${index}`)
  const wide: PlanVersion = {
    ...version,
    services: names.map((service) => ({ service, name: service, unitFeeMicros: 31_000_000n })),
  }
  let subscription: Subscription | undefined

  /** So many of each service, from a day on. */
  function decide(day: number, quantities: bigint[] | null, month?: PeriodDocument) {
    const services = names.map((service, index) => ({ service, quantity: quantities?.[index] ?? 0n }))
    const now = `2026-12-${String(day).padStart(2, '0')}T12:00:00.000Z`
    const decision = decidePlanChange({
      ...{ account, now, actor: 'person:test', versions: [wide], month, isOwing: false },
      ...{ subscription, oldestDuePeriod: undefined, version: quantities ? wide : undefined },
      choice: quantities ? { planId: 'basic', services } : { planId: null, services: [] },
    })
    if (!decision.ok) return decision.reason
    subscription = decision.subscription
    return { ...decision.month, at: now, revision: 1n }
  }

  it('takes no change that needs one, and any that does not: a removal, or the end', () => {
    const all = (quantity: bigint) => Array<bigint>(100).fill(quantity)
    let month: PeriodDocument | undefined
    for (const day of [1, 2, 3, 4]) month = decide(day, all(BigInt(day)), month) as PeriodDocument
    // Four lines of each service, and of 99 a fifth; with the base fee's 500.
    month = decide(5, [4n, ...all(5n).slice(1)], month) as PeriodDocument
    expect(month.lines).toHaveLength(500)
    expect(decide(6, all(6n), month)).toBe('too_many_changes')
    expect(decide(6, [3n, ...all(5n).slice(1)], month)).toBe('too_many_changes')
    expect(decide(6, [0n, ...all(5n).slice(1)], month)).toMatchObject({ period: '2026-12' })
    // As resumptions may leave it.
    const former = { ...month.lines.find(({ lastDay }) => lastDay === 1)!, service: 'former' }
    const overfull = { ...month, lines: [...month.lines, former] }
    expect(decide(6, null, overfull)).toMatchObject({ period: '2026-12' })
  })
})
