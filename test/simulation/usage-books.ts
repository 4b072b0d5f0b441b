import type { Entry } from '../../functions/ledger/entry.ts'
import { unpackUsageDecisions } from '../../functions/usage/packed-usage.ts'
import type { AccountBooks } from './books.ts'
import type { HoldBooks } from './hold-books.ts'
import { CounterBooks, type PriceBooks, type PriceTerms } from './price-books.ts'
import { require } from './require.ts'

const SMS_TIERS = [
  [5, '0.75'],
  [12, '0.5'],
  [null, '0.1'],
] as const
/** What a unit of each service costs at first; telex has no price and is refused. */
export const PRICES: Record<string, PriceTerms> = {
  sms: SMS_TIERS,
  fax: '0.333333',
  free: '0',
  call: 'calls',
}
export const SERVICES = ['sms', 'fax', 'free', 'telex'] as const

export type Use = {
  source: string
  id: string
  /** For a source that numbers its events, per account. */
  number?: number
  account: AccountBooks
  service: string
  /** Of calls, the seconds. */
  quantity: number
  /** The session that it is the record of. */
  session?: string
  at: string
  /** Its taker has said that it will be decided. */
  isAccepted: boolean
  /** The number of the entry that decided it. */
  decidedBy?: bigint
}

type Detail = {
  deductedCount: number
  refusedCount: number
  reconciled?: { count: number }
  events: [string, string[]][]
}
type Identity = { source: string; id: string }

/** Every usage event that was ever sent, and what must become of it. */
export class UsageBooks {
  readonly uses: Use[] = []
  private readonly byIdentity = new Map<string, Use>()
  /** By account and source, the last number that was decided. */
  private readonly watermarks = new Map<string, number>()
  private readonly counters = new CounterBooks()
  private readonly prices: PriceBooks
  private readonly holds: HoldBooks

  constructor(prices: PriceBooks, holds: HoldBooks) {
    this.prices = prices
    this.holds = holds
  }

  addAccount(account: AccountBooks, offsetMilliseconds: number): void {
    this.counters.addAccount(account, offsetMilliseconds)
  }

  add(use: Use): void {
    this.uses.push(use)
    this.byIdentity.set(`${use.source} ${use.id}`, use)
  }

  /** Reckons an entry of usage by itself and holds the ledger to it: which events, each for the first time, and how much. */
  take(account: AccountBooks, entry: Entry): void {
    const where = `${account.name} #${entry.sequence}`
    const detail = JSON.parse(entry.detail) as Detail
    const numbered: Identity[] = unpackUsageDecisions(entry).map(({ event }) => event)
    const plain = detail.events.flatMap(([source, ids]) => ids.map((id) => ({ source, id })))
    require(numbered.length === 0 || plain.length === 0, () =>
      `${where}: decides numbered events and others together`)
    const uses = [...numbered, ...plain].map((identity) => this.decide(account, identity, entry))
    const ordered = numbered.length > 0 ? this.follow(account, uses) : inOrder(uses)
    const reckoned = this.reckon(account, entry, ordered)
    const { totalMicros, deductedCount, reconciledCount } = reckoned
    const { reconciled } = detail
    const said = [-entry.amountMicros, detail.deductedCount, detail.refusedCount, reconciled?.count ?? 0]
    const refusedCount = uses.length - deductedCount - reconciledCount
    const expected = [totalMicros, deductedCount, refusedCount, reconciledCount]
    require(said.join() === expected.join(), () =>
      `${where}: micros, deducted, refused, reconciled are ${said.join(', ')} and should be ${expected.join(', ')}`)
  }

  /** What was accepted and is not decided. */
  lost(): Use[] {
    return this.uses.filter(({ isAccepted, decidedBy }) => isAccepted && decidedBy === undefined)
  }

  /** The numbers of a source are decided one after the other and without a gap, whatever others are decided with them. */
  private follow(account: AccountBooks, uses: readonly Use[]): readonly Use[] {
    for (const { source, number } of uses) {
      const name = `${account.name} ${source}`
      const last = this.watermarks.get(name) ?? 0
      require(number === last + 1, () => `${name}: number ${number} is decided after ${last}`)
      this.watermarks.set(name, number)
    }
    return uses
  }

  /** All that fit, from the first on; after one that does not, only what costs nothing. */
  private reckon(account: AccountBooks, entry: Entry, uses: readonly Use[]) {
    const counters = this.counters.open(account, entry.at)
    let totalMicros = 0n
    let deductedCount = 0
    let reconciledCount = 0
    let hasRunOut = false
    for (const { service, quantity, session, at } of uses) {
      if (session !== undefined && this.holds.reconcile(account, { session, service, seconds: quantity })) {
        reconciledCount += 1
        continue
      }
      const price = this.prices.inForce(service, 'hosted', at)
      if (price === undefined) continue
      const costMicros = price.costOf(quantity, counters.used(service))
      if (costMicros > 0n && (hasRunOut || totalMicros + costMicros > entry.availableBeforeMicros)) {
        hasRunOut = true
        continue
      }
      totalMicros += costMicros
      deductedCount += 1
      if (price.isCounted) counters.count(service, quantity)
    }
    return { totalMicros, deductedCount, reconciledCount }
  }

  private decide(account: AccountBooks, { source, id }: Identity, { sequence }: Entry): Use {
    const name = `event ${source} ${id}`
    const use = this.byIdentity.get(`${source} ${id}`)
    require(use !== undefined, () => `${name}: nobody has sent it`)
    require(use.account === account, () =>
      `${name}: is ${use.account.name}'s, and decided for ${account.name}`)
    require(use.decidedBy === undefined, () =>
      `${name}: was decided in #${use.decidedBy}, and again in #${sequence}`)
    use.decidedBy = sequence
    return use
  }
}

const inOrder = (uses: readonly Use[]) =>
  uses.toSorted((left, right) => (orderOf(left) < orderOf(right) ? -1 : 1))

/** Without a number, the order is that of time, source and id. */
const orderOf = ({ at, source, id }: Use) => `${at} ${source} ${id}`
