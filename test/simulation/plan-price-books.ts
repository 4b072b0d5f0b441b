import { readAttributes } from './database.ts'
import { require } from './require.ts'

export const PLAN = { id: 'basic', name: 'Basic' }
/** In the order of the plan's list. */
export const SERVICES = ['seat', 'number'] as const
export const BASE_FEE = 'base-fee'
export type PlanFees = { baseFee: string; seat: string; number: string }
export const FIRST_FEES: PlanFees = { baseFee: '2.00', seat: '4.90', number: '1.333333' }

export type Fees = ReadonlyMap<string, bigint>
type Version = { version: number; effectiveFrom: string; fees: Fees }

/** What the plan has cost and will, as the database has taken it, and what each month went by. */
export class PlanPriceBooks {
  private readonly versions: Version[] = []
  /** Of each month, which version was in force by an account's beginning of it. */
  private readonly used = new Map<string, { begins: string; version: number }[]>()

  /** The database has written something; versions of the plan are among it. */
  noteWrite(body: string): void {
    if (!body.includes(`"PLAN#${PLAN.id}"`) || !body.includes('"V#')) return
    const { Item, TransactItems = [] } = JSON.parse(body) as Writes
    for (const raw of [Item, ...TransactItems.map(({ Put }) => Put?.Item)]) {
      const item = raw && readAttributes(raw)
      if (item?.pk !== `PLAN#${PLAN.id}` || !String(item.sk).startsWith('V#')) continue
      const services = item.services as { service: string; unitFeeMicros: bigint }[]
      const fees = new Map(services.map(({ service, unitFeeMicros }) => [service, unitFeeMicros]))
      fees.set(BASE_FEE, item.baseFeeMicros as bigint)
      const version = Number(item.version)
      if (this.versions.some((known) => known.version === version)) continue
      this.versions.push({ version, effectiveFrom: String(item.effectiveFrom), fees })
    }
  }

  /** The fees of a version that a month has gone by; all accounts have to go by what was known when it was first charged. */
  feesOf(where: string, month: string, begins: string, version: number): Fees {
    const found = this.versions.find((known) => known.version === version)
    require(found !== undefined, () => `${where}: version ${version} of the plan was never set`)
    const used = this.used.get(month) ?? []
    if (!used.some((one) => one.begins === begins && one.version === version)) used.push({ begins, version })
    this.used.set(month, used)
    const isPossible = this.versions.some(({ version: newest }) =>
      used.every((one) => this.inForce(newest, one.begins) === one.version),
    )
    require(isPossible, () =>
      `${where}: goes by version ${version} of the plan, others in this month by ${used.map((one) => one.version).join()}`)
    return found.fees
  }

  /** Of the versions up to the newest that was known, the one in force at an instant. */
  private inForce(newest: number, at: string): number | undefined {
    return this.versions
      .filter(({ version, effectiveFrom }) => version <= newest && effectiveFrom <= at)
      .toSorted((one, other) => (one.effectiveFrom < other.effectiveFrom ? -1 : one.version - other.version))
      .at(-1)?.version
  }
}

type Raw = Record<string, unknown>
type Writes = { Item?: Raw; TransactItems?: { Put?: { Item: Raw } }[] }
