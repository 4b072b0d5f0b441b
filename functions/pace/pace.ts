import { addDays, type LocalDay } from '../accounts/local-day.ts'

/** The pace comes from so many whole days. */
export const DAYS_LOOKED_AT = 7
/** Today, the days that the pace comes from, and two more for clocks that are behind and zones that are moved. */
export const DAYS_KEPT = DAYS_LOOKED_AT + 3

/** What usage took of an account's credit, day by day in its time zone; one document per account. */
export type UsageDays = {
  accountId: string
  /** The newest ledger entry that is counted: it and all before it are never counted again. */
  countedSequence: bigint
  /** The day of the account's first usage; it never changes. */
  firstDay: LocalDay
  /** What each of the last days took, in micros, less what was given back of it. A day without usage is missing. */
  days: Record<LocalDay, bigint>
}

/** What a ledger entry changes of the days. */
export type UsageChange = {
  sequence: bigint
  day: LocalDay
  /** Below zero for what was given back of that day's usage. */
  amountMicros: bigint
}

/** How much was used on which days: `usedMicros` on `days` days in a row, both ends among them. */
export type UsagePace = { fromDay: LocalDay; toDay: LocalDay; days: number; usedMicros: bigint }

/**
 * Counts changes that came in the order of their entries; what is counted already changes nothing. The document itself
 * comes back where nothing changes. Of a day that is not kept nothing is given back, and no day falls below zero.
 */
export function countUsage(
  accountId: string,
  before: UsageDays | undefined,
  changes: readonly UsageChange[],
): UsageDays | undefined {
  return changes.reduce<UsageDays | undefined>((counted, change) => {
    if (counted && change.sequence <= counted.countedSequence) return counted
    const dayMicros = counted?.days[change.day]
    if (change.amountMicros <= 0n && dayMicros === undefined) return counted
    const sum = (dayMicros ?? 0n) + change.amountMicros
    const days = { ...counted?.days, [change.day]: sum > 0n ? sum : 0n }
    const firstDay = counted?.firstDay ?? change.day
    return { accountId, countedSequence: change.sequence, firstDay, days: newestDays(days) }
  }, before)
}

/**
 * The pace as of a day: what the seven whole days before it took. Of a younger account only the days from its first usage
 * on are looked at. Today is not over, and is left out; where the first usage is today's, today stands for a whole day.
 * Undefined before the first usage.
 */
export function paceOf(counted: UsageDays | undefined, today: LocalDay): UsagePace | undefined {
  if (!counted || counted.firstDay > today) return undefined
  const oldest = addDays(today, -DAYS_LOOKED_AT)
  const isFirst = counted.firstDay === today
  const fromDay = isFirst || counted.firstDay > oldest ? counted.firstDay : oldest
  const toDay = isFirst ? today : addDays(today, -1)
  const looked: LocalDay[] = []
  for (let day = fromDay; day <= toDay; day = addDays(day, 1)) looked.push(day)
  const usedMicros = looked.reduce((sum, day) => sum + (counted.days[day] ?? 0n), 0n)
  return { fromDay, toDay, days: looked.length, usedMicros }
}

/** What a day takes at this pace, rounded up to a micro: for people; what is expected is reckoned from the whole. */
export function perDayMicros({ usedMicros, days }: UsagePace): bigint {
  return (usedMicros + BigInt(days) - 1n) / BigInt(days)
}

function newestDays(days: Record<LocalDay, bigint>): Record<LocalDay, bigint> {
  const newest = Object.keys(days).toSorted().slice(-1)[0]!
  const oldest = addDays(newest, 1 - DAYS_KEPT)
  return Object.fromEntries(Object.entries(days).filter(([day]) => day >= oldest))
}
