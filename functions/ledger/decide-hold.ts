import { type InsufficientCredit, type MovementRefusal, refuseUnavailable } from './decide-movement.ts'
import { AVAILABLE, type ContraAccount, type EntryDraft, HELD, type Head, type PostingLine } from './entry.ts'
import { drawLots, type LotChange, returnLots } from './lot.ts'

/** A part of available credit that is set aside, or what becomes of it. */
type Said = Pick<EntryDraft, 'reason' | 'actor' | 'detail' | 'termsVersion' | 'counters'>

export type AccountClosed = { ok: false; reason: 'account_closed' }
export type HoldRefusal = Exclude<MovementRefusal, { reason: 'wrong_currency' }>

/** What a hold has of which lots, as positive amounts, in the order in which they were drawn. */
export type HeldLot = Pick<LotChange, 'lot' | 'source' | 'expiresAt' | 'changeMicros'>

/** Sets available credit aside, or refuses with the exact shortfall. Nothing leaves the account, but a parked or closed one begins nothing new. */
export function hold(
  head: Head,
  { amountMicros, ...said }: Said & { amountMicros: bigint },
): { ok: true; draft: EntryDraft; drawn: HeldLot[] } | HoldRefusal {
  if (amountMicros < 0n) throw new Error('a hold is not less than zero')
  const unavailable = refuseUnavailable(head)
  if (unavailable) return unavailable
  if (head.availableMicros < amountMicros) return insufficient(head, amountMicros)
  const changes = drawLots(head, amountMicros)
  const lots = changes.map((change) => ({ ...change, heldMicros: -change.changeMicros }))
  const drawn = changes.map((change) => ({ ...change, changeMicros: -change.changeMicros }))
  return { ok: true, draft: { ...said, kind: 'hold', postings: move(-amountMicros), lots }, drawn }
}

function insufficient(head: Head, neededMicros: bigint): InsufficientCredit {
  const { availableMicros } = head
  return {
    ok: false,
    reason: 'insufficient_credit',
    shortfallMicros: neededMicros - availableMicros,
    availableMicros,
  }
}

/**
 * Ends a hold: takes a part of what it holds, or all or nothing of it, and gives the rest back to the lots that it was drawn
 * from, to the one drawn last first. A parked account keeps what it promised before: only a closed one refuses.
 */
export function endHold(
  head: Head,
  ending: Said & {
    kind: 'capture' | 'release'
    held: readonly HeldLot[]
    capturedMicros: bigint
    contra: ContraAccount
  },
): { ok: true; draft: EntryDraft } | AccountClosed {
  if (head.status === 'closed') return { ok: false, reason: 'account_closed' }
  const { held, capturedMicros, contra, ...said } = ending
  const heldMicros = sumOfHeld(held)
  if (capturedMicros < 0n || capturedMicros > heldMicros) throw new Error('a capture is within what is held')
  const backMicros = heldMicros - capturedMicros
  const back = new Map(returnLots(held, backMicros).map(({ lot, changeMicros }) => [lot, changeMicros]))
  const lots = held.map(({ changeMicros, ...lot }) => ({
    ...lot,
    changeMicros: back.get(lot.lot) ?? 0n,
    heldMicros: -changeMicros,
  }))
  const postings: PostingLine[] = [
    { account: AVAILABLE, amountMicros: backMicros },
    { account: HELD, amountMicros: -heldMicros },
    { account: contra, amountMicros: capturedMicros },
  ]
  const moved = postings.filter(({ account, amountMicros }) => account !== contra || amountMicros > 0n)
  return { ok: true, draft: { ...said, postings: moved, lots } }
}

/** Adds what was drawn to what a hold has already: each lot once. */
export function addHeld(held: readonly HeldLot[], drawn: readonly HeldLot[]): HeldLot[] {
  const sum = new Map(held.map((lot) => [lot.lot, lot]))
  for (const lot of drawn)
    sum.set(lot.lot, { ...lot, changeMicros: lot.changeMicros + (sum.get(lot.lot)?.changeMicros ?? 0n) })
  return [...sum.values()]
}

export function sumOfHeld(held: readonly HeldLot[]): bigint {
  return held.reduce((sum, { changeMicros }) => sum + changeMicros, 0n)
}

function move(availableMicros: bigint): PostingLine[] {
  return [
    { account: AVAILABLE, amountMicros: availableMicros },
    { account: HELD, amountMicros: -availableMicros },
  ]
}
