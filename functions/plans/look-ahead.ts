import type { Account } from '../accounts/account.ts'
import { beginningOfPeriod, nextPeriod } from '../accounts/billing-period.ts'
import { laterOf } from '../edge/later-of.ts'
import type { CreditUntil } from '../ledger/credit-at.ts'
import { dayAt } from '../pace/expect-usage.ts'
import { paceOf, type UsageDays, type UsagePace } from '../pace/pace.ts'
import { nextLook, wantedMicros } from '../ring-fence/decide-ring-fence.ts'
import { findMonthShortfall } from './month-shortfall.ts'
import {
  type CreditSeen,
  endOfOutlook,
  findRunway,
  NOTHING_PLANNED,
  type Planned,
  type PlannedCharge,
  type PlannedSetAside,
  type Projection,
  projectCredit,
  type Runway,
} from './project-credit.ts'
import type { UpcomingCharge } from './upcoming-charge.ts'

/** The next charge, against the credit that is expected to be there when it is due. */
export type MonthAhead = UpcomingCharge &
  Projection & {
    /** What is expected to be left of available credit, with what is set aside. */
    projectedMicros: bigint
    /** What the month costs, and what is owed before it. */
    needMicros: bigint
    /**
     * What has to be topped up so that the month is covered if usage goes on at the pace, with what a top-up pays first;
     * zero when it is covered, or nothing is due. What is owed is paid at once, also of credit that is expected to expire.
     */
    projectedShortfallMicros: bigint
    /** What of that stopped services take, that such a top-up lets run again. */
    projectedResumptionMicros: bigint
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
  const planned = charge ? planOf(charge, at, timeZone) : NOTHING_PLANNED
  return {
    at,
    credit,
    pace,
    runway: findRunway(ahead, planned),
    month: charge && monthAhead(ahead, charge, planned),
  }
}

function monthAhead(ahead: CreditSeen, charge: UpcomingCharge, planned: Planned): MonthAhead {
  const projection = projectCredit(ahead, charge.dueAt, planned)
  // What is owed is paid at once there: nothing is set aside for it any more.
  const setAsides = setAsidesOf({ ...charge, owedMicros: 0n }, ahead.at, ahead.timeZone)
  const lacking = findMonthShortfall(ahead, charge, setAsides)
  return {
    ...{ ...charge, ...projection },
    // What is set aside is there for the charge, whatever usage takes of the rest.
    projectedMicros: projection.projectedMicros + projection.projectedSetAsideMicros,
    needMicros: charge.owedMicros + charge.totalMicros,
    projectedShortfallMicros: lacking.shortfallMicros,
    projectedResumptionMicros: lacking.resumptionMicros,
  }
}

function planOf(charge: UpcomingCharge, at: string, timeZone: string): Planned {
  const charges = chargesOf(charge, at, timeZone)
  return { setAsideMicros: charge.setAsideMicros, charges, setAsides: setAsidesOf(charge, at, timeZone) }
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

/**
 * What is set aside and when: of the coming charge by the ring-fence's own rule; wholly, also of each after it once the one before
 * it is charged. What accrues for later months is left to their firsts.
 */
function setAsidesOf(charge: UpcomingCharge, at: string, timeZone: string): PlannedSetAside[] {
  const { ringFence: mode, dueAt: lastingBeyond } = charge
  if (mode === 'off') return []
  const setAsides: PlannedSetAside[] = []
  for (let look: string | undefined = at; look !== undefined && look < lastingBeyond; ) {
    const targetMicros = wantedMicros({
      ...{ mode, charge, timeZone },
      owedMicros: charge.owedMicros,
      at: look,
    })
    setAsides.push({ at: look, targetMicros, lastingBeyond })
    look = mode === 'accruing' ? nextLook({ mode, timeZone, at: look }) : undefined
  }
  if (mode === 'accruing') return setAsides
  const end = endOfOutlook(at, timeZone)
  for (let period = charge.period, dueAt = charge.dueAt; dueAt < end; period = nextPeriod(period)) {
    const nextDueAt = beginningOfPeriod(nextPeriod(period), timeZone)
    const targetMicros = charge.totalMicros
    setAsides.push({ at: laterOf(dueAt, at), targetMicros, lastingBeyond: nextDueAt })
    dueAt = nextDueAt
  }
  return setAsides
}
