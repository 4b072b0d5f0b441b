import { Temporal } from 'temporal-polyfill'

export type Milestone = { kind: 'warning' | 'first'; period: string; at: Date }

const WARNING_DAYS_BEFORE = 5
/** A local date has begun everywhere from UTC−12 to UTC+12 by noon UTC, and is the next date nowhere that matters here. */
const NOON = Temporal.PlainTime.from('12:00')

/**
 * The two dates of each month that a set of instants touches, in order: the warning, five days before the first, and
 * the first of the month after. Each at noon UTC, when the date has begun in every sample account's time zone.
 */
export function milestonesOf(instants: readonly string[]): Milestone[] {
  const months = [...new Set(instants.map((instant) => instant.slice(0, 7)))].sort()
  if (months.length === 0) throw new Error('there is no instant to make a timeline of')
  const milestones: Milestone[] = []
  const last = Temporal.PlainYearMonth.from(months.at(-1)!)
  let month = Temporal.PlainYearMonth.from(months[0]!)
  while (Temporal.PlainYearMonth.compare(month, last) <= 0) {
    const next = month.add({ months: 1 })
    const first = next.toPlainDate({ day: 1 })
    const period = next.toString()
    milestones.push({ kind: 'warning', period, at: noonOf(first.subtract({ days: WARNING_DAYS_BEFORE })) })
    milestones.push({ kind: 'first', period, at: noonOf(first) })
    month = next
  }
  return milestones
}

/** The instant at which a timeline begins: the first day of the month of the earliest instant, once it has begun everywhere. */
export function beginningOf(instants: readonly string[]): Date {
  const [earliest] = instants.toSorted()
  return new Date(`${earliest!.slice(0, 7)}-01T12:00:00.000Z`)
}

/** The first instant of an instant's month, in UTC. */
export function monthOf(instant: Date): string {
  return `${instant.toISOString().slice(0, 7)}-01T00:00:00.000Z`
}

/** The same day and time in another month; a day that this month does not have becomes its last. */
export function moveToMonth(instant: string, month: Temporal.PlainYearMonth): string {
  const moment = Temporal.Instant.from(instant).toZonedDateTimeISO('UTC')
  return moment
    .with({ year: month.year, month: month.month })
    .toInstant()
    .toString({ smallestUnit: 'millisecond' })
}

function noonOf(date: Temporal.PlainDate): Date {
  return new Date(date.toZonedDateTime({ timeZone: 'UTC', plainTime: NOON }).epochMilliseconds)
}
