import { warningOfPeriod } from '../accounts/billing-period.ts'
import { laterOf } from '../edge/later-of.ts'
import {
  type CreditSeen,
  findMissing,
  NOTHING_PLANNED,
  type PlannedCharge,
  type PlannedSetAside,
} from './project-credit.ts'
import type { MonthShortfall, Resumption, ResumptionCost, UpcomingCharge } from './upcoming-charge.ts'

type MonthNeeds = Pick<
  UpcomingCharge,
  'period' | 'dueAt' | 'owedMicros' | 'totalMicros' | 'setAsideMicros' | 'receivableMicros' | 'resumption'
>

/**
 * The one answer to what a month lacks, for credit of an instant and usage at its pace (without: none). What is owed is paid at
 * once, also of credit that would have expired. A top-up may let stopped services run again before the month is charged: only then
 * is what they take asked for too.
 */
export function findMonthShortfall(
  seen: CreditSeen,
  month: MonthNeeds,
  setAsides: readonly PlannedSetAside[] = [],
): MonthShortfall {
  const { setAsideMicros, receivableMicros, resumption } = month
  const until = laterOf(month.dueAt, seen.at)
  const lackWith = (cost?: ResumptionCost) =>
    findMissing(seen, until, { setAsideMicros, setAsides, charges: chargesOf(month, seen.at, cost) })
  const missingMicros = lackWith()
  if (missingMicros === 0n) return { shortfallMicros: 0n, resumptionMicros: 0n }
  if (!resumption || !letsRun(missingMicros, seen, { ...month, resumption }))
    return { shortfallMicros: missingMicros + receivableMicros, resumptionMicros: 0n }
  const { restMicros, monthMicros } = resumption.all
  return {
    shortfallMicros: lackWith(resumption.all) + receivableMicros,
    resumptionMicros: restMicros + monthMicros,
  }
}

/**
 * Whether the first stopped service runs again of a top-up, as `decideResumption` has it: of what is there at once, with no regard to
 * usage to come; from the warning on, only where the month is covered as well.
 */
function letsRun(
  toppedUpMicros: bigint,
  { at, timeZone, credit }: CreditSeen,
  month: MonthNeeds & { resumption: Resumption },
): boolean {
  const isWarned = at >= warningOfPeriod(month.period, timeZone)
  const until = isWarned ? laterOf(month.dueAt, at) : at
  const charges = chargesOf(month, at, month.resumption.first)
  const { setAsideMicros } = month
  return (
    findMissing({ at, timeZone, credit }, until, { ...NOTHING_PLANNED, setAsideMicros, charges }) <=
    toppedUpMicros
  )
}

/** What the month takes, and before it what is owed and the rest of this month of what runs again: that pays nothing of what is set aside. */
function chargesOf(
  { dueAt, owedMicros, totalMicros }: MonthNeeds,
  at: string,
  { restMicros, monthMicros }: ResumptionCost = { restMicros: 0n, monthMicros: 0n },
): PlannedCharge[] {
  return [
    { at, amountMicros: owedMicros },
    { at, amountMicros: restMicros, sparesSetAside: true },
    { at: dueAt, amountMicros: totalMicros + monthMicros },
  ]
}
