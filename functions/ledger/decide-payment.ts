import {
  type AccountUnavailable,
  type MovementRefusal,
  type Raise,
  refuseUnavailable,
  type WrongCurrency,
} from './decide-movement.ts'
import {
  AVAILABLE,
  type ContraAccount,
  type Entry,
  type EntryDraft,
  type EntryKind,
  type Head,
  linesThatMove,
  type PostingLine,
  RECEIVABLE,
} from './entry.ts'
import { drawFrom, drawLots, drawnBy, leftOf, newLot, returnLots, smaller } from './lot.ts'

type Said = Pick<EntryDraft, 'reason' | 'actor' | 'detail' | 'termsVersion'>
export type PaymentDecision = { ok: true; draft: EntryDraft }
export type MoreThanUnspent = { ok: false; reason: 'more_than_unspent'; unspentMicros: bigint }

/**
 * A payment: it pays what the account owes first, and only the rest raises available credit, by a lot of its own. A parked
 * account still takes payments, a closed one none.
 */
export function payIn(head: Head, raise: Omit<Raise, 'expiresAt'>): PaymentDecision | MovementRefusal {
  const { amountMicros, contra, currency, ...said } = raise
  if (amountMicros <= 0n) throw new Error('a payment is more than zero')
  if (head.status === 'closed') return { ok: false, reason: 'account_closed' }
  const refusal = refuseCurrency(head, currency)
  if (refusal) return refusal
  const owedMicros = smaller(amountMicros, head.receivableMicros)
  const restMicros = amountMicros - owedMicros
  return {
    ok: true,
    draft: {
      ...said,
      detail: { ...said.detail, ...(owedMicros > 0n && { paidOwedMicros: owedMicros.toString() }) },
      postings: linesOf(restMicros, [
        [contra, -amountMicros],
        [RECEIVABLE, owedMicros],
      ]),
      lots: restMicros > 0n ? newLot(head, 'top_up', restMicros) : [],
    },
  }
}

/**
 * Takes a part of a payment out of available credit to go back to its card: only of what is unspent in the payment's own
 * lot, so that no other credit becomes money. Throws `LotsBehindError` when that lot has to be brought into HEAD for it.
 */
export function refundToCard(
  head: Head,
  payment: Entry,
  { amountMicros, contra, ...said }: Said & { amountMicros: bigint; contra: ContraAccount },
): PaymentDecision | AccountUnavailable | MoreThanUnspent {
  if (amountMicros <= 0n) throw new Error('a refund is more than zero')
  const unavailable = refuseUnavailable(head)
  if (unavailable) return unavailable
  const lot = payment.lots[0]
  const unspentMicros = lot ? leftOf(head, lot) : 0n
  if (!lot || amountMicros > unspentMicros) return { ok: false, reason: 'more_than_unspent', unspentMicros }
  return {
    ok: true,
    draft: {
      ...said,
      kind: 'top_up_refund',
      reverses: payment.sequence,
      postings: linesOf(-amountMicros, [[contra, amountMicros]]),
      lots: drawFrom(head, lot, amountMicros),
    },
  }
}

/**
 * A payment is taken back by the provider, in part or whole, whether or not its credit is still there: what is available
 * goes, the payment's own lot first, and the client owes the rest. Of an account that is parked or closed nothing is
 * taken: all of it is owed. It is never refused, because the money is gone already.
 */
export function takeBack(
  head: Head,
  payment: Pick<Entry, 'sequence' | 'lots'>,
  taken: Said & { kind: EntryKind; amountMicros: bigint; contra: ContraAccount },
): PaymentDecision {
  const { amountMicros, contra, ...said } = taken
  const takenMicros = head.status === 'open' ? smaller(head.availableMicros, amountMicros) : 0n
  const owedMicros = amountMicros - takenMicros
  return {
    ok: true,
    draft: {
      ...said,
      detail: { ...said.detail, ...(owedMicros > 0n && { owedMicros: owedMicros.toString() }) },
      reverses: payment.sequence,
      postings: linesOf(-takenMicros, [
        [contra, amountMicros],
        [RECEIVABLE, -owedMicros],
      ]),
      lots: takenMicros > 0n ? drawLots(head, takenMicros, payment.lots[0]) : [],
    },
  }
}

/**
 * The provider gives back what it had taken by that entry, or a refund did not reach its card: it pays what the account owes
 * first, then goes to the lots that it was taken from; what the client has paid in the meantime becomes a lot of its own.
 * A closed account takes no credit: it is refused there, unless all of it is owed.
 */
export function giveBack(
  head: Head,
  taking: Entry,
  given: Said & { kind: EntryKind; contra: ContraAccount },
): PaymentDecision | AccountUnavailable {
  const { contra, ...said } = given
  const amountMicros = taking.postings
    .filter(({ account }) => account === contra)
    .reduce((sum, line) => sum + line.amountMicros, 0n)
  const owedMicros = smaller(amountMicros, head.receivableMicros)
  const restMicros = amountMicros - owedMicros
  if (head.status === 'closed' && restMicros > 0n) return { ok: false, reason: 'account_closed' }
  const returnedMicros = smaller(restMicros, -taking.amountMicros)
  const newMicros = restMicros - returnedMicros
  return {
    ok: true,
    draft: {
      ...said,
      detail: { ...said.detail, ...(owedMicros > 0n && { paidOwedMicros: owedMicros.toString() }) },
      reverses: taking.sequence,
      postings: linesOf(restMicros, [
        [contra, -amountMicros],
        [RECEIVABLE, owedMicros],
      ]),
      lots: [
        ...returnLots(drawnBy(taking), returnedMicros),
        ...(newMicros > 0n ? newLot(head, 'top_up', newMicros) : []),
      ],
    },
  }
}

function refuseCurrency(head: Head, currency: string): WrongCurrency | undefined {
  if (head.currency === currency) return undefined
  return { ok: false, reason: 'wrong_currency', accountCurrency: head.currency }
}

function linesOf(availableMicros: bigint, contras: [ContraAccount, bigint][]): PostingLine[] {
  return [{ account: AVAILABLE, amountMicros: availableMicros }, ...linesThatMove(contras)]
}
