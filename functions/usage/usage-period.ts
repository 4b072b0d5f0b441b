import { Temporal } from 'temporal-polyfill'

/** The calendar month of an instant in a time zone, such as `2026-12`: what tiers are counted by. */
export function usagePeriod(at: string, timeZone: string): string {
  return Temporal.Instant.from(at).toZonedDateTimeISO(timeZone).toPlainDate().toPlainYearMonth().toString()
}
