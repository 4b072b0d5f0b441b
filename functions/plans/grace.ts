import { Temporal } from 'temporal-polyfill'
import type { Period } from '../accounts/billing-period.ts'
import { addDays, beginningOfDay, dayOf, type LocalDay } from '../accounts/local-day.ts'
import { laterOf } from '../edge/later-of.ts'
import { dateOf, dayIn } from './day-shares.ts'
import type { PeriodDocument } from './period-document.ts'

/** For so many days, that of the finding included, everything runs though a month is owed; an operator may set another number. */
export const GRACE_DAYS = 7

/** A month that is owed, as far as its days of grace go. One without them never makes anything stop. */
type Owed = Pick<PeriodDocument, 'period' | 'foundShortOn' | 'graceEndsAt'>
export type Grace = { period: Period; foundShortOn: LocalDay; graceEndsAt: string }

/** What comes next in a month's grace: a reminder of its day, or its end. */
export type GraceStep = { period: Period; dueAt: string; reminderOf?: LocalDay }

/** The days of grace of a month, from the day on which it is found short: who is found late has all of them. */
export function beginGrace(period: Period, foundAt: string, timeZone: string, graceDays: number): Grace {
  const found = dayIn(foundAt, timeZone)
  const foundShortOn = dateOf(found.period, found.day)
  return { period, foundShortOn, graceEndsAt: beginningOfDay(addDays(foundShortOn, graceDays), timeZone) }
}

/** The grace by which services stop: the first to end, and of several the oldest month's. */
export function findGoverning(owed: readonly Owed[]): Grace | undefined {
  return owed.filter(hasGrace).toSorted(byEnd)[0]
}

/**
 * The steps of a month's grace, in their order: reminders half-way and on the last day, and the end. On the day on which the
 * month was found short the client is told of that, and reminded of nothing.
 */
export function stepsOfGrace({ period, foundShortOn, graceEndsAt }: Grace, timeZone: string): GraceStep[] {
  const endsOn = dayOf(graceEndsAt, timeZone)
  const graceDays = Temporal.PlainDate.from(foundShortOn).until(endsOn, { largestUnit: 'days' }).days
  const offsets = new Set([Math.floor(graceDays / 2), graceDays - 1].filter((offset) => offset > 0))
  const reminders = [...offsets].map((offset) => {
    const reminderOf = addDays(foundShortOn, offset)
    return { period, dueAt: beginningOfDay(reminderOf, timeZone), reminderOf }
  })
  return [...reminders, { period, dueAt: graceEndsAt }]
}

/** The first step after an instant; its end, where that is over. */
export function nextStepOf(grace: Grace, timeZone: string, after: string): GraceStep {
  const steps = stepsOfGrace(grace, timeZone)
  return steps.find(({ dueAt }) => dueAt > after) ?? steps.at(-1)!
}

/** The day on which services stop: that of the end, or today where it is over. */
export function stopDayOf(grace: Grace, timeZone: string, at: string): LocalDay {
  return dayOf(laterOf(grace.graceEndsAt, at), timeZone)
}

function hasGrace(owed: Owed): owed is Grace {
  return owed.graceEndsAt !== undefined && owed.foundShortOn !== undefined
}

function byEnd(one: Grace, other: Grace): number {
  if (one.graceEndsAt !== other.graceEndsAt) return one.graceEndsAt < other.graceEndsAt ? -1 : 1
  return one.period < other.period ? -1 : 1
}
