import { addDays, beginningOfDay, lastDayBefore } from '../accounts/local-day.ts'

/** Clients are told so many days before the last day on which credit may be used. */
export const NOTICE_DAYS = [30, 7, 1] as const
/** The expiry itself: no day is left. */
export const EXPIRY = 0

/** What is to be done about credit that expires, and when: to tell of it so many days before, or to take it. */
export type ExpiryStep = { daysBefore: number; dueAt: string }

/** Every step of what expires at an instant, in order: each notice as its day begins in the time zone, then the expiry. */
export function stepsOf(expiresAt: string, timeZone: string): ExpiryStep[] {
  const lastDay = lastDayBefore(expiresAt, timeZone)
  const notices = NOTICE_DAYS.map((daysBefore) => ({
    daysBefore,
    dueAt: beginningOfDay(addDays(lastDay, -daysBefore), timeZone),
  }))
  return [...notices, { daysBefore: EXPIRY, dueAt: expiresAt }]
}

/** The first step that still lies ahead; the expiry itself when none does. */
export function stepAfter(at: string, expiresAt: string, timeZone: string): ExpiryStep {
  return (
    stepsOf(expiresAt, timeZone).find(({ dueAt }) => dueAt > at) ?? { daysBefore: EXPIRY, dueAt: expiresAt }
  )
}

/** The newest step whose time has come: of several that were missed only the last is worth telling. */
export function stepAt(at: string, expiresAt: string, timeZone: string): ExpiryStep | undefined {
  return stepsOf(expiresAt, timeZone).findLast(({ dueAt }) => dueAt <= at)
}
