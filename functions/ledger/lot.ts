/** Where credit came from. What was given is used up before what was bought. */
export const LOT_SOURCES = ['top_up', 'migration', 'goodwill', 'promotional', 'correction'] as const
export type LotSource = (typeof LOT_SOURCES)[number]

/** Gifts. A migration's credit was paid for before the change, and a correction puts right what was paid. */
const GIVEN: ReadonlySet<LotSource> = new Set(['goodwill', 'promotional'])

/** A part of an account's available credit. */
export type Lot = {
  /** Number of the entry that made it. */
  lot: bigint
  source: LotSource
  remainingMicros: bigint
  /** ISO instant from which on it cannot be used; absent: never. */
  expiresAt?: string
}

/** What an entry changes of a lot: its part of available credit, and its part of what holds set aside. */
export type LotChange = Omit<Lot, 'remainingMicros'> & { changeMicros: bigint; heldMicros?: bigint }

/** The lots that an account carries in HEAD; the others wait in items of their own. */
export type LotsInFront = { availableMicros: bigint; lots: readonly Lot[] }

/** Which lots are to be read. */
export type LotsWanted = {
  /** From behind this place in the order of use. */
  after?: string
  /** Asked for each lot in order, with those before it; the first that is not wanted ends the list. */
  isWanted?: (lot: Lot, before: readonly Lot[]) => boolean
}

/** HEAD carries so many lots, so that it stays under one kilobyte. */
export const MOST_LOTS_IN_HEAD = 8

/** One entry takes so many expired lots: with what is written for each they fit a transaction. */
const MOST_LOTS_EXPIRED = 40

/** The front lots do not suffice, and others wait behind them: they have to be brought into HEAD first. */
export class LotsBehindError extends Error {
  constructor() {
    super('lots that wait behind have to be brought into HEAD')
    this.name = 'LotsBehindError'
  }
}

export const isGiven = (source: LotSource) => GIVEN.has(source)

/** Sorts lots, as text, in their order of use: soonest expiry first, given before bought, then the older. */
export function orderOfUse({ expiresAt, source, lot }: Omit<Lot, 'remainingMicros'>): string {
  return `${expiresAt ?? '~'}#${isGiven(source) ? 0 : 1}#${lot.toString().padStart(12, '0')}`
}

/** What `orderOfUse` writes. */
export const ORDER_OF_USE = /^(?:\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z|~)#[01]#\d{12}$/

export function compareLots(left: Omit<Lot, 'remainingMicros'>, right: Omit<Lot, 'remainingMicros'>): number {
  const [one, other] = [orderOfUse(left), orderOfUse(right)]
  return one < other ? -1 : one > other ? 1 : 0
}

/** What is available beyond the lots in HEAD. */
export function behindMicros(head: LotsInFront): bigint {
  return head.availableMicros - sumOfLots(head.lots)
}

/** The first lots of HEAD that cannot be used any more at this instant, as many as one entry takes. */
export function expiredLots(head: LotsInFront, at: string): Lot[] {
  return head.lots
    .filter(({ expiresAt }) => expiresAt !== undefined && expiresAt <= at)
    .slice(0, MOST_LOTS_EXPIRED)
}

/** The lot that the next entry of an account makes. */
export function newLot(
  head: { sequence: bigint },
  source: LotSource,
  changeMicros: bigint,
  expiresAt?: string,
): LotChange[] {
  return [{ lot: head.sequence + 1n, source, changeMicros, ...(expiresAt !== undefined && { expiresAt }) }]
}

/**
 * Draws an amount from an account's lots in their order of use, or from one lot before the others. The changes are
 * negative and sum to it. Throws `LotsBehindError` when lots have to be brought into HEAD for it.
 */
export function drawLots(
  head: LotsInFront,
  amountMicros: bigint,
  first?: Omit<Lot, 'remainingMicros'>,
): LotChange[] {
  if (first && behindMicros(head) > 0n && mayBeBehind(head, first)) throw new LotsBehindError()
  const ordered = first ? head.lots.toSorted((left, right) => firstOf(first, left, right)) : head.lots
  const changes: LotChange[] = []
  let missingMicros = amountMicros
  for (const { remainingMicros, ...lot } of ordered) {
    if (missingMicros === 0n) break
    const drawnMicros = smaller(remainingMicros, missingMicros)
    changes.push({ ...lot, changeMicros: -drawnMicros })
    missingMicros -= drawnMicros
  }
  if (missingMicros > 0n) throw new LotsBehindError()
  return changes
}

/** What is left of one lot. Throws `LotsBehindError` when it may be one that has to be brought into HEAD. */
export function leftOf(head: LotsInFront, lot: Omit<Lot, 'remainingMicros'>): bigint {
  if (behindMicros(head) > 0n && mayBeBehind(head, lot)) throw new LotsBehindError()
  return head.lots.find((each) => each.lot === lot.lot)?.remainingMicros ?? 0n
}

/** Draws an amount from one lot alone, which must have that much left. */
export function drawFrom(
  head: LotsInFront,
  lot: Omit<Lot, 'remainingMicros'>,
  amountMicros: bigint,
): LotChange[] {
  if (leftOf(head, lot) < amountMicros) throw new Error(`lot ${lot.lot} has not that much left`)
  return drawLots(head, amountMicros, lot)
}

function firstOf(first: { lot: bigint }, left: Lot, right: Lot): number {
  return Number(right.lot === first.lot) - Number(left.lot === first.lot) || compareLots(left, right)
}

function mayBeBehind(head: LotsInFront, lot: Omit<Lot, 'remainingMicros'>): boolean {
  const last = head.lots.at(-1)
  return last === undefined || compareLots(lot, last) > 0
}

/** What an entry took out of the account for good, lot by lot, as positive amounts: what it charged, not what it held. */
export function drawnBy(entry: { lots: readonly LotChange[] }): LotChange[] {
  return entry.lots
    .map(({ changeMicros, heldMicros = 0n, ...lot }) => ({
      ...lot,
      changeMicros: -changeMicros - heldMicros,
    }))
    .filter(({ changeMicros }) => changeMicros > 0n)
}

/**
 * Gives an amount back to the lots that it was drawn from: to the one drawn last first, so that the longest usable comes
 * back. What was given back before went the same way, and this goes on where that ended.
 */
export function returnLots(
  drawn: readonly LotChange[],
  amountMicros: bigint,
  returnedMicros = 0n,
): LotChange[] {
  const changes: LotChange[] = []
  let [skipMicros, leftMicros] = [returnedMicros, amountMicros]
  for (const { changeMicros, ...lot } of drawn.toReversed()) {
    const skippedMicros = smaller(changeMicros, skipMicros)
    const backMicros = smaller(changeMicros - skippedMicros, leftMicros)
    if (backMicros > 0n) changes.push({ ...lot, changeMicros: backMicros })
    skipMicros -= skippedMicros
    leftMicros -= backMicros
  }
  if (leftMicros > 0n) throw new Error(`${leftMicros} micros more are to be given back than were drawn`)
  return changes
}

/**
 * The lots of HEAD after a posting, and what is to be added to the lots behind. All in front come before all behind in
 * the order of use, so that drawing from the front is drawing in order. At most `room` lots move behind; throws
 * `LotsBehindError` when more would have to be laid there.
 */
export function applyLotChanges(
  head: LotsInFront,
  changes: readonly LotChange[],
  room: number,
): { front: Lot[]; behind: Lot[] } {
  const front = new Map(head.lots.map((lot) => [lot.lot, lot]))
  const isAllInFront = behindMicros(head) === 0n
  const behind: Lot[] = []
  for (const { changeMicros, heldMicros, ...lot } of changes) {
    if (changeMicros === 0n) continue
    const remainingMicros = (front.get(lot.lot)?.remainingMicros ?? 0n) + changeMicros
    if (remainingMicros < 0n) throw new Error(`lot ${lot.lot} has not that much left`)
    if (!front.has(lot.lot) && !isAllInFront && mayBeBehind(head, lot))
      behind.push({ ...lot, remainingMicros })
    else if (remainingMicros === 0n) front.delete(lot.lot)
    else front.set(lot.lot, { ...lot, remainingMicros })
  }
  if (behind.length > Math.max(0, room)) throw new LotsBehindError()
  const lots = [...front.values()].sort(compareLots)
  const most = Math.max(MOST_LOTS_IN_HEAD, lots.length - Math.max(0, room - behind.length))
  return { front: lots.slice(0, most), behind: [...behind, ...lots.slice(most)] }
}

export function smaller(one: bigint, other: bigint): bigint {
  if (one < other) return one
  return other
}

export function sumOfLots(lots: readonly Lot[]): bigint {
  return lots.reduce((sum, { remainingMicros }) => sum + remainingMicros, 0n)
}

/** In HEAD a source is one letter: its place in the list of sources. */
const LETTERS = ['t', 'm', 'g', 'p', 'c']

/**
 * A lot as HEAD carries it: `<source's letter><entry>:<micros>` and, where it expires, `:<seconds since 1970>`, the numbers
 * to the base 36. Eight of them take a quarter of HEAD's kilobyte.
 */
export function packLot({ lot, source, remainingMicros, expiresAt }: Lot): string {
  const expiry = expiresAt === undefined ? '' : `:${(Date.parse(expiresAt) / 1000).toString(36)}`
  const letter = LETTERS[LOT_SOURCES.indexOf(source)]
  return `${letter}${lot.toString(36)}:${remainingMicros.toString(36)}${expiry}`
}

export function unpackLot(text: string): Lot {
  const [lot = '', remaining = '', expiry] = text.slice(1).split(':')
  return {
    lot: readBase36(lot),
    source: LOT_SOURCES[LETTERS.indexOf(text[0] ?? '')]!,
    remainingMicros: readBase36(remaining),
    ...(expiry !== undefined && { expiresAt: new Date(Number.parseInt(expiry, 36) * 1000).toISOString() }),
  }
}

function readBase36(text: string): bigint {
  return [...text].reduce((sum, digit) => sum * 36n + BigInt(Number.parseInt(digit, 36)), 0n)
}
