import type { Account } from '../accounts/account.ts'
import { nextPeriod, type Period } from '../accounts/billing-period.ts'
import { laterOf } from '../edge/later-of.ts'
import { type SetAsideDecision, setAside } from '../ledger/decide-set-aside.ts'
import type { Head } from '../ledger/entry.ts'
import { formatAmount } from '../ledger/money.ts'
import { beginningOfDayIn, dayIn, daysOf, shareOfDays } from '../plans/day-shares.ts'
import { PLANS_ACTOR } from '../plans/describe-month.ts'
import type { RingFence, RingFenceMode } from './ring-fence.ts'

export type RingFenceWanted = {
  mode: RingFenceMode
  /** The next charge as it would be made now. */
  charge: { period: Period; dueAt: string; totalMicros: bigint }
  /** Owed for earlier months: it is paid first. */
  owedMicros: bigint
  timeZone: string
  at: string
}

/**
 * What is to be set aside: what is owed for earlier months, and of the next charge all, or, accruing, the part of the days of the
 * month before it that have begun. So it is whole on that month's last day.
 */
export function wantedMicros({ mode, charge, owedMicros, timeZone, at }: RingFenceWanted): bigint {
  if (mode === 'off') return 0n
  if (mode === 'whole') return owedMicros + charge.totalMicros
  return owedMicros + accruedBy(at, timeZone, charge)
}

function accruedBy(
  at: string,
  timeZone: string,
  { period: charged, totalMicros }: { period: Period; totalMicros: bigint },
): bigint {
  const { period, day } = dayIn(at, timeZone)
  if (period >= charged) return totalMicros
  if (nextPeriod(period) < charged) return 0n
  return shareOfDays(totalMicros, { firstDay: 1, lastDay: day }, daysOf(period))
}

/**
 * The next local midnight: more has accrued then, and what else may have changed what is wanted, such as a new price or credit
 * that has expired, is seen then at the latest.
 */
export function nextLook({ mode, timeZone, at }: Pick<RingFenceWanted, 'mode' | 'timeZone' | 'at'>) {
  if (mode === 'off') return undefined
  const { period, day } = dayIn(at, timeZone)
  return day === daysOf(period)
    ? beginningOfDayIn(nextPeriod(period), 1, timeZone)
    : beginningOfDayIn(period, day + 1, timeZone)
}

/**
 * The posting that brings an account's ring-fence to what is wanted, as far as its credit goes. Credit that expires before the
 * charge, or at its very instant, is not for it: nobody keeps a gift longer by setting it aside.
 */
export function decideRingFence(
  head: Head,
  ringFence: RingFence,
  wanted: RingFenceWanted & { account: Pick<Account, 'currency'> },
): SetAsideDecision {
  const { charge, at, mode, account } = wanted
  const targetMicros = wantedMicros(wanted)
  return setAside(head, {
    held: ringFence.lots,
    targetMicros,
    lastingBeyond: laterOf(charge.dueAt, at),
    reason: `Set aside for the service plan, ${charge.period}`,
    actor: PLANS_ACTOR,
    detail: {
      period: charge.period,
      mode,
      wanted: formatAmount(targetMicros, account.currency),
      owed: formatAmount(wanted.owedMicros, account.currency),
    },
  })
}

/** The posting that gives back what has expired of a ring-fence: it expires like all credit. Of the rest nothing moves. */
export function decideLapse(
  head: Head,
  ringFence: RingFence,
  { at, lastingMicros }: { at: string; lastingMicros: bigint },
): SetAsideDecision {
  return setAside(head, {
    held: ringFence.lots,
    targetMicros: lastingMicros,
    lastingBeyond: at,
    reason: 'Expired before the service plan needed it',
    actor: PLANS_ACTOR,
    detail: { ...(ringFence.period !== undefined && { period: ringFence.period }) },
  })
}
