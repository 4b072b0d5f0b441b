import { addYears, dayOf, endOfDay, type LocalDay } from '../accounts/local-day.ts'
import { credit, type MovementDecision } from '../ledger/decide-movement.ts'
import type { Head } from '../ledger/entry.ts'
import type { CreditKind } from './credit-kinds.ts'

/** Credit that is to be used up within longer than this is a slip of the keyboard. */
export const MOST_YEARS_AHEAD = 10

export type GivenCredit = {
  kind: CreditKind
  amountMicros: bigint
  currency: string
  reason: string
  actor: string
  termsVersion?: string
  /** The last day, in the account's time zone, on which it may be used; absent: it never expires. */
  lastDay?: LocalDay
}

export type LastDayRefused = { ok: false; reason: 'last_day_refused'; detail: string }

/** Raises available credit by a lot of its own, against the contra account of its kind, `credit:goodwill` for one. */
export function decideCredit(
  head: Head,
  given: GivenCredit,
  { timeZone, at }: { timeZone: string; at: string },
): MovementDecision | LastDayRefused {
  const { kind, lastDay, ...movement } = given
  const raise = { ...movement, kind: 'credit' as const, contra: `credit:${kind}` as const }
  if (lastDay === undefined) return credit(head, { ...raise, detail: { creditKind: kind } })
  const today = dayOf(at, timeZone)
  if (lastDay > addYears(today, MOST_YEARS_AHEAD))
    return refuseLastDay(`must be at most ${MOST_YEARS_AHEAD} years ahead`)
  const expiresAt = endOfDay(lastDay, timeZone)
  if (lastDay < today || expiresAt <= at) return refuseLastDay(`must not be over: today is ${today}`)
  return credit(head, { ...raise, expiresAt, detail: { creditKind: kind, lastDay } })
}

const refuseLastDay = (detail: string): LastDayRefused => ({ ok: false, reason: 'last_day_refused', detail })
