import type { Entry } from '../../functions/ledger/entry.ts'
import type { AccountBooks } from './books.ts'
import { byExpiryAndGift } from './lot-books.ts'
import {
  type Charge,
  changedDays,
  type Days,
  daysOf,
  describeDays,
  isSameDays,
  type Month,
  microsOf,
  readDays,
  readLine,
  runningOn,
  stoppedDays,
  totalOf,
} from './month-books.ts'
import { isIdle, PlanDocuments, type PlanWish, type Standing, wishOf } from './plan-documents.ts'
import { BASE_FEE, type Fees, type PlanPriceBooks, SERVICES } from './plan-price-books.ts'
import { require, units } from './require.ts'

/** Zones that never change their clocks, so that a month's beginning can be reckoned in one's head. */
export const ZONES = [
  { timeZone: 'UTC', offsetMilliseconds: 0 },
  { timeZone: 'Asia/Tokyo', offsetMilliseconds: 9 * 3_600_000 },
  // Of the account that is parked now and then: it has a plan and credit, and nothing else.
  { timeZone: 'America/Phoenix', offsetMilliseconds: -7 * 3_600_000 },
] as const

/** In some episodes services stop soon, in others several months are owed before. */
export const graceDaysOf = (seed: number) => (seed % 2 === 0 ? 7 : 40)
const DAY_MILLISECONDS = 86_400_000
const FURTHEST_CLOCK_OFF_MILLISECONDS = 90_000

type Detail = {
  period: string
  planVersion: number
  lines: Parameters<typeof readLine>[0][]
  total?: string
  totalBefore?: string
  wasShort?: boolean
  services?: { service: string }[]
}
/** An entry of the plan, read. */
type Told = {
  entry: Entry
  detail: Detail
  where: string
  day: number
  standing: Standing
  fees: Fees
  days: Days
  totalMicros: bigint
  usableMicros: bigint
}

/** One account's months: which must be charged, once each and oldest first, for what ran on which of their days. */
export class PlanBooks {
  private readonly account: AccountBooks
  private readonly prices: PlanPriceBooks
  private readonly offsetMilliseconds: number
  private readonly graceDays: number
  private readonly asked: PlanWish[] = []
  private readonly wishes = new Map<string, PlanWish>()
  private readonly months = new Map<string, Month>()
  private readonly documents: PlanDocuments
  private mayCostNothing = false
  private earliestFirst?: string
  private latestFirst?: string
  /** What is set aside: only the plan may use it. */
  setAsideMicros = 0n
  /** At some time during this step a month was owed. */
  wasOwing = false
  /** At some time during this step the account was parked. */
  wasParked = false
  /** Something of the plan was entered in this step. */
  hasMoved = false

  constructor(
    account: AccountBooks,
    prices: PlanPriceBooks,
    { offsetMilliseconds, graceDays }: { offsetMilliseconds: number; graceDays: number },
  ) {
    this.account = account
    this.graceDays = graceDays
    this.documents = new PlanDocuments(account.accountId)
    this.prices = prices
    this.offsetMilliseconds = offsetMilliseconds
  }

  beginStep(): void {
    this.wasOwing = this.owed().length > 0
    this.wasParked = this.documents.status === 'parked'
    this.hasMoved = false
  }

  /** The database has written something of the account together; what it says is taken, somebody has asked for. */
  noteWrite(body: string): void {
    const standing = this.documents.noteWrite(body)
    if (this.documents.status === 'parked') this.wasParked = true
    if (!standing) return
    if (isIdle(standing)) this.mayCostNothing = true
    const newest = standing.terms.at(-1)
    const isAsked = this.asked.some((wish) => isSameWish(wish, newest?.wish ?? null))
    require(isAsked, () =>
      `${this.account.name}: nobody has asked for its plan from ${newest?.fromPeriod} on`)
  }

  /** Somebody asks for so much of the plan from the next month on. */
  choose(wish: PlanWish, nowMilliseconds: number): void {
    this.asked.push(wish)
    this.noteFirst(nextMonth(this.monthAt(nowMilliseconds - FURTHEST_CLOCK_OFF_MILLISECONDS)))
  }

  /** Somebody asks for it from now on, under a key. */
  ask(key: string, wish: PlanWish, nowMilliseconds: number): void {
    this.asked.push(wish)
    this.wishes.set(key, wish)
    if (wish === null) this.mayCostNothing = true
    this.noteFirst(this.monthAt(nowMilliseconds - FURTHEST_CLOCK_OFF_MILLISECONDS))
  }

  /** It is answered that somebody has a plan now, if not before. */
  confirm(nowMilliseconds: number): void {
    this.latestFirst ??= nextMonth(this.monthAt(nowMilliseconds + FURTHEST_CLOCK_OFF_MILLISECONDS))
  }

  take(entry: Entry, nowMilliseconds: number): void {
    const told = this.read(entry)
    const { period } = told.detail
    const newest = this.monthAt(nowMilliseconds + FURTHEST_CLOCK_OFF_MILLISECONDS)
    require(told.standing.status === 'open', () => `${told.where}: the account is ${told.standing.status}`)
    require(period <= newest, () => `${told.where}: it has not begun`)
    this.hasMoved = true
    if (entry.kind === 'plan_short') this.takeShort(told)
    else if (entry.kind === 'plan') this.takeCharge(told)
    else if (entry.kind === 'plan_stop') this.takeStop(told)
    else if (entry.kind === 'plan_resume') this.takeResumption(told)
    else this.takeChange(told)
    this.setAsideMicros += entry.heldAfterMicros - entry.heldBeforeMicros
    require(this.setAsideMicros >= 0n, () => `${told.where}: uses more than is set aside`)
    if (this.owed().length > 0) this.wasOwing = true
  }

  /** Something is set aside for the next charge, or comes back. */
  takeSetAside(entry: Entry): void {
    const where = `${this.account.name} #${entry.sequence}`
    const { wanted } = JSON.parse(entry.detail) as { wanted?: string }
    const before = this.setAsideMicros
    this.hasMoved = true
    this.setAsideMicros += entry.heldAfterMicros - entry.heldBeforeMicros
    const mostMicros = wanted === undefined ? before : microsOf(wanted)
    const isWithin = this.setAsideMicros >= 0n && this.setAsideMicros <= mostMicros
    require(isWithin, () => `${where}: sets ${units(this.setAsideMicros)} aside of ${units(mostMicros)}`)
  }

  /** What a change would come to now, with what it would charge (below zero: give back); undefined while it cannot be known. */
  foresee(
    wish: PlanWish,
    nowMilliseconds: number,
  ): { totalMicros: bigint; amountMicros: bigint } | undefined {
    const month = this.monthAt(nowMilliseconds)
    const before = this.months.get(month)
    if (!before?.version || this.isNearMidnight(nowMilliseconds)) return undefined
    const fees = this.prices.feesOf(
      `${this.account.name} ${month}`,
      month,
      this.beginningOf(month),
      before.version,
    )
    const days = changedDays(
      month,
      before.days,
      this.dayAt(nowMilliseconds),
      monthlyOf(wish, fees, this.documents.current),
    )
    const totalMicros = totalOf(month, days)
    const at = new Date(nowMilliseconds).toISOString()
    const { chargedMicros, givenBackMicros } = this.split(month, before, totalMicros, at)
    return { totalMicros, amountMicros: chargedMicros - givenBackMicros }
  }

  private read(entry: Entry): Told {
    const detail = JSON.parse(entry.detail) as Detail
    const { period, planVersion, lines, total } = detail
    const where = `${this.account.name} #${entry.sequence} for ${period}`
    const version = this.months.get(period)?.version || planVersion
    require(planVersion === version, () =>
      `${where}: goes by version ${planVersion} of the plan, before by ${version}`)
    // What ends before it was ever charged has no version, and no lines.
    const fees =
      version === 0 ? new Map() : this.prices.feesOf(where, period, this.beginningOf(period), version)
    const days = readDays(where, period, lines.map(readLine), fees)
    const totalMicros = totalOf(period, days)
    require(total === undefined || totalMicros === microsOf(total), () =>
      `${where}: says a total of ${total}, its lines come to ${units(totalMicros)}`)
    const standing = this.documents.beforeEntry(entry.sequence)
    const day = this.dayAt(Date.parse(entry.at))
    // What is set aside pays as what is available does.
    const usableMicros = entry.availableBeforeMicros + this.setAsideMicros
    return { entry, detail, where, day, standing, fees, days, totalMicros, usableMicros }
  }

  /** A month that is found short, or charged for the first time: whole, for what is taken in it and is not stopped. */
  private begin({ detail, where, standing, days, fees, totalMicros }: Told): Month {
    const { period, planVersion } = detail
    const expected = changedDays(period, new Map(), 0, monthlyOf(wishOf(standing, period), fees, standing))
    require(isSameDays(period, days, expected), () =>
      `${where}: is for ${describeDays(days)} and should be for ${describeDays(expected)}`)
    return { status: 'charged', version: planVersion, days, totalMicros, keptMicros: 0n, charges: [] }
  }

  private takeShort(told: Told): void {
    const { entry, detail, where, totalMicros, usableMicros } = told
    const { period } = detail
    require(!this.months.has(period), () => `${where}: it was decided before`)
    const needed = this.owedMicros(period) + totalMicros
    require(usableMicros < needed, () => `${where}: is called short of ${units(needed)} with enough credit`)
    const foundOn = Date.parse(entry.at) + this.offsetMilliseconds
    const graceEndsAt = (Math.floor(foundOn / DAY_MILLISECONDS) + this.graceDays) * DAY_MILLISECONDS
    this.months.set(period, {
      ...this.begin(told),
      status: 'short',
      graceEndsAt: graceEndsAt - this.offsetMilliseconds,
    })
  }

  private takeCharge(told: Told): void {
    const { entry, detail, where, days, totalMicros } = told
    const { period, wasShort = false } = detail
    const before = this.months.get(period)
    require(before?.status !== 'charged', () => `${where}: it was charged before`)
    require((before !== undefined) === wasShort, () => `${where}: says wrongly whether it was short`)
    require(this.owedMicros(period) === 0n, () => `${where}: an older month is still owed`)
    require(entry.amountMicros === -totalMicros, () => `${where}: is ${units(entry.amountMicros)}`)
    require(!before || isSameDays(period, days, before.days), () =>
      `${where}: is not for what was owed, ${describeDays(before!.days)}`)
    const charges = [chargeOf(entry, 1)]
    this.months.set(period, { ...(before ?? this.begin(told)), status: 'charged', charges })
  }

  private takeChange(told: Told): void {
    const { entry, detail, where, day, standing, days, fees, totalMicros } = told
    const { period } = detail
    const wish = this.wishes.get(entry.key)
    require(wish !== undefined, () => `${where}: nobody has asked for ${entry.key}`)
    const before = this.known(told)
    const expected = changedDays(period, before.days, day, monthlyOf(wish, fees, standing))
    require(isSameDays(period, days, expected), () =>
      `${where}: from day ${day} comes to ${describeDays(days)} and should to ${describeDays(expected)}`)
    require(!this.months.has(nextMonth(period)), () => `${where}: the month after it was decided before`)
    const isOwing = this.owed().length > 0
    require(!isOwing || totalMicros <= before.totalMicros, () => `${where}: takes more while a month is owed`)
    const { chargedMicros, givenBackMicros, keptMicros, given, charges } = this.split(
      period,
      before,
      totalMicros,
      entry.at,
    )
    require(entry.amountMicros === givenBackMicros - chargedMicros, () =>
      `${where}: is ${units(entry.amountMicros)} and should be ${units(givenBackMicros - chargedMicros)}`)
    for (const [sequence, micros] of given)
      this.account.undoneMicros.set(sequence, this.undoneOf(sequence) + micros)
    this.months.set(period, {
      ...{ ...before, version: detail.planVersion, days, totalMicros, keptMicros },
      charges: withCharge(charges, entry, day),
    })
    this.latestFirst ??= period
  }

  private takeStop(told: Told): void {
    const { entry, detail, where, day, standing, days, totalMicros, usableMicros } = told
    const { period } = detail
    const before = this.known(told)
    const ends = this.owed().flatMap(([, { graceEndsAt }]) => graceEndsAt ?? [])
    require(Math.min(...ends) <= Date.parse(entry.at), () => `${where}: stops services while there is grace`)
    const services = detail.services!.map(({ service }) => service)
    const running = runningOn(before.days, day, inStopOrder(standing))
    require(running.slice(0, services.length).join() === services.join(), () =>
      `${where}: stops ${services.join()} of ${running.join()}`)
    const after = (count: number) => stoppedDays(before.days, day, new Set(running.slice(0, count)))
    require(isSameDays(period, days, after(services.length)), () =>
      `${where}: comes to ${describeDays(days)} after a stop on day ${day}`)
    const owedWith = (micros: bigint) => this.owedMicros(period) + (before.status === 'short' ? micros : 0n)
    const isNeeded = owedWith(totalOf(period, after(services.length - 1))) > usableMicros
    const isEnough = owedWith(totalMicros) <= usableMicros || services.length === running.length
    require(services.length > 0 && isNeeded, () => `${where}: stops more than is needed`)
    require(isEnough, () => `${where}: stops too little`)
    require(entry.amountMicros === 0n, () => `${where}: moves ${units(entry.amountMicros)}`)
    const status = totalMicros === 0n ? 'charged' : before.status
    this.months.set(period, { ...before, days, totalMicros, status })
  }

  private takeResumption(told: Told): void {
    const { entry, detail, where, day, standing, days, fees, totalMicros } = told
    const { period } = detail
    const before = this.known(told)
    const services = detail.services!.map(({ service }) => service)
    const inOrder = standing.stopped.toReversed().filter((service) => services.includes(service))
    require(services.join() === inOrder.join(), () =>
      `${where}: resumes ${services.join()} of ${standing.stopped.join()}`)
    require(this.owed().length === 0, () => `${where}: resumes while a month is owed`)
    const monthly = monthlyOf(wishOf(standing, period), fees, { stopped: [] })
    const wanted = new Map([...monthly].filter(([service]) => services.includes(service)))
    const others = new Map([...before.days].filter(([service]) => !services.includes(service)))
    const own = new Map([...before.days].filter(([service]) => services.includes(service)))
    const expected = new Map([...others, ...changedDays(period, own, day, wanted)])
    require(isSameDays(period, days, expected), () =>
      `${where}: from day ${day} comes to ${describeDays(days)} and should to ${describeDays(expected)}`)
    const { chargedMicros, keptMicros, charges } = this.split(period, before, totalMicros, entry.at)
    require(entry.amountMicros === -chargedMicros, () =>
      `${where}: is ${units(entry.amountMicros)} and should be ${units(-chargedMicros)}`)
    this.months.set(period, {
      ...{ ...before, days, totalMicros, keptMicros },
      charges: withCharge(charges, entry, day),
    })
  }

  /** When all is done: every month since the first is decided, and none is owed that the credit would cover. */
  checkDone(nowMilliseconds: number): void {
    const { account, months, earliestFirst, latestFirst, mayCostNothing } = this
    require(this.documents.current.isFenced || this.setAsideMicros === 0n, () =>
      `${account.name}: ${units(this.setAsideMicros)} are set aside, and nobody wants it`)
    if (latestFirst === undefined) return
    const current = this.monthAt(nowMilliseconds)
    const first = [...months.keys()].toSorted()[0]
    if (latestFirst <= current)
      require(first !== undefined || mayCostNothing, () => `${account.name}: no month was ever charged`)
    if (first === undefined) return
    require(first >= earliestFirst! && (first <= latestFirst || mayCostNothing), () =>
      `${account.name}: the first month is ${first}, not one from ${earliestFirst} to ${latestFirst}`)
    for (let month = first; month <= current; month = nextMonth(month))
      require(months.has(month) || mayCostNothing, () =>
        `${account.name}: ${month} is due and was not decided`)
    const [owed] = this.owed()
    const usableMicros = account.availableMicros + this.setAsideMicros
    require(owed === undefined || owed[1].totalMicros > usableMicros, () =>
      `${account.name}: ${owed?.[0]} is owed, though ${units(usableMicros)} cover it`)
    const isGraceOver = this.owed().some(
      ([, { graceEndsAt = nowMilliseconds }]) => graceEndsAt < nowMilliseconds - DAY_MILLISECONDS,
    )
    const running = runningOn(
      months.get(current)?.days ?? new Map(),
      this.dayAt(nowMilliseconds),
      inStopOrder(this.documents.current),
    )
    require(!isGraceOver || running.length === 0, () =>
      `${account.name}: ${running.join()} run on, though ${owed?.[0]} is owed and its grace is over`)
  }

  /** What an entry changes in a month has to begin with what the month was. */
  private known({ detail, where }: Told): Month {
    const { period, planVersion, totalBefore = '0' } = detail
    const before = this.months.get(period) ?? {
      ...{ status: 'charged' as const, version: planVersion, days: new Map(), totalMicros: 0n },
      ...{ keptMicros: 0n, charges: [] },
    }
    require(microsOf(totalBefore) === before.totalMicros, () =>
      `${where}: says that it came to ${totalBefore}, it was ${units(before.totalMicros)}`)
    return before
  }

  /** Charges, gives back and keeps, newest charge first; of an expired one nothing is passed on to an older. */
  private split(period: string, before: Month, totalMicros: bigint, at: string) {
    const raised = totalMicros > before.totalMicros ? totalMicros - before.totalMicros : 0n
    const isLowered = before.status === 'charged' && totalMicros < before.totalMicros
    const lowered = isLowered ? before.totalMicros - totalMicros : 0n
    const given = new Map<bigint, bigint>()
    const fromKept = smaller(raised, before.keptMicros)
    const expired = before.charges.reduce((sum, { expiredMicros }) => sum + expiredMicros, 0n)
    const refunded = before.keptMicros - expired
    let restored = fromKept > refunded ? fromKept - refunded : 0n
    let leftMicros = lowered
    const daysToCome = BigInt(daysOf(period) - this.dayAt(Date.parse(at)))
    const shares = new Map<bigint, bigint>()
    for (const isForDaysToCome of [true, false])
      for (const charge of before.charges) {
        const { all } = this.leftOf(charge, at)
        const days = BigInt(daysOf(period) - charge.firstDay + 1)
        const toCome = (charge.micros * daysToCome + days - 1n) / days
        const own = all > charge.expiredMicros ? all - charge.expiredMicros : 0n
        const shared = shares.get(charge.sequence) ?? 0n
        const part = smaller(leftMicros, isForDaysToCome ? smaller(own, toCome) : own - shared)
        shares.set(charge.sequence, shared + part)
        leftMicros -= part
      }
    const charges = before.charges.map((charge) => {
      const part = shares.get(charge.sequence) ?? 0n
      const back = smaller(part, this.leftOf(charge, at).lasting)
      given.set(charge.sequence, back)
      return { ...charge, expiredMicros: charge.expiredMicros + part - back }
    })
    const givenBackMicros = [...given.values()].reduce((sum, micros) => sum + micros, 0n)
    // What expired first comes back first.
    const after = charges.toReversed().map((charge) => {
      const part = smaller(restored, charge.expiredMicros)
      restored -= part
      return { ...charge, expiredMicros: charge.expiredMicros - part }
    })
    const keptMicros = before.keptMicros - fromKept + lowered - givenBackMicros
    return {
      ...{ chargedMicros: raised - fromKept, givenBackMicros, keptMicros, given },
      charges: after.toReversed(),
    }
  }

  /** Lot by lot, the longest lasting first: what is left, and what of it is before the first lot that has expired. */
  private leftOf({ sequence, drawn }: Charge, at: string): { lasting: bigint; all: bigint } {
    let skippedMicros = this.undoneOf(sequence)
    let [lasting, all, isOver] = [0n, 0n, false]
    for (const { micros, expiresAt } of drawn) {
      const skipped = smaller(skippedMicros, micros)
      skippedMicros -= skipped
      all += micros - skipped
      if (skipped === micros) continue
      isOver ||= expiresAt !== undefined && expiresAt <= at
      if (!isOver) lasting += micros - skipped
    }
    return { lasting, all }
  }

  private undoneOf(sequence: bigint): bigint {
    return this.account.undoneMicros.get(sequence) ?? 0n
  }

  private owed(): [string, Month][] {
    return [...this.months].filter(([, { status }]) => status === 'short').toSorted()
  }

  private owedMicros(before: string): bigint {
    return this.owed()
      .filter(([month]) => month < before)
      .reduce((sum, [, { totalMicros }]) => sum + totalMicros, 0n)
  }

  private noteFirst(month: string): void {
    if (this.earliestFirst === undefined || month < this.earliestFirst) this.earliestFirst = month
  }

  private isNearMidnight(nowMilliseconds: number): boolean {
    const [before, after] = [-1, 1].map((sign) =>
      this.dayAt(nowMilliseconds + sign * 2 * FURTHEST_CLOCK_OFF_MILLISECONDS),
    )
    return before !== after
  }

  private beginningOf(month: string): string {
    return new Date(Date.parse(`${month}-01`) - this.offsetMilliseconds).toISOString()
  }

  private monthAt(milliseconds: number): string {
    return new Date(milliseconds + this.offsetMilliseconds).toISOString().slice(0, 7)
  }

  private dayAt(milliseconds: number): number {
    return new Date(milliseconds + this.offsetMilliseconds).getUTCDate()
  }
}

/** What a wish costs for a whole month, without what is stopped. */
function monthlyOf(wish: PlanWish, fees: Fees, { stopped }: Pick<Standing, 'stopped'>): Map<string, bigint> {
  if (wish === null || stopped.includes(BASE_FEE)) return new Map()
  const wanted = Object.entries({ ...wish, [BASE_FEE]: 1 })
  return new Map(
    wanted
      .filter(([service]) => !stopped.includes(service))
      .map(([service, quantity]) => [service, BigInt(quantity) * fees.get(service)!]),
  )
}

/** What nobody has ranked, the last of the plan's list first, then what the client has. */
function inStopOrder({ stopOrder }: Standing): string[] {
  return [...SERVICES.toReversed().filter((service) => !stopOrder.includes(service)), ...stopOrder]
}

const isSameWish = (one: PlanWish, other: PlanWish) =>
  one?.seat === other?.seat && one?.number === other?.number && (one === null) === (other === null)

const smaller = (one: bigint, other: bigint) => (one < other ? one : other)

function withCharge(charges: Charge[], entry: Entry, day: number): Charge[] {
  return entry.amountMicros < 0n ? [chargeOf(entry, day), ...charges] : charges
}

function chargeOf({ sequence, lots, amountMicros }: Entry, firstDay: number): Charge {
  const drawn = lots
    .map(({ changeMicros, heldMicros = 0n, ...lot }) => ({ ...lot, micros: -changeMicros - heldMicros }))
    .filter(({ micros }) => micros > 0n)
    .toSorted((one, other) => byExpiryAndGift(one, other) || Number(one.lot - other.lot))
    .toReversed()
  return { sequence, drawn, firstDay, micros: -amountMicros, expiredMicros: 0n }
}

function nextMonth(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7)
}
