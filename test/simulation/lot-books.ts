import type { Entry } from '../../functions/ledger/entry.ts'
import { require, units } from './require.ts'

type Lot = {
  source: string
  expiresAt?: string
  remainingMicros: bigint
  heldMicros: bigint
  /** By the entry that took it. */
  expired: { sequence: bigint; micros: bigint }[]
}

type OfUse = Pick<Lot, 'source' | 'expiresAt'>

const GIVEN = new Set(['goodwill', 'promotional'])
const FURTHEST_CLOCK_OFF_MILLISECONDS = 90_000
/** Kinds that draw credit in the order of use; what takes a payment back begins with the lot of that payment. */
const DRAWING = new Set([
  ...['charge', 'usage', 'hold', 'top_up_refund', 'dispute'],
  ...['plan', 'plan_change', 'plan_resume'],
])

/** The lots of one account, reckoned from its entries alone. */
export class LotBooks {
  private readonly lots = new Map<bigint, Lot>()
  /** The least that was left of a lot during this step, of those that have changed. */
  private readonly least = new Map<bigint, bigint>()

  /** Takes an entry's changes, after holding those that draw credit to the order of use. */
  take(where: string, entry: Entry, nowMilliseconds: number): void {
    const changes = entry.lots.filter(
      ({ changeMicros, heldMicros = 0n }) => changeMicros !== 0n || heldMicros !== 0n,
    )
    const available = entry.availableAfterMicros - entry.availableBeforeMicros
    const sum = changes.reduce((total, { changeMicros }) => total + changeMicros, 0n)
    const held = changes.reduce((total, { heldMicros = 0n }) => total + heldMicros, 0n)
    const heldChange = entry.heldAfterMicros - entry.heldBeforeMicros
    require(held === heldChange, () =>
      `${where}: its lots hold ${units(held)}, its balance ${units(heldChange)}`)
    require(sum === available, () =>
      `${where}: its lots change by ${units(sum)}, its balance by ${units(available)}`)
    if (DRAWING.has(entry.kind)) {
      // What was held before and is used now is drawn already.
      const drawn = changes.filter(({ changeMicros }) => changeMicros !== 0n)
      const said = drawn.map(({ lot, changeMicros }) => `${units(changeMicros)} of lot ${lot}`)
      const expected = this.draw(-available, entry.reverses)
      // What is used beside what was held stands with it, wherever that is.
      const isSame = said.toSorted().join() === expected.toSorted().join()
      require(isSame, () => `${where}: draws ${said}, in the order of use it would be ${expected}`)
    }
    for (const { lot, source, expiresAt, changeMicros, heldMicros = 0n } of changes) {
      const known = this.lots.get(lot) ?? {
        source,
        expiresAt,
        remainingMicros: 0n,
        heldMicros: 0n,
        expired: [],
      }
      const after = {
        ...known,
        remainingMicros: known.remainingMicros + changeMicros,
        heldMicros: known.heldMicros + heldMicros,
        expired:
          entry.kind === 'expiry'
            ? [...known.expired, { sequence: entry.sequence, micros: -changeMicros }]
            : known.expired,
      }
      require(known.source === source && known.expiresAt === expiresAt, () =>
        `${where}: lot ${lot} is another now`)
      require(after.remainingMicros >= 0n && after.heldMicros >= 0n, () =>
        `${where}: lot ${lot} has not that much`)
      this.lots.set(lot, after)
      const least = this.least.get(lot) ?? known.remainingMicros
      this.least.set(lot, least < after.remainingMicros ? least : after.remainingMicros)
      if (entry.kind !== 'expiry') continue
      const isDue =
        expiresAt !== undefined && Date.parse(expiresAt) <= nowMilliseconds + FURTHEST_CLOCK_OFF_MILLISECONDS
      require(isDue && after.remainingMicros === 0n, () => `${where}: lot ${lot} does not expire like this`)
    }
  }

  beginStep(): void {
    this.least.clear()
  }

  /** True when less than this was left of a lot at some time during the step. */
  wasBelow(lot: bigint, micros: bigint): boolean {
    return (this.least.get(lot) ?? this.lots.get(lot)?.remainingMicros ?? 0n) < micros
  }

  /** What had expired of the credit that an entry gave, by the time of a later one or by now. */
  expiredMicros(given: bigint, before?: bigint): bigint {
    return (this.lots.get(given)?.expired ?? [])
      .filter(({ sequence }) => before === undefined || sequence < before)
      .reduce((sum, { micros }) => sum + micros, 0n)
  }

  /** What is kept of the lots, in HEAD and behind it, has to be what the entries left. */
  compare(where: string, kept: ReadonlyMap<bigint, bigint>): void {
    for (const [lot, { remainingMicros }] of this.lots) {
      const micros = kept.get(lot) ?? 0n
      require(micros === remainingMicros, () =>
        `${where}: lot ${lot} has ${units(micros)}, its entries left ${units(remainingMicros)}`)
    }
    for (const lot of kept.keys())
      require(this.lots.has(lot), () => `${where}: lot ${lot} comes from no entry`)
  }

  /** When all is done, nothing is left of what has expired. */
  checkExpired(where: string, nowMilliseconds: number): void {
    for (const [lot, { expiresAt, remainingMicros }] of this.lots) {
      const hasExpired = expiresAt !== undefined && Date.parse(expiresAt) <= nowMilliseconds
      require(!hasExpired || remainingMicros === 0n, () =>
        `${where}: lot ${lot} has expired and still has credit`)
    }
  }

  private draw(amountMicros: bigint, first?: bigint): string[] {
    const drawn: string[] = []
    let missingMicros = amountMicros
    const inOrder = [...this.lots].sort(byUse)
    const isFirst = ([number]: [bigint, Lot]) => number === first
    for (const [number, { remainingMicros }] of [
      ...inOrder.filter(isFirst),
      ...inOrder.filter((lot) => !isFirst(lot)),
    ]) {
      if (missingMicros === 0n) break
      if (remainingMicros === 0n) continue
      const isEnough = remainingMicros >= missingMicros
      const part = isEnough ? missingMicros : remainingMicros
      drawn.push(`${units(-part)} of lot ${number}`)
      missingMicros -= part
    }
    return drawn
  }
}

/** Soonest expiry first, then what was given, then the older. */
function byUse([one, left]: [bigint, Lot], [other, right]: [bigint, Lot]): number {
  return byExpiryAndGift(left, right) || Number(one - other)
}

/** The order of use, of lots that came one after the other. */
export function byExpiryAndGift(left: OfUse, right: OfUse): number {
  const expiry = ({ expiresAt }: OfUse) =>
    expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt)
  if (expiry(left) !== expiry(right)) return expiry(left) < expiry(right) ? -1 : 1
  return Number(GIVEN.has(right.source)) - Number(GIVEN.has(left.source))
}
