import { readAttributes } from './database.ts'
import { BASE_FEE } from './plan-price-books.ts'

/** What somebody asks for; null: the plan ends. */
export type PlanWish = { seat: number; number: number } | null

/** An account's plan as the database has it. */
export type Standing = {
  terms: { fromPeriod: string; wish: PlanWish }[]
  /** In the order in which they stopped. */
  stopped: readonly string[]
  stopOrder: readonly string[]
  /** Whether something of the next charge is set aside. */
  isFenced: boolean
  /** The account's. */
  status: string
}

const NOTHING: Standing = { terms: [], stopped: [], stopOrder: [], isFenced: false, status: 'open' }

type Raw = Record<string, unknown>
type Term = {
  fromPeriod: string
  isEnded?: true
  services: { service: 'seat' | 'number'; quantity: bigint }[]
}

/** What an account took, and what of it was stopped, whenever an entry was written. */
export class PlanDocuments {
  private readonly pk: string
  private readonly before = new Map<bigint, Standing>()
  private readonly taken = new Set<string>()
  current = NOTHING

  get status(): string {
    return this.current.status
  }

  constructor(accountId: string) {
    this.pk = `ACCOUNT#${accountId}`
  }

  /**
   * The database has written something of the account together. Gives back the plan, if it is among it. A write that is
   * sent again is answered as done and writes nothing, so it says nothing either.
   */
  noteWrite(body: string): Standing | undefined {
    const [, token] = /"ClientRequestToken":"([^"]+)"/.exec(body) ?? []
    if (token && this.taken.has(token)) return undefined
    if (token) this.taken.add(token)
    const [, sequence] = /"ENTRY#(\d+)"/.exec(body) ?? []
    if (sequence) this.before.set(BigInt(sequence), this.current)
    const [, status] = body.includes('"STATUS#') ? (/"status":\{"S":"(\w+)"\}/.exec(body) ?? []) : []
    if (status) this.current = { ...this.current, status }
    if (!body.includes('"S":"PLAN"')) return undefined
    const { TransactItems } = JSON.parse(body) as { TransactItems: { Put?: { Item: Raw } }[] }
    const items = TransactItems.flatMap(({ Put }) => (Put ? [readAttributes(Put.Item)] : []))
    const plan = items.find(({ pk, sk }) => pk === this.pk && sk === 'PLAN')
    if (!plan) return undefined
    this.current = { ...standingOf(plan), status: this.status }
    return this.current
  }

  /** As the plan was when an entry was decided. */
  beforeEntry(sequence: bigint): Standing {
    return this.before.get(sequence) ?? NOTHING
  }
}

/** What is taken in a month. */
export function wishOf({ terms }: Standing, month: string): PlanWish {
  return terms.findLast(({ fromPeriod }) => fromPeriod <= month)?.wish ?? null
}

/** Nothing runs, or will not one day: a month may cost nothing. */
export function isIdle({ terms, stopped }: Standing): boolean {
  return stopped.includes(BASE_FEE) || terms.some(({ wish }) => wish === null)
}

function standingOf(plan: Raw): Omit<Standing, 'status'> {
  const terms = (plan.terms as Term[]).map(({ fromPeriod, isEnded, services }) => {
    const quantityOf = (name: string) =>
      Number(services.find(({ service }) => service === name)?.quantity ?? 0n)
    return { fromPeriod, wish: isEnded ? null : { seat: quantityOf('seat'), number: quantityOf('number') } }
  })
  const stopped = (plan.stopped ?? []) as { service: string }[]
  return {
    terms,
    stopped: stopped.map(({ service }) => service),
    stopOrder: (plan.stopOrder ?? []) as string[],
    isFenced: plan.ringFence !== undefined,
  }
}
