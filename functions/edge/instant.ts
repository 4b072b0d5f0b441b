import { z } from 'zod'

/** An instant of ISO 8601 (RFC 3339) from the outside, written back in UTC with milliseconds, so that texts order as times do. */
export const instantSchema = z.iso
  .datetime({ offset: true, error: 'must be an instant such as "2026-12-01T00:00:00Z"' })
  .transform((text) => new Date(text).toISOString())
  .pipe(z.string().length(24, 'must be in the years 0000 to 9999'))

const DAY_MILLISECONDS = 86_400_000

/** An instant so many days of 24 hours after another, or before it where they are less than zero. */
export function daysLater(at: string, days: number): string {
  return new Date(Date.parse(at) + days * DAY_MILLISECONDS).toISOString()
}
