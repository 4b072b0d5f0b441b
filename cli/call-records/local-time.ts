import { Temporal } from 'temporal-polyfill'

const LOCAL_TIME = /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?$/

/**
 * The instant (UTC, with milliseconds) of a wall-clock time such as `2026-11-03 10:15:00` or `2026/11/3 9:15` in an IANA
 * time zone; undefined when the text is no such time. Of a time that the clocks show twice it takes the earlier, of one
 * that they skip the later, as Temporal's `compatible` does.
 */
export function readLocalTime(text: string, timeZone: string): string | undefined {
  const match = LOCAL_TIME.exec(text)
  if (!match) return undefined
  const [year, month, day, hour, minute, second] = [1, 3, 4, 5, 6, 7].map((group) =>
    Number(match[group] ?? 0),
  )
  try {
    const local = Temporal.PlainDateTime.from(
      { year: year!, month: month!, day: day!, hour: hour!, minute: minute!, second: second! },
      { overflow: 'reject' },
    )
    const instant = local.toZonedDateTime(timeZone).toInstant()
    return new Date(instant.epochMilliseconds).toISOString()
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** True for an IANA time zone that this machine knows. */
export function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    return true
  } catch {
    return false
  }
}
