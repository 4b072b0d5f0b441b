import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dayIn, daysOf, shareOfDays } from '../../functions/plans/day-shares.ts'
import {
  type ChargeLine,
  changeLines,
  linesOfDay,
  type MonthlyLine,
  stopLines,
  totalOf,
  wholeMonth,
} from '../../functions/plans/month-lines.ts'

const monthlyLines = fc.uniqueArray(
  fc.record({
    service: fc.constantFrom('base-fee', 'seat', 'number', 'fax'),
    name: fc.constant('A service'),
    quantity: fc.bigInt(1n, 50n),
    unitFeeMicros: fc.bigInt(1n, 100_000_000n),
  }),
  { selector: ({ service }) => service },
)
const months = fc.integer({ min: 28, max: 31 })
const seat = (quantity: bigint): MonthlyLine => ({
  service: 'seat',
  name: 'Seat',
  quantity,
  unitFeeMicros: 4_900_000n,
})
const days = (lines: readonly ChargeLine[]) =>
  lines.map(({ service, quantity, firstDay, lastDay }) => [service, quantity, firstDay, lastDay])

describe('shares of days', () => {
  it('sum to the whole month, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 10n ** 15n),
        months,
        fc.array(fc.integer({ min: 1, max: 27 })),
        (monthlyMicros, daysInMonth, cuts) => {
          const ends = [...new Set([...cuts, daysInMonth])].toSorted((one, other) => one - other)
          const parts = ends.map((lastDay, index) =>
            shareOfDays(monthlyMicros, { firstDay: (ends[index - 1] ?? 0) + 1, lastDay }, daysInMonth),
          )
          expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(monthlyMicros)
        },
      ),
    )
  })

  it('are what the day-by-day calculation gives', () => {
    // 19 of 30 days of 147.00: 93.10; of 100.00: 63.333333, rounded by less than a micro.
    expect(shareOfDays(147_000_000n, { firstDay: 12, lastDay: 30 }, 30)).toBe(93_100_000n)
    expect(shareOfDays(100_000_000n, { firstDay: 12, lastDay: 30 }, 30)).toBe(63_333_334n)
    expect(shareOfDays(100_000_000n, { firstDay: 1, lastDay: 11 }, 30)).toBe(36_666_666n)
  })
})

describe('the day of an instant', () => {
  it('knows leap days and local midnights', () => {
    expect(daysOf('2028-02')).toBe(29)
    expect(daysOf('2100-02')).toBe(28)
    expect(dayIn('2028-02-28T22:59:59.999Z', 'Europe/Berlin')).toEqual({ period: '2028-02', day: 28 })
    expect(dayIn('2028-02-28T23:00:00.000Z', 'Europe/Berlin')).toEqual({ period: '2028-02', day: 29 })
  })

  it('never goes back in any time zone, also where clocks are set back over midnight', () => {
    const zones = ['Europe/Berlin', 'America/Havana', 'America/Asuncion', 'Pacific/Apia', 'Asia/Beirut']
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.date({ min: new Date('2005-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
        fc.integer({ min: 0, max: 200_000_000 }),
        (timeZone, from, milliseconds) => {
          const one = dayIn(from.toISOString(), timeZone)
          const other = dayIn(new Date(from.getTime() + milliseconds).toISOString(), timeZone)
          const order = ({ period, day }: typeof one) => `${period}-${String(day).padStart(2, '0')}`
          expect(order(other) >= order(one)).toBe(true)
          expect(one.day >= 1 && one.day <= daysOf(one.period)).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('the lines of a month', () => {
  it('count an addition from its day, and a removal from the next', () => {
    const added = changeLines(wholeMonth([seat(2n)], 30), { day: 12, wanted: [seat(5n)], daysInMonth: 30 })
    expect(days(added)).toEqual([
      ['seat', 2n, 1, 11],
      ['seat', 5n, 12, 30],
    ])
    const removed = changeLines(added, { day: 20, wanted: [], daysInMonth: 30 })
    expect(days(removed)).toEqual([
      ['seat', 2n, 1, 11],
      ['seat', 5n, 12, 20],
    ])
  })

  it('cost a service that was added and removed on one day that day', () => {
    const added = changeLines([], { day: 7, wanted: [seat(1n)], daysInMonth: 31 })
    const removed = changeLines(added, { day: 7, wanted: [], daysInMonth: 31 })
    expect(days(removed)).toEqual([['seat', 1n, 7, 7]])
  })

  it('come back to what they were when somebody removes and adds again on one day', () => {
    fc.assert(
      fc.property(
        monthlyLines,
        monthlyLines,
        months,
        fc.integer({ min: 1, max: 28 }),
        (before, wanted, daysInMonth, day) => {
          const lines = wholeMonth(before, daysInMonth)
          const without = changeLines(lines, { day, wanted: [], daysInMonth })
          expect(changeLines(without, { day, wanted: before, daysInMonth })).toEqual(lines)
          const other = changeLines(lines, { day, wanted, daysInMonth })
          const back = changeLines(other, { day, wanted: before, daysInMonth })
          // The month's last day has begun as well, so what was taken on it is still a line of it.
          if (day < daysInMonth) expect(linesOfDay(back, daysInMonth)).toEqual(linesOfDay(lines, daysInMonth))
          expect(totalOf(back)).toBeGreaterThanOrEqual(totalOf(lines) - 4n)
        },
      ),
    )
  })

  it('cost each day what ran on it, to a micro for each piece', () => {
    const change = fc.record({ day: fc.integer({ min: 1, max: 28 }), wanted: monthlyLines })
    fc.assert(
      fc.property(monthlyLines, months, fc.array(change, { maxLength: 8 }), (first, daysInMonth, changes) => {
        let lines = wholeMonth(first, daysInMonth)
        for (const { day, wanted } of changes.toSorted((one, other) => one.day - other.day))
          lines = changeLines(lines, { day, wanted, daysInMonth })
        for (let day = 1; day <= daysInMonth; day++) {
          const services = linesOfDay(lines, day).map(({ service }) => service)
          expect(new Set(services).size).toBe(services.length)
        }
        const exact = lines.map(
          ({ quantity, unitFeeMicros, firstDay, lastDay }) =>
            (quantity * unitFeeMicros * BigInt(lastDay - firstDay + 1)) / BigInt(daysInMonth),
        )
        const difference = totalOf(lines) - exact.reduce((sum, micros) => sum + micros, 0n)
        expect(difference >= 0n && difference <= BigInt(lines.length)).toBe(true)
      }),
    )
  })

  it('cost nothing from the day on which a service stops', () => {
    const lines = wholeMonth([seat(2n), { ...seat(1n), service: 'number' }], 30)
    const stopped = stopLines(lines, { day: 8, services: new Set(['seat']), daysInMonth: 30 })
    expect(days(stopped)).toEqual([
      ['number', 1n, 1, 30],
      ['seat', 2n, 1, 7],
    ])
    const resumed = changeLines(stopped, {
      day: 8,
      wanted: [seat(2n), { ...seat(1n), service: 'number' }],
      daysInMonth: 30,
    })
    expect(totalOf(resumed)).toBe(totalOf(lines))
  })
})
