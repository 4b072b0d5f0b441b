import fc from 'fast-check'

/** Every time zone that this Node.js knows. */
export const TIME_ZONES = Intl.supportedValuesOf('timeZone')

/** Where clocks were set back or forward over midnight, at a month's end, or by a whole day. */
export const ODD_NIGHTS = [
  // Back from midnight to 23:00 of the 31st.
  ['Africa/Cairo', '2024-10-31T21:00:00.000Z'],
  // Back from one minute past midnight of the 1st to 23:01 of the 31st.
  ['America/Goose_Bay', '2009-11-01T03:01:00.000Z'],
  // Forward over midnight of the 1st.
  ['America/Asuncion', '2023-10-01T04:00:00.000Z'],
  // Forward over midnight within a month.
  ['Africa/Cairo', '2027-04-29T22:00:00.000Z'],
  // Back from midnight within a month.
  ['Asia/Beirut', '2027-10-30T21:00:00.000Z'],
  ['America/Santiago', '2028-04-02T03:00:00.000Z'],
  ['Atlantic/Azores', '2026-10-25T01:00:00.000Z'],
  ['Europe/Berlin', '2026-10-25T01:00:00.000Z'],
  // A day that never was, the 30th of December.
  ['Pacific/Apia', '2011-12-30T10:00:00.000Z'],
  // Half an hour.
  ['Australia/Lord_Howe', '2027-04-03T15:00:00.000Z'],
] as const

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Longer than any clock is set back. */
const LOOK_BACK_MINUTES = 180
/** At these hours no clock that was set back has shown another date. */
const [MORNING, EVENING] = ['04', '20']

const formats = new Map<string, Intl.DateTimeFormat>()
const beginnings = new Map<string, number>()

/** What the clocks of a zone show, `2026-12-01 09:30`, by the formats of the language and not by the code under test. */
function shown(at: number, timeZone: string): string {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  formats.set(timeZone, format)
  return format.format(at)
}

const dateShown = (at: number, timeZone: string) => shown(at, timeZone).slice(0, 10)

/**
 * The day that an instant belongs to: the latest date that the zone's clocks have shown so far. Clocks are set on whole
 * minutes.
 */
export function dayShown(at: number, timeZone: string): string {
  const now = shown(at, timeZone)
  let latest = now.slice(0, 10)
  const hour = now.slice(11, 13)
  if (hour > MORNING && hour < EVENING) return latest
  const minute = Math.floor(at / MINUTE) * MINUTE
  for (let back = 0; back < LOOK_BACK_MINUTES; back++) {
    const date = dateShown(minute - back * MINUTE, timeZone)
    if (date > latest) latest = date
  }
  return latest
}

/** The first instant that belongs to a day, or to a later one where there was no such day. */
export function beginningShown(day: string, timeZone: string): number {
  const name = `${day} ${timeZone}`
  const known = beginnings.get(name)
  if (known !== undefined) return known
  // No zone is further than this from UTC, whichever side of the date line it was on.
  let at = Date.parse(day) - 27 * HOUR
  while (dateShown(at, timeZone) < day) at += HOUR
  // It may have been shown for some minutes before the clocks were set back.
  let begins = at
  for (let back = 1; back <= LOOK_BACK_MINUTES + 60; back++)
    if (dateShown(at - back * MINUTE, timeZone) >= day) begins = at - back * MINUTE
  beginnings.set(name, begins)
  return begins
}

/** Around a midnight: the instant itself, its neighbours, and what clocks that are set may confuse with it. */
export const aroundMidnight = fc.oneof(
  fc.constantFrom(-1, 0, 1, -MINUTE, MINUTE, -60 * MINUTE, 60 * MINUTE - 1, 60 * MINUTE),
  fc.integer({ min: -150 * MINUTE, max: 150 * MINUTE }),
)
