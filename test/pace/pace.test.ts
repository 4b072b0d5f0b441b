import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addDays, beginningOfDay, dayOf } from '../../functions/accounts/local-day.ts'
import { dayAt, expectUsage } from '../../functions/pace/expect-usage.ts'
import {
  countUsage,
  DAYS_KEPT,
  paceOf,
  perDayMicros,
  type UsageChange,
  type UsageDays,
} from '../../functions/pace/pace.ts'

const ACCOUNT = 'acc_pace0001'
const counted = (firstDay: string, days: Record<string, bigint>): UsageDays => ({
  accountId: ACCOUNT,
  countedSequence: 9n,
  firstDay,
  days,
})
const change = (sequence: bigint, day: string, amountMicros: bigint): UsageChange => ({
  sequence,
  day,
  amountMicros,
})
const TIME_ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Asia/Beirut',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Kiritimati',
]
const instant = fc
  .integer({ min: Date.UTC(2009, 0, 1), max: Date.UTC(2032, 11, 31) })
  .map((milliseconds) => new Date(milliseconds).toISOString())
const zone = fc.constantFrom(...TIME_ZONES)

describe('the pace', () => {
  it('is what the seven whole days before took: today is left out, days without usage are not', () => {
    const days = { '2026-11-18': 70n, '2026-11-19': 7n, '2026-11-25': 14n, '2026-11-26': 900n }
    expect(paceOf(counted('2026-10-01', days), '2026-11-26')).toEqual({
      fromDay: '2026-11-19',
      toDay: '2026-11-25',
      days: 7,
      usedMicros: 21n,
    })
  })

  it('of a young account looks at no day before its first usage', () => {
    const days = { '2026-11-24': 10n, '2026-11-25': 20n, '2026-11-26': 5n }
    expect(paceOf(counted('2026-11-24', days), '2026-11-26')).toMatchObject({
      fromDay: '2026-11-24',
      days: 2,
      usedMicros: 30n,
    })
  })

  it('takes today for a whole day where the first usage is today’s', () => {
    expect(paceOf(counted('2026-11-26', { '2026-11-26': 5n }), '2026-11-26')).toEqual({
      fromDay: '2026-11-26',
      toDay: '2026-11-26',
      days: 1,
      usedMicros: 5n,
    })
  })

  it('is none before the first usage, and nothing where none of the days had any', () => {
    expect(paceOf(undefined, '2026-11-26')).toBeUndefined()
    expect(paceOf(counted('2026-11-27', { '2026-11-27': 1n }), '2026-11-26')).toBeUndefined()
    expect(paceOf(counted('2026-10-01', { '2026-11-01': 1n }), '2026-11-26')).toMatchObject({
      usedMicros: 0n,
    })
  })

  it('shows a day rounded up to a micro', () => {
    expect(perDayMicros({ fromDay: '', toDay: '', days: 7, usedMicros: 15n })).toBe(3n)
    expect(perDayMicros({ fromDay: '', toDay: '', days: 7, usedMicros: 14n })).toBe(2n)
  })
})

describe('counting usage', () => {
  it('comes to the same however batches are cut and repeated, and never keeps more than ten days', () => {
    const steps = fc.array(
      fc.record({ day: fc.integer({ min: 0, max: 30 }), amountMicros: fc.bigInt({ min: -50n, max: 200n }) }),
      { minLength: 1, maxLength: 40 },
    )
    const repeats = fc.array(fc.tuple(fc.nat(39), fc.nat(39)), { maxLength: 8 })
    fc.assert(
      fc.property(steps, repeats, (days, cuts) => {
        const changes = days.map(({ day, amountMicros }, index) =>
          change(BigInt(index + 1), addDays('2026-11-01', day), amountMicros),
        )
        const once = countUsage(ACCOUNT, undefined, changes)
        // A stream delivers a part again, and then goes on from where that part ends.
        let again: UsageDays | undefined
        let reached = 0
        for (const [back, ahead] of cuts) {
          const from = Math.max(0, reached - back)
          const to = Math.min(changes.length, Math.max(reached, from + ahead))
          again = countUsage(ACCOUNT, again, changes.slice(from, to))
          reached = Math.max(reached, to)
        }
        again = countUsage(ACCOUNT, again, changes.slice(reached))
        expect(again).toEqual(once)
        if (!once) return
        expect(Object.keys(once.days).length).toBeLessThanOrEqual(DAYS_KEPT)
        for (const micros of Object.values(once.days)) expect(micros).toBeGreaterThanOrEqual(0n)
      }),
    )
  })

  it('gives back of the day that it was used on, and nothing of a day that is not kept', () => {
    const before = countUsage(ACCOUNT, undefined, [
      change(1n, '2026-11-24', 10n),
      change(2n, '2026-11-25', 20n),
    ])!
    const after = countUsage(ACCOUNT, before, [change(3n, '2026-11-24', -4n), change(4n, '2026-11-01', -9n)])!
    expect(after.days).toEqual({ '2026-11-24': 6n, '2026-11-25': 20n })
    expect(countUsage(ACCOUNT, after, [change(4n, '2026-11-01', -9n)])).toBe(after)
  })
})

describe('what is expected to be used', () => {
  const pace = { fromDay: '2026-11-19', toDay: '2026-11-25', days: 7, usedMicros: 10n }

  it('is rounded up once, over all days', () => {
    // 10 / 7 × 5 = 7.14…
    const expected = expectUsage(pace, '2026-11-26T00:00:00.000Z', '2026-12-01T00:00:00.000Z', 'UTC')
    expect(expected).toBe(8n)
  })

  it('is the same for a day of 23 or 25 hours as for any other', () => {
    const used = (from: string, until: string) =>
      expectUsage(
        { ...pace, days: 1, usedMicros: 24n },
        beginningOfDay(from, 'Europe/Berlin'),
        beginningOfDay(until, 'Europe/Berlin'),
        'Europe/Berlin',
      )
    expect(used('2027-10-27', '2027-11-01')).toBe(120n)
    expect(used('2027-03-27', '2027-04-01')).toBe(120n)
  })

  it('is nothing without a pace, and where no time is between', () => {
    const [from, until] = ['2026-11-26T00:00:00.000Z', '2026-12-01T00:00:00.000Z']
    expect(expectUsage(undefined, from, until, 'UTC')).toBe(0n)
    expect(expectUsage(pace, until, from, 'UTC')).toBe(0n)
    expect(expectUsage(pace, from, from, 'UTC')).toBe(0n)
  })

  it('never shrinks as time goes on, and parts differ from the whole by less than a micro each', () => {
    fc.assert(
      fc.property(
        fc.array(instant, { minLength: 3, maxLength: 3 }),
        zone,
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        fc.integer({ min: 1, max: 7 }),
        (instants, timeZone, usedMicros, days) => {
          const [from, middle, until] = instants.toSorted() as [string, string, string]
          const use = (one: string, other: string) =>
            expectUsage({ ...pace, usedMicros, days }, one, other, timeZone)
          const [first, second, whole] = [use(from, middle), use(middle, until), use(from, until)]
          expect(whole).toBeGreaterThanOrEqual(first)
          expect(first + second - whole).toBeGreaterThanOrEqual(0n)
          expect(first + second - whole).toBeLessThanOrEqual(1n)
        },
      ),
    )
  })

  it('puts each instant into one day, which has begun and not ended, and later ones into no earlier day', () => {
    fc.assert(
      fc.property(instant, instant, zone, (one, other, timeZone) => {
        const day = dayAt(one, timeZone)
        expect(beginningOfDay(day, timeZone) <= one).toBe(true)
        expect(one < beginningOfDay(addDays(day, 1), timeZone)).toBe(true)
        expect([day, addDays(day, -1), addDays(day, 1)]).toContain(dayOf(one, timeZone))
        if (one <= other) expect(day <= dayAt(other, timeZone)).toBe(true)
      }),
    )
  })
})
