import { Temporal } from 'temporal-polyfill'
import { addDays, beginningOfDay } from './local-day.ts'

const WARNING_DAYS_BEFORE = 5

/** A calendar month such as `2026-12`; texts of this form order as months do. */
export type Period = string

/** The month after. */
export function nextPeriod(period: Period): Period {
  return Temporal.PlainYearMonth.from(period).add({ months: 1 }).toString()
}

function previousPeriod(period: Period): Period {
  return Temporal.PlainYearMonth.from(period).subtract({ months: 1 }).toString()
}

/**
 * The first instant of a month in a time zone: local midnight of the 1st, or, where the clocks leap over midnight, the
 * first instant after it. ISO, UTC, with milliseconds, so that texts order as instants do.
 */
export function beginningOfPeriod(period: Period, timeZone: string): string {
  return beginningOfDay(firstDay(period), timeZone)
}

/** The first instant of the day five days before a month begins: the 26th of November for December. */
export function warningOfPeriod(period: Period, timeZone: string): string {
  return beginningOfDay(addDays(firstDay(period), -WARNING_DAYS_BEFORE), timeZone)
}

/** The first midnight after an instant, of the days from a month's warning on until it begins; undefined when none is left. */
export function nextWarningDay(period: Period, at: string, timeZone: string): string | undefined {
  const daysBefore = Array.from({ length: WARNING_DAYS_BEFORE }, (_, index) => WARNING_DAYS_BEFORE - index)
  return daysBefore
    .map((days) => beginningOfDay(addDays(firstDay(period), -days), timeZone))
    .find((beginning) => beginning > at)
}

/** The 1st of a month as a local date, such as `2026-12-01`. */
export function firstDay(period: Period): string {
  return Temporal.PlainYearMonth.from(period).toPlainDate({ day: 1 }).toString()
}

/**
 * The month that an instant belongs to: from the month's first instant up to, and without, the next one's. Every instant
 * belongs to exactly one, and a later instant never to an earlier month, also where clocks are set back over midnight.
 */
export function periodOf(at: string, timeZone: string): Period {
  const instant = Temporal.Instant.from(at)
  const local = instant.toZonedDateTimeISO(timeZone).toPlainDate().toPlainYearMonth().toString()
  const isoInstant = new Date(instant.epochMilliseconds).toISOString()
  if (isoInstant < beginningOfPeriod(local, timeZone)) return previousPeriod(local)
  const next = nextPeriod(local)
  // Clocks that went back over midnight show the old month again, after the new one has begun.
  return isoInstant < beginningOfPeriod(next, timeZone) ? local : next
}

/** An instant's local date and time of day, for people: `2026-12-01 09:30`. */
export function localDateTime(at: string, timeZone: string): string {
  const local = Temporal.Instant.from(at).toZonedDateTimeISO(timeZone)
  return `${local.toPlainDate()} ${local.toPlainTime().toString({ smallestUnit: 'minute' })}`
}
