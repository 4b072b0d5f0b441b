import type { Account } from '../accounts/account.ts'
import { beginningOfPeriod, nextPeriod } from '../accounts/billing-period.ts'
import type { CreditUntil } from '../ledger/credit-at.ts'
import { dayAt } from '../pace/expect-usage.ts'
import { paceOf, type UsageDays, type UsagePace } from '../pace/pace.ts'
import {
  endOfOutlook,
  findRunway,
  type PlannedCharge,
  type Projection,
  projectCredit,
  type Runway,
} from './project-credit.ts'
import type { UpcomingCharge } from './upcoming-charge.ts'

/** The next charge, against the credit that is expected to be there when it is due. */
export type MonthAhead = UpcomingCharge &
  Projection & {
    /** What the month costs, and what is owed before it. */
    needMicros: bigint
    /**
     * What has to be topped up so that the month is covered if usage goes on at the pace, with what a top-up pays first;
     * zero when it is covered, or nothing is due.
     */
    projectedShortfallMicros: bigint
  }

/** What lies ahead of an account at an instant. */
export type Outlook = {
  at: string
  credit: CreditUntil
  /** What is expected comes from these days; absent before the first usage. */
  pace?: UsagePace
  runway: Runway
  /** Absent without a plan. */
  month?: MonthAhead
}

/**
 * Projects an account's credit. The balance, the preview, the warning and automatic top-up all show and decide by what this
 * one function says, so that they cannot disagree.
 */
export function lookAhead(seen: {
  at: string
  account: Pick<Account, 'timeZone'>
  credit: CreditUntil
  days?: UsageDays
  charge?: UpcomingCharge
}): Outlook {
  const { at, account, credit, days, charge } = seen
  const { timeZone } = account
  const pace = paceOf(days, dayAt(at, timeZone))
  const ahead = { at, timeZone, credit, pace }
  return {
    at,
    credit,
    pace,
    runway: findRunway(ahead, charge ? chargesOf(charge, at, timeZone) : []),
    month: charge && monthAhead(charge, projectCredit(ahead, charge.dueAt)),
  }
}

function monthAhead(charge: UpcomingCharge, projection: Projection): MonthAhead {
  const needMicros = charge.owedMicros + charge.totalMicros
  const { projectedMicros, unmetMicros } = projection
  // Whatever usage takes beyond the credit, it would take of a top-up.
  const missingMicros = needMicros - projectedMicros + unmetMicros + charge.receivableMicros
  const isShort = needMicros > 0n && needMicros > projectedMicros
  return { ...charge, ...projection, needMicros, projectedShortfallMicros: isShort ? missingMicros : 0n }
}

/** The month's charge with what is owed, and those of the months after it as if they cost the same. */
function chargesOf(charge: UpcomingCharge, at: string, timeZone: string): PlannedCharge[] {
  const end = endOfOutlook(at, timeZone)
  const charges = [{ at: charge.dueAt, amountMicros: charge.owedMicros + charge.totalMicros }]
  for (let period = nextPeriod(charge.period); ; period = nextPeriod(period)) {
    const dueAt = beginningOfPeriod(period, timeZone)
    if (dueAt >= end) return charges
    charges.push({ at: dueAt, amountMicros: charge.totalMicros })
  }
}
