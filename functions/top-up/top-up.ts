import { z } from 'zod'
import { formatAmount } from '../ledger/money.ts'
import type { PaymentNews } from './payment-provider.ts'
import type { Resolution, Watch } from './watch-list.ts'

export const topUpIdSchema = z
  .string()
  .regex(/^top_[A-Za-z0-9_-]{22}$/, 'must be a top-up id such as "top_…"')

export const TOP_UP_STATUSES = [
  'created',
  'processing',
  'settled',
  'failed',
  'expired',
  'mismatched',
] as const
export type TopUpStatus = (typeof TOP_UP_STATUSES)[number]

export const TOP_UP_ORIGINS = ['manual', 'automatic'] as const
export type TopUpOrigin = (typeof TOP_UP_ORIGINS)[number]

export const PAYMENT_METHODS = ['checkout', 'saved_card'] as const
export type TopUpPaymentMethod = (typeof PAYMENT_METHODS)[number]

/** A payment that raises a balance, from before the provider knows of it to its end. */
export type TopUp = {
  topUpId: string
  accountId: string
  status: TopUpStatus
  amountMicros: bigint
  currency: string
  /** Whether a client or staff asked for it, or the account's own rule did. */
  origin: TopUpOrigin
  /** What was asked for. */
  requestedMethod: TopUpPaymentMethod
  /** How it is paid: a saved card whose bank wants to ask its holder goes on as a checkout. */
  method: TopUpPaymentMethod
  saveCard: boolean
  customerId?: string
  paymentMethodId?: string
  requestHash: string
  actor: string
  termsVersion?: string
  createdAt: string
  sessionId?: string
  paymentUrl?: string
  paymentId?: string
  failureCode?: string
  /** What did not match, for staff. */
  mismatch?: string
  /** A second payment of a top-up that was settled by another: credited not at all, for staff to look at. */
  secondPaymentId?: string
  settledAt?: string
  /** What of it paid what the account owed, and so became no credit; absent where nothing was owed. */
  paidOwedMicros?: bigint
  entrySequence?: bigint
  /** Of an automatic one: the month whose cap it counts to, and whether it does: one that failed is given back. */
  capMonth?: string
  isCountedToCap?: boolean
  /** What was asked to go back to the card and did not fail. */
  refundedMicros: bigint
  /** The same by who asked for it. */
  refundedByMicros?: Record<string, bigint>
  /** What staff have said of it when they last looked. */
  resolution?: Resolution
  /** When its status last changed, and how often it was written. */
  changedAt: string
  revision: bigint
}

/**
 * Every way from one status to another. `settled` and `mismatched` are ends. Money that comes after we had given up
 * (`failed`, `expired`) is still money: it settles. `failed` goes on to `processing` only when the bank wanted to ask the
 * card's holder and a checkout was opened for it, which is never done for an automatic top-up.
 */
export const TOP_UP_TRANSITIONS = {
  created: ['processing', 'settled', 'failed', 'expired', 'mismatched'],
  processing: ['settled', 'failed', 'expired', 'mismatched'],
  failed: ['processing', 'settled', 'mismatched'],
  expired: ['settled', 'mismatched'],
  settled: [],
  mismatched: [],
} as const satisfies Record<TopUpStatus, readonly TopUpStatus[]>

/** What a status means, in a sentence. */
export const TOP_UP_MEANINGS: Record<TopUpStatus, string> = {
  created: 'Written down; the provider may or may not have heard of it.',
  processing: 'The provider has it; nothing is credited yet.',
  settled: 'Paid and credited, by one transaction.',
  failed:
    'Nothing was paid: the card was declined, its bank wants to ask its holder, or the provider will not have it.',
  expired: 'Nobody paid in time, or it was never begun.',
  mismatched:
    'Paid otherwise than asked, or to an account that takes nothing; credited not at all, for staff to look at.',
}

/** Whether a top-up may go from where it is to another status. */
export function mayBecome(topUp: TopUp, status: TopUpStatus): boolean {
  return (TOP_UP_TRANSITIONS[topUp.status] as readonly TopUpStatus[]).includes(status)
}

/** On which list a top-up stands. A checkout that nobody paid in time is nobody's matter. */
export function watchOf(topUp: TopUp): Watch | undefined {
  switch (topUp.status) {
    case 'created':
    case 'processing':
      return 'open'
    case 'failed':
      return topUp.method === 'saved_card' ? 'declined' : undefined
    case 'mismatched':
      return 'mismatched'
    case 'settled':
      return topUp.secondPaymentId === undefined ? undefined : 'paid_twice'
    default:
      return undefined
  }
}

/** The failure code of an automatic top-up that was not wanted any more before the provider had it. */
export const WITHDRAWN = 'withdrawn'

/** Providers forget idempotency keys after a day: a payment that was not started by then is not started any more. */
const LONGEST_START_MILLISECONDS = 23 * 3_600_000

/**
 * What is to be done next at the provider, if anything. Nobody waits for the checkout of an automatic top-up: its client is
 * sent a link to a top-up of their own.
 */
export function nextStep(
  topUp: TopUp,
  now: Date,
): 'open_checkout' | 'charge_saved_card' | 'expire' | undefined {
  const wantsCheckout =
    topUp.status === 'failed' &&
    topUp.failureCode === 'authentication_required' &&
    topUp.origin === 'manual' &&
    !topUp.sessionId
  if (topUp.status !== 'created' && !wantsCheckout) return undefined
  if (now.getTime() - Date.parse(topUp.createdAt) > LONGEST_START_MILLISECONDS) {
    return topUp.status === 'created' ? 'expire' : undefined
  }
  return wantsCheckout || topUp.method === 'checkout' ? 'open_checkout' : 'charge_saved_card'
}

export type NewsDecision =
  | { kind: 'settle' }
  | { kind: 'change'; status: 'failed' | 'expired' | 'mismatched'; failureCode?: string; mismatch?: string }
  | { kind: 'ignore' }
  /** Paid once more after it was settled: nothing is credited, and staff have to look. */
  | { kind: 'paid_twice' }

/**
 * What a provider's event does to a top-up, in whatever order and however often events come. Only a payment of exactly the
 * amount and currency that was asked for, under the ids that we know, is credited.
 */
export function decideNews(topUp: TopUp, news: PaymentNews): NewsDecision {
  if (news.outcome === 'paid') return decidePaid(topUp, news)
  const isOpen = topUp.status === 'created' || topUp.status === 'processing'
  if (!isOpen || hasOtherIds(topUp, news)) return { kind: 'ignore' }
  if (news.outcome === 'expired') return { kind: 'change', status: 'expired' }
  // On the payment page a declined card is not the end: its payer may take another.
  if (news.about === 'payment' && topUp.method === 'checkout') return { kind: 'ignore' }
  return { kind: 'change', status: 'failed', failureCode: news.failureCode ?? 'declined' }
}

function decidePaid(topUp: TopUp, news: PaymentNews): NewsDecision {
  if (topUp.status === 'settled') {
    const isOther =
      topUp.paymentId !== undefined && news.paymentId !== undefined && topUp.paymentId !== news.paymentId
    // Noted already: it is told once, however often its events come.
    return isOther && topUp.secondPaymentId !== news.paymentId ? { kind: 'paid_twice' } : { kind: 'ignore' }
  }
  if (topUp.status === 'mismatched') return { kind: 'ignore' }
  const mismatch = mismatchOf(topUp, news)
  return mismatch ? { kind: 'change', status: 'mismatched', mismatch } : { kind: 'settle' }
}

function mismatchOf(topUp: TopUp, news: PaymentNews): string | undefined {
  if (news.currency !== topUp.currency) return `paid in ${news.currency}`
  if (news.amountMicros !== topUp.amountMicros)
    return `paid ${formatAmount(news.amountMicros, news.currency)} ${news.currency}`
  return hasOtherIds(topUp, news)
    ? `paid as ${news.sessionId ?? ''} ${news.paymentId ?? ''}`.trim()
    : undefined
}

/** Ids that we do not know yet say nothing: an event may come before our own note of them. */
function hasOtherIds(topUp: TopUp, news: PaymentNews): boolean {
  const differs = (known: string | undefined, said: string | undefined) =>
    known !== undefined && said !== undefined && known !== said
  return differs(topUp.sessionId, news.sessionId) || differs(topUp.paymentId, news.paymentId)
}
