import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { beginningOfPeriod, nextPeriod, periodOf } from '../../functions/accounts/billing-period.ts'
import { addDays } from '../../functions/accounts/local-day.ts'
import type { Lot } from '../../functions/ledger/lot.ts'
import { dayAt, expectUsage } from '../../functions/pace/expect-usage.ts'
import type { UsageDays } from '../../functions/pace/pace.ts'
import { lookAhead } from '../../functions/plans/look-ahead.ts'
import type { UpcomingCharge } from '../../functions/plans/upcoming-charge.ts'
import type { RingFenceMode } from '../../functions/ring-fence/ring-fence.ts'
import { headWith } from '../ledger/head-with.ts'

const UNIT = 1_000_000n
const accountId = 'acc_ahead001'
const TIME_ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Beirut', 'Pacific/Apia', 'Asia/Tokyo']

type World = {
  at: string
  timeZone: string
  availableMicros: bigint
  lots?: Lot[]
  perDayMicros?: bigint
  /** So many whole days ago the account was used first. */
  age?: number
  totalMicros?: bigint
  owedMicros?: bigint
  receivableMicros?: bigint
  setAsideMicros?: bigint
  ringFence?: RingFenceMode
}

/** An outlook of an account that is used evenly, with a plan where a total is given. */
function outlookOf(world: World) {
  const { at, timeZone, availableMicros, lots = [], perDayMicros = 0n, age = 20, totalMicros } = world
  const { owedMicros = 0n, receivableMicros = 0n, setAsideMicros = 0n, ringFence = 'off' } = world
  const today = dayAt(at, timeZone)
  const days: UsageDays = {
    accountId,
    countedSequence: 1n,
    firstDay: addDays(today, -age),
    days: Object.fromEntries(
      Array.from({ length: Math.min(age, 9) + 1 }, (_, back) => [addDays(today, -back), perDayMicros]),
    ),
  }
  const head = { ...headWith({ accountId, availableMicros }), receivableMicros }
  const credit = { head, lots }
  const period = nextPeriod(periodOf(at, timeZone))
  const charge = totalMicros === undefined ? undefined : chargeOf(period, timeZone, totalMicros)
  const seen = charge && { ...charge, owedMicros, receivableMicros, setAsideMicros, ringFence, credit }
  return lookAhead({ at, account: { timeZone }, credit, days, charge: seen as UpcomingCharge | undefined })
}

function chargeOf(period: string, timeZone: string, totalMicros: bigint) {
  return { period, dueAt: beginningOfPeriod(period, timeZone), totalMicros }
}

const warningDay = { at: '2026-11-25T23:00:00.000Z', timeZone: 'Europe/Berlin' }
const lot = (lotNumber: bigint, remainingMicros: bigint, expiresAt: string): Lot => ({
  lot: lotNumber,
  source: 'goodwill',
  remainingMicros,
  expiresAt,
})

describe('looking ahead', () => {
  it('takes the expected usage off the credit, and asks for what is missing then', () => {
    const { month } = outlookOf({
      ...warningDay,
      availableMicros: 26n * UNIT,
      perDayMicros: 1n * UNIT,
      totalMicros: 24_500_000n,
    })
    expect(month).toMatchObject({
      expectedUsageMicros: 5n * UNIT,
      projectedMicros: 21n * UNIT,
      projectedShortfallMicros: 3_500_000n,
    })
  })

  it('lets usage take first what expires first: only what is not used before expires', () => {
    const used = outlookOf({
      ...warningDay,
      availableMicros: 20n * UNIT,
      lots: [lot(2n, 6n * UNIT, '2026-11-30T23:00:00.000Z')],
      perDayMicros: 1n * UNIT,
      totalMicros: 24_500_000n,
    })
    expect(used.month).toMatchObject({ expiredMicros: 1n * UNIT, projectedMicros: 14n * UNIT })
  })

  it('asks for nothing when nothing is due, however little is left', () => {
    const { month } = outlookOf({ ...warningDay, availableMicros: 0n, perDayMicros: UNIT, totalMicros: 0n })
    expect(month).toMatchObject({ projectedMicros: 0n, unmetMicros: 5n * UNIT, projectedShortfallMicros: 0n })
  })

  it('is covered by a top-up of exactly what is missing, and by no micro less', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const { month } = outlookOf(world)
        const missing = month!.projectedShortfallMicros
        if (missing === 0n) return
        const missingAfter = (paidMicros: bigint) => {
          const { receivableMicros = 0n } = world
          const paidOwed = paidMicros < receivableMicros ? paidMicros : receivableMicros
          return outlookOf({
            ...world,
            availableMicros: world.availableMicros + paidMicros - paidOwed,
            receivableMicros: receivableMicros - paidOwed,
          }).month!.projectedShortfallMicros
        }
        expect(missingAfter(missing)).toBe(0n)
        if (missing > 1n) expect(missingAfter(missing - 1n)).toBe(1n)
      }),
    )
  })

  it('loses nothing: the credit is used, expires or is left, and none of it is below zero', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const { month } = outlookOf(world)
        const { usableMicros, expectedUsageMicros, expiredMicros, projectedMicros, unmetMicros } = month!
        const { setAsideMicros, projectedSetAsideMicros } = month!
        const usedMicros = expectedUsageMicros - unmetMicros
        expect(usedMicros + expiredMicros + projectedMicros).toBe(usableMicros + setAsideMicros)
        for (const micros of [expectedUsageMicros, expiredMicros, unmetMicros])
          expect(micros).toBeGreaterThanOrEqual(0n)
        expect(projectedMicros).toBeGreaterThanOrEqual(projectedSetAsideMicros)
        expect(projectedSetAsideMicros).toBeGreaterThanOrEqual(setAsideMicros)
        if (unmetMicros > 0n) expect(projectedMicros).toBe(projectedSetAsideMicros)
      }),
    )
  })
})

describe('what is set aside for the plan', () => {
  // Of five days of usage at 5 a day, 10 suffice for two.
  const eaten = {
    ...warningDay,
    availableMicros: 10n * UNIT,
    perDayMicros: 5n * UNIT,
    totalMicros: 30n * UNIT,
  }

  it('is there on the first, whatever usage takes of the rest, which alone the runway counts', () => {
    const { month, runway } = outlookOf({ ...eaten, setAsideMicros: 20n * UNIT, ringFence: 'whole' })
    expect(month).toMatchObject({ projectedMicros: 30n * UNIT, projectedShortfallMicros: 0n })
    // The 10 that are still missing are set aside at once: usage has nothing left.
    expect(runway).toMatchObject({ at: warningDay.at, endedBy: 'usage' })
    const aside = outlookOf({ ...eaten, setAsideMicros: 30n * UNIT, ringFence: 'whole' })
    expect(aside.month).toMatchObject({ projectedMicros: 30n * UNIT, projectedShortfallMicros: 0n })
    expect(aside.runway).toMatchObject({ day: '2026-11-27', endedBy: 'usage' })
  })

  it('is set aside anew for the next month once one is charged', () => {
    const seen = { ...warningDay, availableMicros: 70n * UNIT, setAsideMicros: 20n * UNIT }
    const { runway } = outlookOf({ ...seen, perDayMicros: UNIT, totalMicros: 20n * UNIT, ringFence: 'whole' })
    // 5 until the first, 20 set aside then, 31 in December; of the 14 that are left January sets aside all.
    expect(runway).toMatchObject({ at: '2026-12-31T23:00:00.000Z', endedBy: 'usage' })
  })

  it('accrues at each midnight, and is then out of usage’s reach', () => {
    const seen = {
      ...warningDay,
      perDayMicros: 2n * UNIT,
      totalMicros: 30n * UNIT,
      ringFence: 'accruing',
    } as const
    // By the 26th 26 of 30 have accrued; the four days that remain take 1 each, as usage takes 2.
    const { month, runway } = outlookOf({ ...seen, setAsideMicros: 26n * UNIT, availableMicros: 8n * UNIT })
    expect(month).toMatchObject({ projectedSetAsideMicros: 28n * UNIT, projectedMicros: 28n * UNIT })
    // Of a top-up of 4, usage takes 2 of the 30th and what accrues 2: what usage lacks then is not asked for.
    expect(month).toMatchObject({ unmetMicros: 4n * UNIT, projectedShortfallMicros: 4n * UNIT })
    expect(runway).toMatchObject({ day: '2026-11-28', endedBy: 'usage' })
  })

  it('is not of credit that expires before the charge', () => {
    const { month } = outlookOf({
      ...{ ...warningDay, availableMicros: 8n * UNIT, totalMicros: 30n * UNIT, ringFence: 'whole' },
      lots: [lot(2n, 6n * UNIT, '2026-11-30T23:00:00.000Z')],
    })
    expect(month).toMatchObject({ projectedSetAsideMicros: 2n * UNIT, expiredMicros: 6n * UNIT })
  })
})

describe('the runway', () => {
  it('ends with the plan’s charge that is not covered, or with the usage that takes the last of it', () => {
    const even = { ...warningDay, availableMicros: 60n * UNIT, totalMicros: 24n * UNIT }
    // 5 of usage and 24 on the 1st of December leave 31, and 31 days of December take all of it.
    const { runway } = outlookOf({ ...even, perDayMicros: UNIT })
    expect(runway).toMatchObject({ lasts: 'until', day: '2026-12-31', endedBy: 'usage' })
    const unused = outlookOf(even).runway
    expect(unused).toMatchObject({ lasts: 'until', day: '2027-02-01', endedBy: 'plan_charge' })
    const withoutPlan = outlookOf({ ...even, totalMicros: undefined, perDayMicros: 8n * UNIT }).runway
    // Seven days and a half, by the clock of Berlin: the last micro is taken as it begins.
    expect(withoutPlan).toEqual({
      lasts: 'until',
      at: '2026-12-03T10:59:59.990Z',
      day: '2026-12-03',
      endedBy: 'usage',
    })
  })

  it('has no date where nothing takes the credit, and none further than a year', () => {
    expect(outlookOf({ ...warningDay, availableMicros: UNIT }).runway).toEqual({
      lasts: 'unknown',
      reason: 'nothing_is_taken',
    })
    expect(outlookOf({ ...warningDay, availableMicros: UNIT, perDayMicros: 1n }).runway).toEqual({
      lasts: 'beyond',
      day: '2027-11-26',
    })
  })

  it('is over already where nothing is left', () => {
    const { runway } = outlookOf({ ...warningDay, availableMicros: 0n, perDayMicros: UNIT })
    expect(runway).toMatchObject({ at: warningDay.at, endedBy: 'usage' })
  })

  it('ends before the first exactly where the month is not covered', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const { runway, month } = outlookOf(world)
        if (month!.needMicros === 0n) return
        const isOverByThen = runway.lasts === 'until' && runway.at <= month!.dueAt
        // Credit that is used up with the very first, to a micro, covers it and is empty then.
        const isEmptyThen = month!.projectedMicros === month!.needMicros
        if (month!.projectedShortfallMicros > 0n) expect(isOverByThen).toBe(true)
        // What is set aside covers the month, also where usage has nothing left.
        else if (!isEmptyThen && month!.projectedSetAsideMicros === 0n) expect(isOverByThen).toBe(false)
      }),
    )
  })

  it('is where usage reaches the credit, to the millisecond, in any zone and over any change of clocks', () => {
    fc.assert(
      fc.property(worlds(), (world) => {
        const { runway, pace } = outlookOf({ ...world, totalMicros: undefined, lots: [] })
        if (runway.lasts !== 'until') return
        const used = (at: string) => expectUsage(pace, world.at, at, world.timeZone)
        const before = new Date(Date.parse(runway.at) - 1).toISOString()
        expect(used(runway.at)).toBeGreaterThanOrEqual(world.availableMicros)
        if (before > world.at) expect(used(before)).toBeLessThan(world.availableMicros)
      }),
    )
  })
})

function worlds() {
  const micros = fc.bigInt({ min: 0n, max: 200n * UNIT })
  const at = fc
    .integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2032, 11, 31) })
    .map((milliseconds) => new Date(milliseconds).toISOString())
  const expiries = fc.array(
    fc.record({
      afterHours: fc.integer({ min: 1, max: 1200 }),
      micros: fc.bigInt({ min: 1n, max: 30n * UNIT }),
    }),
    { maxLength: 3 },
  )
  return fc
    .record({
      at,
      timeZone: fc.constantFrom(...TIME_ZONES),
      lasting: micros,
      expiries,
      perDayMicros: fc.bigInt({ min: 0n, max: 10n * UNIT }),
      age: fc.integer({ min: 0, max: 12 }),
      totalMicros: micros,
      owedMicros: fc.oneof(fc.constant(0n), micros),
      receivableMicros: fc.oneof(fc.constant(0n), micros),
      setAsideMicros: fc.oneof(fc.constant(0n), micros),
      ringFence: fc.constantFrom('off', 'whole', 'accruing'),
    })
    .map(({ lasting, expiries: drawn, ...world }): World => {
      const lots = drawn
        .map(({ afterHours, micros: remaining }, index) =>
          lot(
            BigInt(index + 2),
            remaining,
            new Date(Date.parse(world.at) + afterHours * 3_600_000).toISOString(),
          ),
        )
        .toSorted((one, other) => (one.expiresAt! < other.expiresAt! ? -1 : 1))
      const expiring = lots.reduce((sum, { remainingMicros }) => sum + remainingMicros, 0n)
      return { ...world, lots, availableMicros: lasting + expiring }
    })
}
