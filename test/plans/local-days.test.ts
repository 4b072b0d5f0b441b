import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { beginningOfDayIn, dateOf, dayIn, daysOf } from '../../functions/plans/day-shares.ts'
import { aroundMidnight, beginningShown, dayShown, ODD_NIGHTS, TIME_ZONES } from './clocks.ts'

const anyZone = fc.constantFrom(...TIME_ZONES)
const anyInstant = fc.integer({ min: Date.parse('2005-01-01'), max: Date.parse('2040-01-01') })

function dayOfPlans(at: number, timeZone: string): string {
  const { period, day } = dayIn(new Date(at).toISOString(), timeZone)
  return dateOf(period, day)
}

describe('the day that a change of plan falls on', () => {
  it('is the latest that the clocks have shown, at any instant in any zone', () => {
    const property = fc.property(anyInstant, anyZone, (at, timeZone) => {
      expect(dayOfPlans(at, timeZone)).toBe(dayShown(at, timeZone))
    })
    fc.assert(property, { numRuns: 1000 })
  })

  it('is that day around midnight as well, in every zone', () => {
    for (const timeZone of TIME_ZONES) {
      const property = fc.property(anyInstant, aroundMidnight, (instant, offset) => {
        const midnight = Date.parse(beginningOfDayIn(...monthAndDay(dayShown(instant, timeZone)), timeZone))
        expect(dayOfPlans(midnight + offset, timeZone)).toBe(dayShown(midnight + offset, timeZone))
      })
      fc.assert(property, { numRuns: 4 })
    }
  })

  it.each(ODD_NIGHTS)('is that day when the clocks of %s are set at %s', (timeZone, setAt) => {
    const property = fc.property(aroundMidnight, (offset) => {
      const at = Date.parse(setAt) + offset
      expect(dayOfPlans(at, timeZone)).toBe(dayShown(at, timeZone))
    })
    fc.assert(property, { numRuns: 100 })
  })

  it('begins where the one before ends, on every day of a month in any zone', () => {
    const month = fc.record({
      year: fc.integer({ min: 2006, max: 2039 }),
      month: fc.integer({ min: 1, max: 12 }),
    })
    const property = fc.property(month, anyZone, (chosen, timeZone) => {
      const period = `${chosen.year}-${String(chosen.month).padStart(2, '0')}`
      const days = Array.from({ length: daysOf(period) }, (_, index) => index + 1)
      for (const day of days) {
        const begins = Date.parse(beginningOfDayIn(period, day, timeZone))
        // A day that never was begins with the next.
        const date = dayShown(begins, timeZone)
        expect([dayOfPlans(begins, timeZone), dayOfPlans(begins - 1, timeZone) < date]).toEqual([date, true])
        expect(date >= dateOf(period, day)).toBe(true)
      }
    })
    fc.assert(property, { numRuns: 30 })
  })

  it('begins at the first instant at which its date or a later one is shown, where clocks are set', () => {
    for (const [timeZone, setAt] of ODD_NIGHTS) {
      for (const hours of [-24, 0, 24]) {
        const day = dayShown(Date.parse(setAt) + hours * 3_600_000, timeZone)
        const begins = beginningOfDayIn(...monthAndDay(day), timeZone)
        expect([timeZone, day, begins]).toEqual([
          timeZone,
          day,
          new Date(beginningShown(day, timeZone)).toISOString(),
        ])
      }
    }
  })
})

function monthAndDay(date: string): [period: string, day: number] {
  return [date.slice(0, 7), Number(date.slice(8))]
}
