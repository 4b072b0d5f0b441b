import { hasExpired } from './credit-at.ts'
import { addHeld, type HeldLot, sumOfHeld } from './decide-hold.ts'
import {
  type AccountUnavailable,
  debit,
  type Movement,
  type MovementRefusal,
  refuseUnavailable,
} from './decide-movement.ts'
import { AVAILABLE, type EntryDraft, HELD, type Head, linesThatMove } from './entry.ts'
import {
  behindMicros,
  compareLots,
  drawLots,
  type Lot,
  type LotChange,
  LotsBehindError,
  returnLots,
  smaller,
  sumOfLots,
} from './lot.ts'

/** One amount is set aside of so many lots at most: its document and the entry that charges it name each. */
export const MOST_LOTS_SET_ASIDE = 100

export type SetAsideDecision =
  | { ok: true; draft: EntryDraft; held: HeldLot[] }
  | AccountUnavailable
  | { ok: false; reason: 'nothing_to_move' }

/**
 * Brings what is set aside as near to an amount as the available credit allows, up or down. Only of lots that last beyond an
 * instant: of others nothing is taken, and what is held of them comes back, so that setting aside prolongs no credit. `held`
 * is what is set aside now, and what will be, in the order of use. It may take several postings: `nothing_to_move` when it is done.
 * Throws `LotsBehindError` when lots have to be brought into HEAD for it. On a parked or closed account nothing moves.
 */
export function setAside(
  head: Head,
  {
    held,
    targetMicros,
    lastingBeyond,
    ...said
  }: Pick<EntryDraft, 'reason' | 'actor' | 'detail'> & {
    held: readonly HeldLot[]
    targetMicros: bigint
    lastingBeyond: string
  },
): SetAsideDecision {
  const unavailable = refuseUnavailable(head)
  if (unavailable) return unavailable
  const lasting = held.filter((lot) => !hasExpired(lot, lastingBeyond))
  const missingMicros = targetMicros - sumOfHeld(lasting)
  const next =
    missingMicros >= 0n
      ? addHeld(lasting, drawLasting(head, missingMicros, lastingBeyond, lasting)).sort(compareLots)
      : lessen(lasting, returnLots(lasting, -missingMicros))
  const lots = difference(held, next)
  if (lots.length === 0) return { ok: false, reason: 'nothing_to_move' }
  const movedMicros = sumOfHeld(next) - sumOfHeld(held)
  const postings = linesThatMove([
    [AVAILABLE, -movedMicros],
    [HELD, movedMicros],
  ])
  return { ok: true, draft: { ...said, kind: 'ring_fence', postings, lots }, held: next }
}

/**
 * Takes an amount out of what is set aside first, in the order of use, and then of available credit, by one entry. `held` is
 * what is still set aside then. Refuses, with what is missing, only what both together do not cover: `availableMicros` of a refusal
 * counts both.
 */
export function debitSetAside(
  head: Head,
  movement: Movement,
  held: readonly HeldLot[],
): { ok: true; draft: EntryDraft; held: HeldLot[] } | MovementRefusal {
  const heldMicros = sumOfHeld(held)
  const decision = debit({ ...head, availableMicros: head.availableMicros + heldMicros }, movement)
  if (!decision.ok) return decision
  if (heldMicros === 0n) return { ...decision, held: [] }
  const fromHeldMicros = smaller(heldMicros, movement.amountMicros)
  const fromAvailableMicros = movement.amountMicros - fromHeldMicros
  const next = lessen(held, returnLots(held.toReversed(), fromHeldMicros))
  const used = held.map((lot) => {
    const left = next.find((each) => each.lot === lot.lot)?.changeMicros ?? 0n
    return { ...lot, changeMicros: 0n, heldMicros: left - lot.changeMicros }
  })
  // In the order of use, whatever was set aside: what lasts longest is given back first.
  const lots = together([
    ...used.filter(({ heldMicros: change }) => change !== 0n),
    ...drawLots(head, fromAvailableMicros),
  ]).sort(compareLots)
  const postings = linesThatMove([
    [AVAILABLE, -fromAvailableMicros],
    [HELD, -fromHeldMicros],
    [movement.contra, movement.amountMicros],
  ])
  return { ok: true, draft: { ...decision.draft, postings, lots }, held: next }
}

/** Draws up to an amount from lots in HEAD that last beyond an instant, as many as there is room for beside those held already. */
function drawLasting(
  head: Head,
  wantedMicros: bigint,
  lastingBeyond: string,
  held: readonly HeldLot[],
): HeldLot[] {
  if (wantedMicros === 0n) return []
  const fitting: Lot[] = []
  let room = MOST_LOTS_SET_ASIDE - held.length
  for (const lot of head.lots.filter((each) => !hasExpired(each, lastingBeyond))) {
    if (!held.some((each) => each.lot === lot.lot)) room -= 1
    if (room < 0) break
    fitting.push(lot)
  }
  // All in HEAD come before all behind, and those that last come last: there may be some behind.
  if (fitting.length === 0 && room >= 0 && behindMicros(head) > 0n) throw new LotsBehindError()
  const inFrontMicros = sumOfLots(fitting)
  const front = { availableMicros: inFrontMicros, lots: fitting }
  return drawLots(front, smaller(inFrontMicros, wantedMicros)).map(positive)
}

const positive = <Change extends LotChange>(change: Change) => ({
  ...change,
  changeMicros: -change.changeMicros,
})

/** What is left of held lots, without those of which nothing is. */
function lessen(held: readonly HeldLot[], taken: readonly LotChange[]): HeldLot[] {
  const by = new Map(taken.map(({ lot, changeMicros }) => [lot, changeMicros]))
  return held
    .map((lot) => ({ ...lot, changeMicros: lot.changeMicros - (by.get(lot.lot) ?? 0n) }))
    .filter(({ changeMicros }) => changeMicros > 0n)
}

/** What has to move between available and held so that those are held. */
function difference(before: readonly HeldLot[], after: readonly HeldLot[]): LotChange[] {
  return together([
    ...before.map(({ changeMicros, ...lot }) => ({ ...lot, changeMicros, heldMicros: -changeMicros })),
    ...after.map(({ changeMicros, ...lot }) => ({
      ...lot,
      changeMicros: -changeMicros,
      heldMicros: changeMicros,
    })),
  ]).filter(({ heldMicros }) => heldMicros !== 0n)
}

/** Each lot once. */
function together(changes: readonly LotChange[]): LotChange[] {
  const sum = new Map<bigint, LotChange>()
  for (const { changeMicros, heldMicros, ...lot } of changes) {
    const before = sum.get(lot.lot)
    const held = (before?.heldMicros ?? 0n) + (heldMicros ?? 0n)
    sum.set(lot.lot, {
      ...lot,
      changeMicros: (before?.changeMicros ?? 0n) + changeMicros,
      ...((held !== 0n || before?.heldMicros !== undefined || heldMicros !== undefined) && {
        heldMicros: held,
      }),
    })
  }
  return [...sum.values()]
}
