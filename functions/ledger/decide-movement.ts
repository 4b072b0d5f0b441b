import {
  AVAILABLE,
  type ContraAccount,
  type Entry,
  type EntryDraft,
  HELD,
  type Head,
  type PostingLine,
} from './entry.ts'
import {
  drawLots,
  drawnBy,
  isGiven,
  LOT_SOURCES,
  type Lot,
  type LotSource,
  newLot,
  returnLots,
} from './lot.ts'

export type InsufficientCredit = {
  ok: false
  reason: 'insufficient_credit'
  shortfallMicros: bigint
  availableMicros: bigint
}
export type WrongCurrency = { ok: false; reason: 'wrong_currency'; accountCurrency: string }
export type AccountUnavailable = { ok: false; reason: 'account_parked' | 'account_closed' }
export type MovementRefusal = InsufficientCredit | WrongCurrency | AccountUnavailable
/** What has been given back of an entry so far, by refunds or by its reversal. */
export type Undone = { undoneMicros: bigint; isReversed: boolean }
export const NOTHING_UNDONE: Undone = { undoneMicros: 0n, isReversed: false }

type AlreadyReversed = { ok: false; reason: 'already_reversed' }
export type ReversalRefusal =
  | MovementRefusal
  | AlreadyReversed
  | { ok: false; reason: 'not_reversible' }
  | { ok: false; reason: 'already_refunded'; refundedMicros: bigint; leftMicros: bigint }
export type RefundRefusal =
  | WrongCurrency
  | AccountUnavailable
  | AlreadyReversed
  | { ok: false; reason: 'not_refundable' }
  | { ok: false; reason: 'more_than_left'; chargedMicros: bigint; leftMicros: bigint }
export type MovementDecision = { ok: true; draft: EntryDraft } | MovementRefusal

/** A raise or a lowering of an account's available credit, against one account of the operator. */
export type Movement = Omit<EntryDraft, 'postings' | 'reverses' | 'lots'> & {
  amountMicros: bigint
  currency: string
  contra: ContraAccount
}

/** A raise is a lot of its own, which may expire. */
export type Raise = Movement & { expiresAt?: string }

function refuseAccount(head: Head, currency: string): WrongCurrency | AccountUnavailable | undefined {
  if (head.status === 'closed') return { ok: false, reason: 'account_closed' }
  if (head.currency !== currency)
    return { ok: false, reason: 'wrong_currency', accountCurrency: head.currency }
  return undefined
}

/** Raises available credit by a lot of its own. A parked account still takes credit: only what leaves it is stopped. */
export function credit(head: Head, raise: Raise): MovementDecision {
  const refusal = refuseAccount(head, raise.currency)
  if (refusal) return refusal
  const { amountMicros, contra, currency, expiresAt, ...draft } = raise
  if (amountMicros <= 0n) throw new Error('a credit is more than zero')
  const lots = newLot(head, lotSourceOf(contra), amountMicros, expiresAt)
  return { ok: true, draft: { ...draft, postings: move(amountMicros, contra), lots } }
}

/** A payment's credit is a top-up; other credit is named like the operator's account that bears it. */
function lotSourceOf(contra: ContraAccount): LotSource {
  if (contra.startsWith('cash:')) return 'top_up'
  return LOT_SOURCES.find((source) => contra === `credit:${source}`) ?? 'correction'
}

/** Lowers available credit, or refuses with the exact shortfall. Zero is a movement too: a free call has its line. */
export function debit(head: Head, movement: Movement): MovementDecision {
  const refusal = refuseAccount(head, movement.currency)
  if (refusal) return refusal
  if (head.status === 'parked') return { ok: false, reason: 'account_parked' }
  const { amountMicros, contra, currency, ...draft } = movement
  if (amountMicros < 0n) throw new Error('a debit is not less than zero')
  if (head.availableMicros < amountMicros) return insufficientCredit(head, amountMicros)
  return { ok: true, draft: { ...draft, postings: move(-amountMicros, contra) } }
}

function insufficientCredit(head: Head, neededMicros: bigint): InsufficientCredit {
  return {
    ok: false,
    reason: 'insufficient_credit',
    shortfallMicros: neededMicros - head.availableMicros,
    availableMicros: head.availableMicros,
  }
}

/** Corrections stay as they are, and credit that has expired would only expire again. */
const NOT_REVERSIBLE: ReadonlySet<string> = new Set(['reversal', 'refund', 'expiry'])

/**
 * Undoes an entry with a new one that names it. What was charged goes back to the lots that it was drawn from; credit is
 * taken out of its own lot first. Refuses when the credit that the entry gave is spent, for entries that are corrections
 * themselves or moved nothing, and for one of which a part was refunded. That `undone` is still so has to be a condition
 * of the write.
 */
export function reverse(
  head: Head,
  entry: Entry,
  why: Pick<EntryDraft, 'reason' | 'actor'>,
  undone: Undone = NOTHING_UNDONE,
): { ok: true; draft: EntryDraft } | ReversalRefusal {
  const refusal = refuseAccount(head, entry.currency)
  if (refusal) return refusal
  const { amountMicros } = entry
  if (NOT_REVERSIBLE.has(entry.kind) || amountMicros === 0n) return { ok: false, reason: 'not_reversible' }
  if (undone.isReversed) return { ok: false, reason: 'already_reversed' }
  const { undoneMicros } = undone
  if (undoneMicros > 0n) {
    const leftMicros = -amountMicros - undoneMicros
    return { ok: false, reason: 'already_refunded', refundedMicros: undoneMicros, leftMicros }
  }
  if (head.status === 'parked' && amountMicros > 0n) return { ok: false, reason: 'account_parked' }
  if (head.availableMicros < amountMicros) return insufficientCredit(head, amountMicros)
  const lots =
    amountMicros > 0n
      ? drawLots(head, amountMicros, entry.lots[0])
      : returnLots(drawnBy(entry), -amountMicros)
  const postings = mirror(entry, -amountMicros)
  const detail = { reversedKind: entry.kind, reversedSequence: entry.sequence.toString() }
  return { ok: true, draft: { ...why, kind: 'reversal', postings, lots, detail, reverses: entry.sequence } }
}

/**
 * Gives back a part of what an entry charged, or all of it, to the lots that it was drawn from: after any refunds that sum
 * to the charge, each lot has got back what it gave. That `undone` is still so has to be a condition of the write.
 */
export function refund(
  head: Head,
  entry: Entry,
  asked: { amountMicros: bigint; currency: string },
  why: Pick<EntryDraft, 'reason' | 'actor'>,
  undone: Undone = NOTHING_UNDONE,
): { ok: true; draft: EntryDraft } | RefundRefusal {
  const refusal = refuseAccount(head, asked.currency)
  if (refusal) return refusal
  if (NOT_REVERSIBLE.has(entry.kind) || entry.amountMicros >= 0n)
    return { ok: false, reason: 'not_refundable' }
  if (undone.isReversed) return { ok: false, reason: 'already_reversed' }
  const { amountMicros } = asked
  if (amountMicros <= 0n) throw new Error('a refund is more than zero')
  const chargedMicros = -entry.amountMicros
  const leftMicros = chargedMicros - undone.undoneMicros
  if (amountMicros > leftMicros) return { ok: false, reason: 'more_than_left', chargedMicros, leftMicros }
  const lots = returnLots(drawnBy(entry), amountMicros, undone.undoneMicros)
  const detail = { refundedKind: entry.kind, refundedSequence: entry.sequence.toString() }
  const postings = mirror(entry, amountMicros, undone.undoneMicros)
  return { ok: true, draft: { ...why, kind: 'refund', postings, lots, detail, reverses: entry.sequence } }
}

/** Takes what is left of an expired lot: a gift goes back to who gave it, what was bought is the operator's income. */
export function expire(lot: Lot): EntryDraft {
  const { remainingMicros, ...named } = lot
  const contra: ContraAccount = isGiven(lot.source) ? `credit:${lot.source}` : 'revenue:expired'
  return {
    kind: 'expiry',
    postings: move(-remainingMicros, contra),
    lots: [{ ...named, changeMicros: -remainingMicros }],
    reason: 'Credit that was not used in time',
    actor: 'system:ledger',
    detail: { lot: lot.lot.toString(), source: lot.source, expiredAt: lot.expiresAt },
  }
}

/**
 * The lines that bring an amount back to available credit from the operator's accounts of an entry, after so much as
 * was brought back before. Of all that is back, each account bears in proportion to what it had of the entry, rounded down
 * account by account, and the last one the rest: when all is back, each bears exactly what it had.
 */
function mirror(entry: Entry, amountMicros: bigint, beforeMicros = 0n): PostingLine[] {
  const contras = entry.postings.filter(({ account }) => account !== AVAILABLE && account !== HELD)
  const before = shareOut(contras, -entry.amountMicros, beforeMicros)
  const after = shareOut(contras, -entry.amountMicros, beforeMicros + amountMicros)
  const lines = contras.map(({ account }, index) => ({
    account,
    amountMicros: before[index]! - after[index]!,
  }))
  return [{ account: AVAILABLE, amountMicros }, ...lines]
}

function shareOut(lines: readonly PostingLine[], wholeMicros: bigint, amountMicros: bigint): bigint[] {
  const shares = lines.slice(0, -1).map((line) => (amountMicros * line.amountMicros) / wholeMicros)
  return [...shares, amountMicros - shares.reduce((sum, share) => sum + share, 0n)]
}

function move(amountMicros: bigint, contra: ContraAccount): PostingLine[] {
  return [
    { account: AVAILABLE, amountMicros },
    { account: contra, amountMicros: -amountMicros },
  ]
}
