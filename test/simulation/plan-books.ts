import type { Entry } from '../../functions/ledger/entry.ts'
import { readMonthDetail } from '../../functions/plans/month-entry.ts'
import type { AccountBooks } from './books.ts'
import { require, units } from './require.ts'

export const PLAN = { id: 'basic', baseFee: '2.00', seatFee: '4.90' }
const BASE_FEE_MICROS = 2_000_000n
const SEAT_FEE_MICROS = 4_900_000n
/** Zones that never change their clocks, so that a month's beginning can be reckoned in one's head. */
export const ZONES = [
  { timeZone: 'UTC', offsetMilliseconds: 0 },
  { timeZone: 'Asia/Tokyo', offsetMilliseconds: 9 * 3_600_000 },
] as const

const FURTHEST_CLOCK_OFF_MILLISECONDS = 90_000

type Month = { status: 'charged' | 'short'; totalMicros: bigint }

/** One account's months: which must be charged, once each and oldest first. */
export class PlanBooks {
  private readonly account: AccountBooks
  private readonly offsetMilliseconds: number
  private readonly seats = new Set<number>()
  private readonly months = new Map<string, Month>()
  private earliestFirst?: string
  private latestFirst?: string

  constructor(account: AccountBooks, offsetMilliseconds: number) {
    this.account = account
    this.offsetMilliseconds = offsetMilliseconds
  }

  /** Somebody asks for so many seats. */
  choose(seats: number, nowMilliseconds: number): void {
    this.seats.add(seats)
    this.earliestFirst ??= nextMonth(this.monthAt(nowMilliseconds - FURTHEST_CLOCK_OFF_MILLISECONDS))
  }

  /** It is answered that somebody has a plan now, if not before. */
  confirm(nowMilliseconds: number): void {
    this.latestFirst ??= nextMonth(this.monthAt(nowMilliseconds + FURTHEST_CLOCK_OFF_MILLISECONDS))
  }

  take(entry: Entry, nowMilliseconds: number): void {
    const { period, lines } = readMonthDetail(entry)
    const where = `${this.account.name} #${entry.sequence} for ${period}`
    const seats = Number(lines.find(({ service }) => service === 'seat')?.quantity ?? 0)
    const totalMicros = BASE_FEE_MICROS + SEAT_FEE_MICROS * BigInt(seats)
    const before = this.months.get(period)
    const owedBefore = [...this.months].filter(([month, { status }]) => status === 'short' && month < period)
    const owedMicros = owedBefore.reduce((sum, [, month]) => sum + month.totalMicros, 0n)
    const newest = this.monthAt(nowMilliseconds + FURTHEST_CLOCK_OFF_MILLISECONDS)
    require(this.seats.has(seats), () => `${where}: nobody has asked for ${seats} seats`)
    require(period <= newest, () => `${where}: it has not begun`)
    require(before?.status !== 'charged', () => `${where}: it was charged before`)
    if (entry.kind === 'plan_short') {
      require(before === undefined, () => `${where}: it was found short before`)
      const needed = owedMicros + totalMicros
      require(entry.availableBeforeMicros < needed, () =>
        `${where}: is called short of ${units(needed)} with enough credit`)
      this.months.set(period, { status: 'short', totalMicros })
      return
    }
    require(owedMicros === 0n, () => `${where}: an older month is still owed`)
    require(entry.amountMicros === -(before?.totalMicros ?? totalMicros), () =>
      `${where}: is ${units(entry.amountMicros)}`)
    this.months.set(period, { status: 'charged', totalMicros })
  }

  /** When all is done: every month since the first is decided, and none is owed that the credit would cover. */
  checkDone(nowMilliseconds: number): void {
    const { account, months, earliestFirst, latestFirst } = this
    if (latestFirst === undefined) return
    const current = this.monthAt(nowMilliseconds)
    const first = [...months.keys()].toSorted()[0]
    if (latestFirst <= current)
      require(first !== undefined, () => `${account.name}: no month was ever charged`)
    if (first === undefined) return
    require(first >= earliestFirst! && first <= latestFirst, () =>
      `${account.name}: the first month is ${first}, not one from ${earliestFirst} to ${latestFirst}`)
    for (let month = first; month <= current; month = nextMonth(month))
      require(months.has(month), () => `${account.name}: ${month} is due and was not decided`)
    const [owed] = [...months].filter(([, { status }]) => status === 'short').toSorted()
    require(owed === undefined || owed[1].totalMicros > account.availableMicros, () =>
      `${account.name}: ${owed?.[0]} is owed, though ${units(account.availableMicros)} cover it`)
  }

  private monthAt(milliseconds: number): string {
    return new Date(milliseconds + this.offsetMilliseconds).toISOString().slice(0, 7)
  }
}

function nextMonth(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7)
}
