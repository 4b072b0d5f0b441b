import type { Entry } from '../../functions/ledger/entry.ts'
import type { AccountBooks } from './books.ts'
import { require, units } from './require.ts'

const FURTHEST_CLOCK_OFF_MILLISECONDS = 90_000

export type HoldEnd = 'captured' | 'released' | 'expired'

export type SimulatedHold = {
  holdId: string
  account: AccountBooks
  heldMicros: bigint
  /** The earliest instant at which its lease may be over. */
  earliestExpiry: number
  /** What was ever reported of it. */
  reportedMicros: Set<bigint>
  /** By amount, how many captures were sent and not refused. */
  captures: Map<bigint, number>
  releaseCount: number
  end?: HoldEnd
  chargedMicros: bigint
}

type Detail = { holdId: string; heldMicros: string; expiresAt: string; end?: HoldEnd }

/** Every hold, as its entries tell it: what it has set aside, and how it ended, once. */
export class HoldBooks {
  readonly holds: SimulatedHold[] = []

  take(account: AccountBooks, entry: Entry, nowMilliseconds: number): void {
    const detail = JSON.parse(entry.detail) as Detail
    const where = `${account.name} #${entry.sequence} of ${detail.holdId}`
    const known = this.holds.find(({ holdId }) => holdId === detail.holdId)
    const heldMicros = entry.heldAfterMicros - entry.heldBeforeMicros
    require(known?.end === undefined, () => `${where}: the hold was ${known?.end} before`)
    if (entry.kind !== 'hold') {
      require(known !== undefined, () => `${where}: there is no such hold`)
      end(where, known, detail, { heldMicros, chargedMicros: -entry.amountMicros, nowMilliseconds })
      return
    }
    const hold = known ?? this.begin(account, detail)
    hold.heldMicros += heldMicros
    require(BigInt(detail.heldMicros) === hold.heldMicros, () =>
      `${where}: says it holds ${detail.heldMicros} micros, its entries ${hold.heldMicros}`)
  }

  private begin(account: AccountBooks, { holdId, expiresAt }: Detail): SimulatedHold {
    const hold: SimulatedHold = {
      holdId,
      account,
      heldMicros: 0n,
      earliestExpiry: Date.parse(expiresAt),
      reportedMicros: new Set([0n]),
      captures: new Map(),
      releaseCount: 0,
      chargedMicros: 0n,
    }
    this.holds.push(hold)
    return hold
  }
}

function end(
  where: string,
  hold: SimulatedHold,
  detail: Detail,
  moved: { heldMicros: bigint; chargedMicros: bigint; nowMilliseconds: number },
): void {
  const { heldMicros, chargedMicros, nowMilliseconds } = moved
  const how = detail.end!
  const charged = units(chargedMicros)
  require(heldMicros === -hold.heldMicros, () =>
    `${where}: frees ${units(-heldMicros)} of the ${units(hold.heldMicros)} that it holds`)
  if (how === 'captured')
    require((hold.captures.get(chargedMicros) ?? 0) > 0, () => `${where}: nobody has captured ${charged}`)
  if (how === 'released')
    require(hold.releaseCount > 0 && chargedMicros === 0n, () => `${where}: nobody has released it`)
  if (how === 'expired') {
    const isOver = hold.earliestExpiry <= nowMilliseconds + FURTHEST_CLOCK_OFF_MILLISECONDS
    const isReported = [...hold.reportedMicros].some(
      (micros) => chargedMicros === micros || (chargedMicros === hold.heldMicros && micros > hold.heldMicros),
    )
    require(isOver, () => `${where}: its lease is not over`)
    require(isReported, () => `${where}: its lease charges ${charged}, which nobody has reported`)
  }
  hold.end = how
  hold.chargedMicros = chargedMicros
}
