import { beginningShown, dayShown } from './clocks.ts'

/** What an account takes: so many of each service of a plan; nothing where it has none. */
export type Wanted = { planId: string; quantities: Record<string, number> } | undefined

/** A plan's monthly fees in micros from an instant on, its base fee among them. */
export type ModelFees = { planId: string; effectiveFrom: string; fees: Record<string, bigint> }

const BASE_FEE = 'base-fee'

/**
 * What the months of an account must come to, reckoned day by day: on a day each service costs the dearest of what it began
 * with and what was chosen on it. Of a monthly amount a day is what has accrued by its end less what had by its beginning, each
 * rounded down to a micro. Choices have to come in the order of time.
 */
export class MonthModel {
  private readonly timeZone: string
  private readonly catalogue: readonly ModelFees[]
  /** From which day on something is taken; the newest last. */
  private running: { fromDay: string; wanted: Wanted }[] = []
  /** Of a day, what was chosen on it. */
  private readonly chosenOn = new Map<string, Wanted[]>()
  firstMonth?: string

  constructor(timeZone: string, catalogue: readonly ModelFees[]) {
    this.timeZone = timeZone
    this.catalogue = catalogue
  }

  /** What runs, or will, by the latest choice. */
  get latest(): Wanted {
    return this.running.at(-1)?.wanted
  }

  /** What runs at an instant by the latest choice for its month. */
  runningAt(at: number): Wanted {
    const today = this.dayOf(at)
    const chosen = this.chosenOn.get(today)
    return chosen ? chosen.at(-1) : this.wantedAtBeginning(today)
  }

  changeNow(at: number, wanted: Wanted): void {
    const today = this.dayOf(at)
    const month = today.slice(0, 7)
    // A plan that was chosen for the next month may begin today after all.
    if (this.firstMonth === undefined || month < this.firstMonth) this.firstMonth = month
    // What was chosen for a later month gives way.
    this.running = this.running.filter(({ fromDay }) => fromDay <= today)
    this.chosenOn.set(today, [...(this.chosenOn.get(today) ?? []), wanted])
    // The day itself is reckoned by all that was wanted on it.
    this.running.push({ fromDay: dayAfter(today), wanted })
  }

  chooseNext(at: number, wanted: Wanted): void {
    const month = monthAfter(this.dayOf(at).slice(0, 7))
    this.firstMonth ??= month
    this.running = this.running.filter(({ fromDay }) => fromDay < `${month}-01`)
    this.running.push({ fromDay: `${month}-01`, wanted })
  }

  monthOf(at: number): string {
    return this.dayOf(at).slice(0, 7)
  }

  /** What the whole month comes to, as it is known so far. */
  totalOf(month: string): bigint {
    const daysInMonth = daysOf(month)
    const fees = this.feesIn(month)
    let totalMicros = 0n
    for (let day = 1; day <= daysInMonth; day++) {
      for (const monthlyMicros of this.dearestOn(dateOf(month, day), fees).values())
        totalMicros += accrued(monthlyMicros, day, daysInMonth) - accrued(monthlyMicros, day - 1, daysInMonth)
    }
    return totalMicros
  }

  private dearestOn(date: string, fees: Map<string, Record<string, bigint>>): Map<string, bigint> {
    const dearest = new Map<string, bigint>()
    for (const wanted of [this.wantedAtBeginning(date), ...(this.chosenOn.get(date) ?? [])]) {
      if (!wanted) continue
      const planFees = fees.get(wanted.planId)!
      for (const [service, quantity] of Object.entries({ ...wanted.quantities, [BASE_FEE]: 1 })) {
        const monthlyMicros = BigInt(quantity) * planFees[service]!
        if (monthlyMicros > (dearest.get(service) ?? 0n)) dearest.set(service, monthlyMicros)
      }
    }
    return dearest
  }

  private wantedAtBeginning(day: string): Wanted {
    return this.running.findLast(({ fromDay }) => fromDay <= day)?.wanted
  }

  /** Of each plan, the fees in force at the month's first instant. */
  private feesIn(month: string): Map<string, Record<string, bigint>> {
    const begins = new Date(beginningShown(`${month}-01`, this.timeZone)).toISOString()
    const begun = this.catalogue.filter(({ effectiveFrom }) => effectiveFrom <= begins)
    return new Map(begun.map(({ planId, fees }) => [planId, fees]))
  }

  private dayOf(at: number): string {
    return dayShown(at, this.timeZone)
  }
}

const accrued = (monthlyMicros: bigint, day: number, daysInMonth: number) =>
  (monthlyMicros * BigInt(day)) / BigInt(daysInMonth)

export function daysOf(month: string): number {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, number, 0)).getUTCDate()
}

export function monthAfter(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, number, 1)).toISOString().slice(0, 7)
}

export const dateOf = (month: string, day: number) => `${month}-${String(day).padStart(2, '0')}`

function dayAfter(date: string): string {
  return new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10)
}
