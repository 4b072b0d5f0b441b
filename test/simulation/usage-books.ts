import type { Entry } from '../../functions/ledger/entry.ts'
import type { AccountBooks } from './books.ts'
import { require } from './require.ts'

/** What a unit of each service costs; telex has no price and is refused. */
export const PRICES: Record<string, string> = { sms: '0.75', fax: '0.333333', free: '0' }
const UNIT_MICROS: Record<string, bigint> = { sms: 750_000n, fax: 333_333n, free: 0n }
export const SERVICES = ['sms', 'fax', 'free', 'telex'] as const

export type Use = {
  source: string
  id: string
  account: AccountBooks
  service: string
  quantity: number
  at: string
  /** Its taker has said that it will be decided. */
  isAccepted: boolean
  /** The number of the entry that decided it. */
  decidedBy?: bigint
}

type Detail = { deductedCount: number; refusedCount: number; events: [string, string[]][] }

/** Every usage event that was ever sent, and what must become of it. */
export class UsageBooks {
  readonly uses: Use[] = []
  private readonly byIdentity = new Map<string, Use>()

  add(use: Use): void {
    this.uses.push(use)
    this.byIdentity.set(`${use.source} ${use.id}`, use)
  }

  /** Reckons an entry of usage by itself and holds the ledger to it: which events, each for the first time, and how much. */
  take(account: AccountBooks, entry: Entry): void {
    const where = `${account.name} #${entry.sequence}`
    const detail = JSON.parse(entry.detail) as Detail
    const uses = detail.events.flatMap(([source, ids]) =>
      ids.map((id) => this.decide(account, source, id, entry)),
    )
    const reckoned = reckon(uses, entry.availableBeforeMicros)
    const said = [-entry.amountMicros, detail.deductedCount, detail.refusedCount].join(', ')
    const expected = [
      reckoned.totalMicros,
      reckoned.deductedCount,
      uses.length - reckoned.deductedCount,
    ].join(', ')
    require(said === expected, () =>
      `${where}: micros, deducted, refused are ${said} and should be ${expected}`)
  }

  /** What was accepted and is not decided. */
  lost(): Use[] {
    return this.uses.filter(({ isAccepted, decidedBy }) => isAccepted && decidedBy === undefined)
  }

  private decide(account: AccountBooks, source: string, id: string, { sequence }: Entry): Use {
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

/** In the order of time, source and id: all that fit, from the first on; after one that does not, only what costs nothing. */
function reckon(uses: readonly Use[], availableMicros: bigint) {
  const ordered = uses.toSorted((left, right) => (orderOf(left) < orderOf(right) ? -1 : 1))
  let totalMicros = 0n
  let deductedCount = 0
  let hasRunOut = false
  for (const { service, quantity } of ordered) {
    const unitMicros = UNIT_MICROS[service]
    if (unitMicros === undefined) continue
    const costMicros = unitMicros * BigInt(quantity)
    if (costMicros > 0n && (hasRunOut || totalMicros + costMicros > availableMicros)) {
      hasRunOut = true
      continue
    }
    totalMicros += costMicros
    deductedCount += 1
  }
  return { totalMicros, deductedCount }
}

const orderOf = ({ at, source, id }: Use) => `${at} ${source} ${id}`
