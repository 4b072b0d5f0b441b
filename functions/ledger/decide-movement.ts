import {
  AVAILABLE,
  type ContraAccount,
  type Entry,
  type EntryDraft,
  type EntryKind,
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
  sumOfLots,
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
/** What has been undone of an entry so far, by refunds or by its reversal; and what has expired of the credit that it gave. */
export type Undone = { undoneMicros: bigint; isReversed: boolean; expiredMicros: bigint }
export const NOTHING_UNDONE: Undone = { undoneMicros: 0n, isReversed: false, expiredMicros: 0n }

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

/** Nothing leaves an account that is parked or closed, and it begins nothing new. */
export function refuseUnavailable({ status }: Pick<Head, 'status'>): AccountUnavailable | undefined {
  if (status === 'open') return undefined
  return { ok: false, reason: status === 'closed' ? 'account_closed' : 'account_parked' }
}

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

/**
 * Corrections stay as they are, so does what a change of plan gave back, and credit that has expired would only expire again. A payment is undone at its provider
 * alone, by a refund to the card: else the credit would go and the money stay.
 */
const NOT_REVERSIBLE: ReadonlySet<EntryKind> = new Set<EntryKind>([
  'reversal',
  'refund',
  'expiry',
  'top_up',
  'top_up_refund',
  'top_up_refund_failed',
  'dispute',
  'dispute_won',
  'plan_credit',
])

/**
 * Undoes an entry with a new one that names it. What was charged goes back to the lots that it was drawn from. Credit is
 * taken out of its own lot first; what of it has expired is gone already, and only the rest is taken. Refuses when that
 * is spent, for entries that are corrections themselves or have nothing left to undo, and for one of which a part was
 * refunded. That `undone` is still so has to be a condition of the write.
 */
export function reverse(
  head: Head,
  entry: Entry,
  why: Pick<EntryDraft, 'reason' | 'actor'>,
  undone: Undone = NOTHING_UNDONE,
): { ok: true; draft: EntryDraft } | ReversalRefusal {
  const refusal = refuseAccount(head, entry.currency)
  if (refusal) return refusal
  const { undoneMicros, expiredMicros } = undone
  const amountMicros = entry.amountMicros - expiredMicros
  if (undone.isReversed) return { ok: false, reason: 'already_reversed' }
  if (NOT_REVERSIBLE.has(entry.kind) || amountMicros === 0n) return { ok: false, reason: 'not_reversible' }
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
  const detail = {
    reversedKind: entry.kind,
    reversedSequence: entry.sequence.toString(),
    ...(expiredMicros > 0n && { expiredMicros: expiredMicros.toString() }),
  }
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

/**
 * Takes what is left of expired lots, all in one entry: a gift goes back to who gave it, what was bought is the operator's
 * income.
 */
export function expire(lots: readonly Lot[]): EntryDraft {
  const byContra = Map.groupBy(lots, expiredInto)
  const lines = [...byContra].map(([account, own]) => ({ account, amountMicros: sumOfLots(own) }))
  return {
    kind: 'expiry',
    postings: [{ account: AVAILABLE, amountMicros: -sumOfLots(lots) }, ...lines],
    lots: lots.map(({ remainingMicros, ...lot }) => ({ ...lot, changeMicros: -remainingMicros })),
    reason: 'Credit that was not used in time',
    actor: 'system:ledger',
    detail: {
      lots: lots.map(({ lot, source, remainingMicros, expiresAt }) => ({
        lot: lot.toString(),
        source,
        amountMicros: remainingMicros.toString(),
        expiredAt: expiresAt,
      })),
    },
  }
}

function expiredInto({ source }: Lot): ContraAccount {
  return isGiven(source) ? `credit:${source}` : 'revenue:expired'
}

/**
 * The lines that bring an amount back to available credit from the operator's accounts of an entry, after so much as
 * was brought back before. When all is back, each account bears exactly what it had.
 */
export function mirror(entry: Entry, amountMicros: bigint, beforeMicros = 0n): PostingLine[] {
  const contras = entry.postings.filter(({ account }) => account !== AVAILABLE && account !== HELD)
  const before = shareOut(contras, -entry.amountMicros, beforeMicros)
  const after = shareOut(contras, -entry.amountMicros, beforeMicros + amountMicros)
  const lines = contras.map(({ account }, index) => ({
    account,
    amountMicros: before[index]! - after[index]!,
  }))
  return [{ account: AVAILABLE, amountMicros }, ...lines]
}

/**
 * What of an amount each line bears, in proportion to what it has of the whole. Split off line by line: its part of what the
 * lines before have left, rounded down. So the parts sum to the amount, each is the whole line when the amount is the
 * whole, and none shrinks as the amount grows: no part of a later refund has the wrong sign.
 */
function shareOut(lines: readonly PostingLine[], wholeMicros: bigint, amountMicros: bigint): bigint[] {
  let [leftMicros, leftOfWholeMicros] = [amountMicros, wholeMicros]
  return lines.map((line) => {
    const share = leftOfWholeMicros === 0n ? 0n : (leftMicros * line.amountMicros) / leftOfWholeMicros
    leftMicros -= share
    leftOfWholeMicros -= line.amountMicros
    return share
  })
}

function move(amountMicros: bigint, contra: ContraAccount): PostingLine[] {
  return [
    { account: AVAILABLE, amountMicros },
    { account: contra, amountMicros: -amountMicros },
  ]
}
