import type { AccountFee } from './agreed-price.ts'
import { type Days, shareOfDays } from './day-shares.ts'
import { BASE_FEE_SERVICE } from './plan.ts'

/** What is taken of a service, and its fee for a whole month. */
export type MonthlyLine = { service: string; name: string; quantity: bigint } & AccountFee

/** A service on some days of a month, and what these come to. */
export type ChargeLine = MonthlyLine & Days & { amountMicros: bigint }

/** The lines of a whole month. What costs nothing because none of it is taken has no line. */
export function wholeMonth(monthly: readonly MonthlyLine[], daysInMonth: number): ChargeLine[] {
  return linesOn(monthly, { firstDay: 1, lastDay: daysInMonth }, daysInMonth).sort(inOrder)
}

export function totalOf(lines: readonly ChargeLine[]): bigint {
  return lines.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
}

/** What runs on a day, as it would be for a whole month. */
export function linesOfDay(lines: readonly ChargeLine[], day: number): MonthlyLine[] {
  return lines.filter(({ firstDay, lastDay }) => firstDay <= day && day <= lastDay).map(monthlyOf)
}

/**
 * The month's lines when something else is wanted from a day on. That day has begun: of what ran on it and what is wanted
 * each service costs the dearer. So an addition counts from its day, a removal from the next, and whoever removes and adds
 * again within a day, or a month, neither gains nor loses.
 */
export function changeLines(
  lines: readonly ChargeLine[],
  { day, wanted, daysInMonth }: { day: number; wanted: readonly MonthlyLine[]; daysInMonth: number },
): ChargeLine[] {
  const today = dearer(linesOfDay(lines, day), wanted)
  return join(
    [
      ...cutBefore(lines, day, daysInMonth),
      ...linesOn(today, { firstDay: day, lastDay: day }, daysInMonth),
      ...linesOn(wanted, { firstDay: day + 1, lastDay: daysInMonth }, daysInMonth),
    ],
    daysInMonth,
  )
}

/** The month's lines when services stop with a day: nothing of it, or of what follows, is charged for them. */
export function stopLines(
  lines: readonly ChargeLine[],
  { day, services, daysInMonth }: { day: number; services: ReadonlySet<string>; daysInMonth: number },
): ChargeLine[] {
  const isStopped = ({ service }: ChargeLine) => services.has(service)
  return [
    ...lines.filter((line) => !isStopped(line)),
    ...cutBefore(lines.filter(isStopped), day, daysInMonth),
  ].sort(inOrder)
}

/** The month's lines when services that had stopped run again from a day on; what else runs stays as it is. */
export function resumeLines(
  lines: readonly ChargeLine[],
  { day, resumed, daysInMonth }: { day: number; resumed: readonly MonthlyLine[]; daysInMonth: number },
): ChargeLine[] {
  const services = new Set(resumed.map(({ service }) => service))
  const own = lines.filter(({ service }) => services.has(service))
  return [
    ...lines.filter(({ service }) => !services.has(service)),
    ...changeLines(own, { day, wanted: resumed, daysInMonth }),
  ].sort(inOrder)
}

/** The dearer of the two, service by service. */
function dearer(running: readonly MonthlyLine[], wanted: readonly MonthlyLine[]): MonthlyLine[] {
  const monthly = ({ quantity, unitFeeMicros }: MonthlyLine) => quantity * unitFeeMicros
  const outdone = new Set<string>()
  const kept = running.filter((line) => {
    const other = wanted.find(({ service }) => service === line.service)
    const isKept = !other || monthly(line) > monthly(other)
    if (isKept) outdone.add(line.service)
    return isKept
  })
  return [...kept, ...wanted.filter(({ service }) => !outdone.has(service))]
}

function cutBefore(lines: readonly ChargeLine[], day: number, daysInMonth: number): ChargeLine[] {
  return lines
    .filter(({ firstDay }) => firstDay < day)
    .map((line) => priced(line, { ...line, lastDay: Math.min(line.lastDay, day - 1) }, daysInMonth))
}

function linesOn(monthly: readonly MonthlyLine[], days: Days, daysInMonth: number): ChargeLine[] {
  if (days.firstDay > days.lastDay) return []
  return monthly.filter(({ quantity }) => quantity > 0n).map((line) => priced(line, days, daysInMonth))
}

/** One line where a service goes on as it was. */
function join(lines: readonly ChargeLine[], daysInMonth: number): ChargeLine[] {
  const joined: ChargeLine[] = []
  for (const line of lines.toSorted(inOrder)) {
    const before = joined.at(-1)
    const goesOn = before && isSame(before, line) && before.lastDay + 1 === line.firstDay
    if (goesOn) joined[joined.length - 1] = priced(line, { ...before, lastDay: line.lastDay }, daysInMonth)
    else joined.push(line)
  }
  return joined
}

function priced(line: MonthlyLine, { firstDay, lastDay }: Days, daysInMonth: number): ChargeLine {
  const amountMicros = shareOfDays(line.quantity * line.unitFeeMicros, { firstDay, lastDay }, daysInMonth)
  return { ...monthlyOf(line), firstDay, lastDay, amountMicros }
}

/** A line without its days. */
function monthlyOf({ service, name, quantity, unitFeeMicros, isAgreed }: MonthlyLine): MonthlyLine {
  return { service, name, quantity, unitFeeMicros, ...(isAgreed && { isAgreed }) }
}

function isSame(one: MonthlyLine, other: MonthlyLine): boolean {
  return (
    one.service === other.service &&
    one.name === other.name &&
    one.quantity === other.quantity &&
    one.unitFeeMicros === other.unitFeeMicros &&
    one.isAgreed === other.isAgreed
  )
}

/** The base fee first, then the services by name, each by its days. */
function inOrder(one: ChargeLine, other: ChargeLine): number {
  const [left, right] = [one, other].map(({ service }) => (service === BASE_FEE_SERVICE ? '' : service))
  if (left !== right) return left! < right! ? -1 : 1
  return one.firstDay - other.firstDay
}
