import type { Entry } from '../../functions/ledger/entry.ts'
import type { AccountBooks } from './books.ts'
import { costOfCall } from './price-books.ts'
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
  /** Of a session that is measured in seconds. */
  use?: {
    session: string
    grantedSeconds: number
    /** How many seconds more were ever asked for. */
    asked: Set<number>
    /** A record of it was sent: it may not be released any more. */
    hasRecord: boolean
    /** What records say that were not charged, because the hold will be. */
    reconciledMicros: bigint
    isReconciled: boolean
  }
}

/** Calls are metered; a session is its account's. */
type Metered = { session: string; service: string; seconds: number }

type Detail = {
  holdId: string
  heldMicros: string
  expiresAt: string
  end?: HoldEnd
  session?: string
  granted?: string
}

/** Every hold, as its entries tell it: what it has set aside, and how it ended, once. */
export class HoldBooks {
  readonly holds: SimulatedHold[] = []
  /** By account and session, for how many seconds a hold was asked for. */
  private readonly sessions = new Map<string, number>()

  /** A name for a session that is to begin, and that no other has. */
  nameSession(account: AccountBooks, seconds: number): string {
    const session = `s${this.sessions.size + 1}`
    this.sessions.set(`${account.accountId} ${session}`, seconds)
    return session
  }

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
    if (hold.use) grant(where, hold, entry, Number(detail.granted))
    require(BigInt(detail.heldMicros) === hold.heldMicros, () =>
      `${where}: says it holds ${detail.heldMicros} micros, its entries ${hold.heldMicros}`)
  }

  /** One that is measured in seconds, counted back from the newest. */
  meteredHold(back: number): SimulatedHold | undefined {
    return this.holds.filter(({ use }) => use).at(-1 - back)
  }

  /** True where a session's hold pays for a record of it; it is taken note of, since the hold has to do so. */
  reconcile(account: AccountBooks, { session, service, seconds }: Metered): boolean {
    const hold = this.holds.find((each) => each.account === account && each.use?.session === session)
    if (!hold?.use || service !== 'call' || hold.end === 'released') return false
    const micros = costOfCall(seconds)
    if (hold.end === undefined && micros > hold.use.reconciledMicros) hold.use.reconciledMicros = micros
    hold.use.isReconciled = true
    return true
  }

  private begin(account: AccountBooks, { holdId, expiresAt, session }: Detail): SimulatedHold {
    const hold: SimulatedHold = {
      holdId,
      account,
      heldMicros: 0n,
      earliestExpiry: Date.parse(expiresAt),
      reportedMicros: new Set([0n]),
      captures: new Map(),
      releaseCount: 0,
      chargedMicros: 0n,
      ...(session !== undefined && { use: this.beginUse(account, session) }),
    }
    this.holds.push(hold)
    return hold
  }

  private beginUse(account: AccountBooks, session: string): SimulatedHold['use'] {
    const seconds = this.sessions.get(`${account.accountId} ${session}`)
    require(seconds !== undefined, () => `${account.name}: nobody has begun session ${session}`)
    return {
      session,
      grantedSeconds: 0,
      asked: new Set([seconds]),
      hasRecord: false,
      reconciledMicros: 0n,
      isReconciled: false,
    }
  }
}

/** A record of a session is sent: from now on its lease may charge what that says. */
export function noteRecord(hold: SimulatedHold, seconds: number): void {
  hold.reportedMicros.add(costOfCall(seconds))
  hold.use!.hasRecord = true
}

/** As much as was asked for and the credit covers, and all of that is held. */
function grant(where: string, { use, heldMicros }: SimulatedHold, entry: Entry, seconds: number): void {
  const before = use!.grantedSeconds
  const coveredMicros = entry.availableBeforeMicros + costOfCall(before)
  const isCovered = (each: number) => costOfCall(each) <= coveredMicros
  const isRight = [...use!.asked].some((more) =>
    seconds < before + more ? isCovered(seconds) && !isCovered(seconds + 1) : seconds === before + more,
  )
  require(isRight && seconds > before, () => `${where}: grants ${seconds} s after ${before} s`)
  require(heldMicros === costOfCall(seconds), () =>
    `${where}: grants ${seconds} s and holds ${units(heldMicros)}, not ${units(costOfCall(seconds))}`)
  use!.grantedSeconds = seconds
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
  if (how === 'released')
    require(!hold.use?.isReconciled, () => `${where}: is released, and its record was not charged`)
  if (how === 'expired') {
    const isOver = hold.earliestExpiry <= nowMilliseconds + FURTHEST_CLOCK_OFF_MILLISECONDS
    const isReported = [...hold.reportedMicros].some(
      (micros) => chargedMicros === micros || (chargedMicros === hold.heldMicros && micros > hold.heldMicros),
    )
    const recordedMicros = hold.use?.reconciledMicros ?? 0n
    require(chargedMicros >= recordedMicros || chargedMicros === hold.heldMicros, () =>
      `${where}: its lease charges ${charged}, its record says ${units(recordedMicros)}`)
    require(isOver, () => `${where}: its lease is not over`)
    require(isReported, () => `${where}: its lease charges ${charged}, which nobody has reported`)
  }
  hold.end = how
  hold.chargedMicros = chargedMicros
}
