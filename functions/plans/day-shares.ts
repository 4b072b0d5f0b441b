import { Temporal } from 'temporal-polyfill'
import { beginningOfPeriod, type Period, periodOf } from '../accounts/billing-period.ts'
import { addDays, beginningOfDay, dayOf, type LocalDay } from '../accounts/local-day.ts'

/** Days of a month by their numbers, from 1, both included. */
export type Days = { firstDay: number; lastDay: number }

export function daysOf(period: Period): number {
  return Temporal.PlainYearMonth.from(period).daysInMonth
}

/** The day of a month with a number, such as `2026-12-05`. */
export function dateOf(period: Period, day: number): LocalDay {
  return Temporal.PlainYearMonth.from(period).toPlainDate({ day }).toString()
}

/**
 * The month that an instant belongs to, and the day of it: from the day's first instant up to, and without, the next one's. A
 * later instant never belongs to an earlier day, also where clocks are set back over midnight.
 */
export function dayIn(at: string, timeZone: string): { period: Period; day: number } {
  const period = periodOf(at, timeZone)
  const shown = dayOf(at, timeZone)
  const following = addDays(shown, 1)
  const instant = new Date(at).toISOString()
  const date =
    beginningOfDay(following, timeZone) <= instant
      ? following
      : beginningOfDay(shown, timeZone) <= instant
        ? shown
        : addDays(shown, -1)
  if (date.slice(0, 7) !== period) return { period, day: date < period ? 1 : daysOf(period) }
  return { period, day: Number(date.slice(8)) }
}

/** The first instant of a month's day in a time zone. */
export function beginningOfDayIn(period: Period, day: number, timeZone: string): string {
  if (day === 1) return beginningOfPeriod(period, timeZone)
  return beginningOfDay(dateOf(period, day), timeZone)
}

/**
 * What of a monthly amount belongs to some of the month's days: what has accrued by the last of them without what had
 * accrued before the first, each rounded down to a micro. So it is rounded once, and parts that cover the month sum to the
 * whole, however it is cut.
 */
export function shareOfDays(monthlyMicros: bigint, { firstDay, lastDay }: Days, daysInMonth: number): bigint {
  if (firstDay < 1 || lastDay > daysInMonth || firstDay > lastDay + 1)
    throw new Error(`a month of ${daysInMonth} days has no days ${firstDay} to ${lastDay}`)
  const accrued = (day: number) => (monthlyMicros * BigInt(day)) / BigInt(daysInMonth)
  return accrued(lastDay) - accrued(firstDay - 1)
}
