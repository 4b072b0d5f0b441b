import {
  AVAILABLE,
  type ContraAccount,
  type Entry,
  type EntryDraft,
  type Head,
  type PostingLine,
} from './entry.ts'

export type InsufficientCredit = {
  ok: false
  reason: 'insufficient_credit'
  shortfallMicros: bigint
  availableMicros: bigint
}
export type WrongCurrency = { ok: false; reason: 'wrong_currency'; accountCurrency: string }
export type AccountUnavailable = { ok: false; reason: 'account_parked' | 'account_closed' }
export type MovementRefusal = InsufficientCredit | WrongCurrency | AccountUnavailable
export type ReversalRefusal = MovementRefusal | { ok: false; reason: 'not_reversible' }
export type MovementDecision = { ok: true; draft: EntryDraft } | MovementRefusal

/** A raise or a lowering of an account's available credit, against one account of the operator. */
export type Movement = Omit<EntryDraft, 'postings' | 'reverses'> & {
  amountMicros: bigint
  currency: string
  contra: ContraAccount
}

function refuseAccount(head: Head, currency: string): WrongCurrency | AccountUnavailable | undefined {
  if (head.status === 'closed') return { ok: false, reason: 'account_closed' }
  if (head.currency !== currency)
    return { ok: false, reason: 'wrong_currency', accountCurrency: head.currency }
  return undefined
}

/** Raises available credit. A parked account still takes credit: only what leaves it is stopped. */
export function credit(head: Head, movement: Movement): MovementDecision {
  const refusal = refuseAccount(head, movement.currency)
  if (refusal) return refusal
  const { amountMicros, contra, currency, ...draft } = movement
  if (amountMicros <= 0n) throw new Error('a credit is more than zero')
  return { ok: true, draft: { ...draft, postings: move(amountMicros, contra) } }
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
 * Undoes an entry with a new one that names it: the same lines with the other sign. Refuses when the credit that the
 * entry gave is spent, and for entries that are corrections themselves or moved nothing.
 */
export function reverse(
  head: Head,
  entry: Entry,
  why: Pick<EntryDraft, 'reason' | 'actor'>,
): { ok: true; draft: EntryDraft } | ReversalRefusal {
  const refusal = refuseAccount(head, entry.currency)
  if (refusal) return refusal
  if (entry.kind === 'reversal' || entry.amountMicros === 0n) return { ok: false, reason: 'not_reversible' }
  if (head.status === 'parked' && entry.amountMicros > 0n) return { ok: false, reason: 'account_parked' }
  if (head.availableMicros < entry.amountMicros) return insufficientCredit(head, entry.amountMicros)
  const postings = entry.postings.map((line) => ({ ...line, amountMicros: -line.amountMicros }))
  const detail = { reversedKind: entry.kind, reversedSequence: entry.sequence.toString() }
  return { ok: true, draft: { ...why, kind: 'reversal', postings, detail, reverses: entry.sequence } }
}

function move(amountMicros: bigint, contra: ContraAccount): PostingLine[] {
  return [
    { account: AVAILABLE, amountMicros },
    { account: contra, amountMicros: -amountMicros },
  ]
}
