import { Temporal } from 'temporal-polyfill'
import { addDays, beginningOfDay, dayOf, type LocalDay } from '../accounts/local-day.ts'
import type { UsagePace } from './pace.ts'

type Place = { day: LocalDay; passedMilliseconds: bigint; dayMilliseconds: bigint }

/**
 * The day that an instant belongs to: from the day's first instant up to, and without, the next one's. Other than on the
 * clock on the wall, a later instant never belongs to an earlier day, also where clocks are set back over midnight.
 */
export function dayAt(at: string, timeZone: string): LocalDay {
  let day = dayOf(at, timeZone)
  while (at < beginningOfDay(day, timeZone)) day = addDays(day, -1)
  while (at >= beginningOfDay(addDays(day, 1), timeZone)) day = addDays(day, 1)
  return day
}

/**
 * What is used between two instants at a pace. Days are those of the time zone: one of 23 or 25 hours takes what any other
 * takes, and a part of a day its part of it. Rounded once, up to a micro. Nothing without a pace, or where no time is
 * between.
 */
export function expectUsage(
  pace: UsagePace | undefined,
  fromAt: string,
  untilAt: string,
  timeZone: string,
): bigint {
  if (!pace || pace.usedMicros === 0n || untilAt <= fromAt) return 0n
  const [from, until] = [placeOf(fromAt, timeZone), placeOf(untilAt, timeZone)]
  const between = BigInt(daysBetween(from.day, until.day))
  const lengths = from.dayMilliseconds * until.dayMilliseconds
  // Days, over `lengths`: an exact fraction.
  const days =
    between * lengths +
    until.passedMilliseconds * from.dayMilliseconds -
    from.passedMilliseconds * until.dayMilliseconds
  const divisor = lengths * BigInt(pace.days)
  return (pace.usedMicros * days + divisor - 1n) / divisor
}

function placeOf(at: string, timeZone: string): Place {
  const day = dayAt(at, timeZone)
  const begin = Date.parse(beginningOfDay(day, timeZone))
  const end = Date.parse(beginningOfDay(addDays(day, 1), timeZone))
  return {
    day,
    passedMilliseconds: BigInt(Date.parse(at) - begin),
    dayMilliseconds: BigInt(end - begin),
  }
}

function daysBetween(from: LocalDay, until: LocalDay): number {
  return Temporal.PlainDate.from(from).until(until, { largestUnit: 'days' }).days
}
