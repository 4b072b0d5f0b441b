import type { AccountBooks } from './books.ts'
import { readAttributes } from './database.ts'
import { require } from './require.ts'

/** What so many units or seconds cost after those that were used before them; `isCounted` where that matters. */
export type SimulatedPrice = { isCounted: boolean; costOf(quantity: number, usedBefore: number): bigint }

/** What a unit costs, what it costs up to each bound of a month, or calls by their seconds. */
export type PriceTerms = string | readonly (readonly [upTo: number | null, unitAmount: string])[] | 'calls'

/** A minute is 0.60, the first half of it whole and then each tenth; and each call has its fee. */
export const CALLS = {
  kind: 'per_duration',
  per: 'minute',
  rate: '0.6',
  firstIntervalSeconds: 30,
  incrementSeconds: 6,
  connectionFee: '0.05',
}

/** What a call costs of so many seconds. */
export function costOfCall(seconds: number): bigint {
  if (seconds === 0) return 0n
  const tenths = Math.max(5, Math.ceil(seconds / 6))
  return 50_000n + 60_000n * BigInt(tenths)
}

export type PriceWish = { service: string; effectiveFrom: string; clientType?: string; terms: PriceTerms }

const microsOf = (amount: string) => {
  const [whole, fraction = ''] = amount.split('.') as [string, string?]
  return BigInt(whole + fraction.padEnd(6, '0'))
}

/** What each service has cost, and from when on: what staff have asked for and the database has taken. */
export class PriceBooks {
  private readonly wishes = new Map<string, PriceWish>()
  private readonly written = new Map<string, PriceWish>()

  /** Notes it; no two prices begin at the same instant, so that it never matters which was written last. */
  ask(asked: PriceWish): PriceWish {
    const wish = { ...asked }
    while (this.wishes.has(nameOf(wish)))
      wish.effectiveFrom = new Date(Date.parse(wish.effectiveFrom) + 1).toISOString()
    this.wishes.set(nameOf(wish), wish)
    return wish
  }

  isWritten(wish: PriceWish): boolean {
    return this.written.has(nameOf(wish))
  }

  /** The database has taken an item; prices are among them. */
  noteItem(body: string): void {
    const item = readAttributes((JSON.parse(body) as { Item: Record<string, unknown> }).Item)
    if (!String(item.pk).startsWith('PRICE#')) return
    const name = nameOf(item as PriceWish)
    const wish = this.wishes.get(name)
    require(wish !== undefined, () => `price ${name}: nobody has asked for it`)
    this.written.set(name, wish)
  }

  /** In force at an instant: the one that began last, and one for this type of clients before one for any. */
  inForce(service: string, clientType: string, at: string): SimulatedPrice | undefined {
    const begun = [...this.written.values()]
      .filter((wish) => wish.service === service && wish.effectiveFrom <= at)
      .toSorted((left, right) => (left.effectiveFrom < right.effectiveFrom ? -1 : 1))
    const own = begun.findLast((wish) => wish.clientType === clientType)
    const found = own ?? begun.findLast((wish) => wish.clientType === undefined)
    return found && priceOf(found.terms)
  }
}

function nameOf({ service, effectiveFrom, clientType = 'any' }: Omit<PriceWish, 'terms'>): string {
  return `${service} ${effectiveFrom} ${clientType}`
}

function priceOf(terms: PriceTerms): SimulatedPrice {
  if (terms === 'calls') return { isCounted: false, costOf: costOfCall }
  if (typeof terms === 'string')
    return { isCounted: false, costOf: (quantity) => microsOf(terms) * BigInt(quantity) }
  const unitMicros = (unit: number) => microsOf(terms.find(([upTo]) => upTo === null || unit <= upTo)![1])
  return {
    isCounted: true,
    // Unit for unit, each by the tier that it falls into.
    costOf: (quantity, usedBefore) =>
      Array.from({ length: quantity }, (_, index) => unitMicros(usedBefore + index + 1)).reduce(
        (sum, micros) => sum + micros,
        0n,
      ),
  }
}

/** What tiers have counted, per account, in the newest month that anything was counted in. */
export class CounterBooks {
  private readonly offsets = new Map<AccountBooks, number>()
  private readonly counters = new Map<AccountBooks, { month: string; used: Map<string, number> }>()

  addAccount(account: AccountBooks, offsetMilliseconds: number): void {
    this.offsets.set(account, offsetMilliseconds)
  }

  /** For what is decided at an instant: how much was used of a service in its month, and a way to count more. */
  open(account: AccountBooks, at: string) {
    const local = new Date(Date.parse(at) + this.offsets.get(account)!).toISOString().slice(0, 7)
    const before = this.counters.get(account)
    const isCurrent = before !== undefined && before.month >= local
    const { month, used } = isCurrent ? before : { month: local, used: new Map<string, number>() }
    return {
      used: (service: string) => used.get(service) ?? 0,
      count: (service: string, quantity: number) => {
        if (quantity === 0) return
        used.set(service, (used.get(service) ?? 0) + quantity)
        this.counters.set(account, { month, used })
      },
    }
  }
}
