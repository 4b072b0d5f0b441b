import { Temporal } from 'temporal-polyfill'

/** A calendar day in an account's time zone, such as `2026-12-31`; texts of this form order as days do. */
export type LocalDay = string

/** True for a day of the calendar written `YYYY-MM-DD`. */
export function isDay(text: string): text is LocalDay {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  try {
    return Temporal.PlainDate.from(text).toString() === text
  } catch {
    return false
  }
}

/** The day so many days later, or earlier where the number is negative. */
export function addDays(day: LocalDay, days: number): LocalDay {
  return Temporal.PlainDate.from(day).add({ days }).toString()
}

/** The day so many years later. */
export function addYears(day: LocalDay, years: number): LocalDay {
  return Temporal.PlainDate.from(day).add({ years }).toString()
}

/** The last day of a month such as `2026-12`. */
export function endOfMonth(month: string): LocalDay {
  const { year, month: number, daysInMonth } = Temporal.PlainYearMonth.from(month)
  return Temporal.PlainDate.from({ year, month: number, day: daysInMonth }).toString()
}

/**
 * The first instant of a day in a time zone: midnight, or, where the clocks leap over midnight, the first instant after
 * it. ISO, UTC, with milliseconds, so that texts order as instants do.
 */
export function beginningOfDay(day: LocalDay, timeZone: string): string {
  const beginning = Temporal.PlainDate.from(day).toZonedDateTime({ timeZone })
  return new Date(beginning.epochMilliseconds).toISOString()
}

/** The first instant after a day: the midnight that ends it. */
export function endOfDay(day: LocalDay, timeZone: string): string {
  return beginningOfDay(addDays(day, 1), timeZone)
}

/** The day that an instant falls on. */
export function dayOf(at: string, timeZone: string): LocalDay {
  return Temporal.Instant.from(at).toZonedDateTimeISO(timeZone).toPlainDate().toString()
}

/** The last day of what ends at an instant: the day on which its last moments are. */
export function lastDayBefore(end: string, timeZone: string): LocalDay {
  return dayOf(new Date(Date.parse(end) - 1).toISOString(), timeZone)
}
