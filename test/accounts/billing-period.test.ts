import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  beginningOfPeriod,
  firstDay,
  localDateTime,
  nextPeriod,
  nextWarningDay,
  periodOf,
  warningOfPeriod,
} from '../../functions/accounts/billing-period.ts'

const ZONES = [...Intl.supportedValuesOf('timeZone'), 'UTC']
const zone = fc.constantFrom(...ZONES)
const period = fc
  .tuple(fc.integer({ min: 2000, max: 2099 }), fc.integer({ min: 1, max: 12 }))
  .map(([year, month]) => `${year}-${String(month).padStart(2, '0')}`)
const justBefore = (instant: string) => new Date(Date.parse(instant) - 1).toISOString()
const monthOf = (text: string) => Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7))

describe('the billing calendar', () => {
  it('begins December at local midnight, and warns on 26 November', () => {
    expect(beginningOfPeriod('2026-12', 'Europe/Berlin')).toBe('2026-11-30T23:00:00.000Z')
    expect(warningOfPeriod('2026-12', 'Europe/Berlin')).toBe('2026-11-25T23:00:00.000Z')
    expect(beginningOfPeriod('2026-12', 'America/New_York')).toBe('2026-12-01T05:00:00.000Z')
    expect(beginningOfPeriod('2026-12', 'Asia/Kathmandu')).toBe('2026-11-30T18:15:00.000Z')
    expect(firstDay('2026-12')).toBe('2026-12-01')
    expect(localDateTime('2026-12-01T04:59:00.000Z', 'America/New_York')).toBe('2026-11-30 23:59')
  })

  it('counts the five days of a warning over leap days and short months', () => {
    expect(warningOfPeriod('2028-03', 'UTC')).toBe('2028-02-25T00:00:00.000Z')
    expect(warningOfPeriod('2027-03', 'UTC')).toBe('2027-02-24T00:00:00.000Z')
    expect(warningOfPeriod('2027-01', 'UTC')).toBe('2026-12-27T00:00:00.000Z')
  })

  it('begins a month after the gap where the clocks leap over midnight', () => {
    // Asunción sets its clocks forward at midnight of 1 October 2017: there is no 00:00.
    const begins = beginningOfPeriod('2017-10', 'America/Asuncion')
    expect(localDateTime(begins, 'America/Asuncion')).toBe('2017-10-01 01:00')
    expect(periodOf(justBefore(begins), 'America/Asuncion')).toBe('2017-09')
  })

  it('goes back to no month where clocks are set back over midnight of the first', () => {
    // St John’s set its clocks back at 00:01 on 1 November 2009: October’s last hour showed twice.
    const begins = beginningOfPeriod('2009-11', 'America/St_Johns')
    const halfAnHourLater = new Date(Date.parse(begins) + 30 * 60_000).toISOString()
    expect(localDateTime(halfAnHourLater, 'America/St_Johns')).toBe('2009-10-31 23:30')
    expect(periodOf(halfAnHourLater, 'America/St_Johns')).toBe('2009-11')
  })

  it('puts the first instant of every month into it and the one before into the month before, in every zone', () => {
    for (const timeZone of ZONES) {
      for (const month of ['2026-03', '2026-11', '2027-01', '2028-03']) {
        const begins = beginningOfPeriod(month, timeZone)
        expect(periodOf(begins, timeZone), `${timeZone} ${month}`).toBe(month)
        expect(nextPeriod(periodOf(justBefore(begins), timeZone)), `${timeZone} ${month}`).toBe(month)
      }
    }
  })

  it('neither skips nor doubles a month', () => {
    fc.assert(
      fc.property(zone, period, (timeZone, month) => {
        const begins = beginningOfPeriod(month, timeZone)
        const next = nextPeriod(month)
        expect(monthOf(next)).toBe(monthOf(month) + 1)
        expect(begins < beginningOfPeriod(next, timeZone)).toBe(true)
        expect(periodOf(begins, timeZone)).toBe(month)
        expect(nextPeriod(periodOf(justBefore(begins), timeZone))).toBe(month)
      }),
      { numRuns: 300 },
    )
  })

  it('never puts a later instant into an earlier month', () => {
    const instant = fc.integer({ min: Date.parse('2000-01-01'), max: Date.parse('2099-01-01') })
    fc.assert(
      fc.property(zone, instant, fc.integer({ min: 0, max: 40 * 86_400_000 }), (timeZone, at, later) => {
        const one = periodOf(new Date(at).toISOString(), timeZone)
        expect(one <= periodOf(new Date(at + later).toISOString(), timeZone)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('has five days on which it may warn of a month, each later than the one before', () => {
    fc.assert(
      fc.property(zone, period, (timeZone, month) => {
        const begins = beginningOfPeriod(month, timeZone)
        const days = [warningOfPeriod(month, timeZone)]
        for (let day = nextWarningDay(month, days[0]!, timeZone); day; ) {
          expect(day > days.at(-1)! && day < begins, `${timeZone} ${day}`).toBe(true)
          days.push(day)
          day = nextWarningDay(month, day, timeZone)
        }
        // A day that a zone leaves out, as where it goes over the date line, begins with the next.
        expect(days.length === 5 || days.length === 4, timeZone).toBe(true)
        expect(nextWarningDay(month, justBefore(begins), timeZone)).toBe(undefined)
      }),
      { numRuns: 200 },
    )
  })

  it('warns in the month before, after its beginning and before the first', () => {
    fc.assert(
      fc.property(zone, period, (timeZone, month) => {
        const warns = warningOfPeriod(month, timeZone)
        expect(warns < beginningOfPeriod(month, timeZone)).toBe(true)
        expect(nextPeriod(periodOf(warns, timeZone))).toBe(month)
      }),
      { numRuns: 200 },
    )
  })
})
