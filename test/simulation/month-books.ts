import { BASE_FEE, type Fees } from './plan-price-books.ts'
import { require, units } from './require.ts'

export type PlanLine = {
  service: string
  quantity: string
  unitFee: string
  amount: string
  firstDay?: number
  lastDay?: number
}

/** As the entry of a whole month keeps it: service, name, quantity, fee, and of the rest what does not follow from these. */
type ShortLine = [service: string, name: string, quantity: string, unitFee: string, rest?: Partial<PlanLine>]

/** A line of an entry, however it is kept. */
export function readLine(line: PlanLine | ShortLine): PlanLine {
  if (!Array.isArray(line)) return line
  const [service, , quantity, unitFee, rest] = line
  const micros = BigInt(quantity) * microsOf(unitFee)
  return { service, quantity, unitFee, amount: units(micros), ...rest }
}

/** Of a service, what it costs for a whole month, by the day on which it runs; nothing on days on which it does not. */
export type Days = ReadonlyMap<string, readonly bigint[]>

/** One month of an account: what runs on which of its days, what that comes to, and what has been paid. */
/** What an entry drew lot by lot, the last in the order of use first. */
export type Charge = {
  sequence: bigint
  /** The first day of the month that it was for, and how much it was. */
  firstDay: number
  micros: bigint
  drawn: { expiresAt?: string; micros: bigint }[]
  /** What the month was lowered by and was kept, since its credit had expired. */
  expiredMicros: bigint
}

export type Month = {
  status: 'charged' | 'short'
  version: number
  days: Days
  totalMicros: bigint
  /** Lowered and not given back, since it had been refunded before, or its credit has expired. */
  keptMicros: bigint
  /** The entries that charged it, newest first. */
  charges: Charge[]
  /** In milliseconds since 1970: from then on what is owed makes services stop. */
  graceEndsAt?: number
}

export function daysOf(month: string): number {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, number, 0)).getUTCDate()
}

/** Micros of an amount as it is written. */
export function microsOf(amount: string): bigint {
  const [whole = '', fraction = ''] = amount.replace('-', '').split('.')
  const micros = BigInt(whole + fraction.padEnd(6, '0'))
  return amount.startsWith('-') ? -micros : micros
}

/** The days of the lines that an entry shows. Each line has to be what its days come to, and no day is in two of a service. */
export function readDays(where: string, month: string, lines: readonly PlanLine[], fees: Fees): Days {
  const daysInMonth = daysOf(month)
  const days = new Map<string, bigint[]>()
  for (const { service, quantity, unitFee, amount, firstDay = 1, lastDay = daysInMonth } of lines) {
    const fee = fees.get(service)
    require(fee !== undefined && fee === microsOf(unitFee), () =>
      `${where}: ${service} is charged at ${unitFee}, its fee is ${units(fee ?? 0n)}`)
    const monthlyMicros = BigInt(quantity) * fee
    const own = days.get(service) ?? noDays(month)
    for (let day = firstDay; day <= lastDay; day++) {
      require(own[day - 1] === 0n, () => `${where}: ${service} is charged twice on day ${day}`)
      own[day - 1] = monthlyMicros
    }
    days.set(service, own)
    const micros =
      accrued(monthlyMicros, lastDay, daysInMonth) - accrued(monthlyMicros, firstDay - 1, daysInMonth)
    require(micros === microsOf(amount), () =>
      `${where}: ${service} from day ${firstDay} to ${lastDay} is ${amount} and should be ${units(micros)}`)
  }
  return days
}

export const noDays = (month: string): bigint[] => Array.from({ length: daysOf(month) }, () => 0n)

/** What a month comes to, day by day: so it does not matter which days stand in one line. */
export function totalOf(month: string, days: Days): bigint {
  const daysInMonth = daysOf(month)
  let totalMicros = 0n
  for (const own of days.values())
    own.forEach((monthlyMicros, index) => {
      totalMicros +=
        accrued(monthlyMicros, index + 1, daysInMonth) - accrued(monthlyMicros, index, daysInMonth)
    })
  return totalMicros
}

/** Each service from a day on as told, and on the day itself the dearer of before and then; before it as it was. */
export function changedDays(
  month: string,
  before: Days,
  from: number,
  wanted: ReadonlyMap<string, bigint>,
): Days {
  const services = new Set([...before.keys(), ...wanted.keys()])
  return new Map(
    [...services].map((service) => {
      const own = before.get(service) ?? noDays(month)
      const micros = wanted.get(service) ?? 0n
      return [
        service,
        own.map((had, index) => {
          if (index + 1 < from) return had
          return index + 1 === from && had > micros ? had : micros
        }),
      ]
    }),
  )
}

/** Services that do not run from a day on, that day included. */
export function stoppedDays(before: Days, from: number, services: ReadonlySet<string>): Days {
  return new Map(
    [...before].map(([service, own]) => [
      service,
      services.has(service) ? own.map((micros, index) => (index + 1 < from ? micros : 0n)) : own,
    ]),
  )
}

/** What runs on a day, in the order in which it stops, the base fee last. */
export function runningOn(days: Days, day: number, inOrder: readonly string[]): string[] {
  return [...inOrder, BASE_FEE].filter((service) => (days.get(service)?.[day - 1] ?? 0n) > 0n)
}

export function isSameDays(month: string, one: Days, other: Days): boolean {
  const services = new Set([...one.keys(), ...other.keys()])
  const text = (days: Days, service: string) => (days.get(service) ?? noDays(month)).join()
  return [...services].every((service) => text(one, service) === text(other, service))
}

/** For people: `seat 12 to 30 at 4.90`. */
export function describeDays(days: Days): string {
  const runs = [...days].flatMap(([service, own]) => {
    const begins = own.flatMap((micros, index) => (micros > 0n && micros !== own[index - 1] ? [index] : []))
    return begins.map((first) => {
      const end = own.findIndex((micros, index) => index > first && micros !== own[first])
      return `${service} ${first + 1} to ${end < 0 ? own.length : end} at ${units(own[first]!)}`
    })
  })
  return runs.join(', ') || 'nothing'
}

const accrued = (monthlyMicros: bigint, day: number, daysInMonth: number) =>
  (monthlyMicros * BigInt(day)) / BigInt(daysInMonth)
