import { z } from 'zod'
import type { ProviderDispute } from '../top-up/payment-provider.ts'
import type { Resolution, Watch } from '../top-up/watch-list.ts'

/** The provider's own id, such as Stripe's `du_…`. */
export const disputeIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_]{3,64}$/, 'must be a dispute’s id such as "du_…"')

export const DISPUTE_STATUSES = ['inquiry', 'open', 'won', 'lost', 'closed'] as const
export type DisputeStatus = (typeof DISPUTE_STATUSES)[number]

/** What a status means, in a sentence. */
export const DISPUTE_MEANINGS: Record<DisputeStatus, string> = {
  inquiry: 'The card’s bank asks about the payment; nothing is taken yet.',
  open: 'The bank has taken the amount, and so have we: from the credit, the rest is owed. It may be answered with evidence.',
  won: 'The bank gave the amount back, and so did we, where we had taken it.',
  lost: 'The amount stays with the bank.',
  closed: 'An inquiry that came to nothing.',
}

/**
 * Every way from one status to another. A bank may withdraw a dispute that was lost
 * (https://support.stripe.com/questions/lost-dispute-faq), and a decision may be appealed: the dispute is `open` again, and the
 * amount is taken then as it was, or once more where it had been given back
 * (https://docs.stripe.com/changelog/endive/2026-10-28/evidence-submission-appeal-dispute-decisions).
 */
export const DISPUTE_TRANSITIONS = {
  inquiry: ['open', 'won', 'lost', 'closed'],
  open: ['won', 'lost'],
  won: ['open', 'lost'],
  lost: ['open', 'won'],
  closed: ['inquiry', 'open', 'won', 'lost'],
} as const satisfies Record<DisputeStatus, readonly DisputeStatus[]>

/** Whether a dispute may go from one status to another. */
export function mayBecome(from: DisputeStatus, to: DisputeStatus): boolean {
  return (DISPUTE_TRANSITIONS[from] as readonly DisputeStatus[]).includes(to)
}

/** What a movement did: how much of it was credit, and how much of it what the account owes. */
export type DisputeMovement = {
  entrySequence: bigint
  creditMicros: bigint
  owedMicros: bigint
  /** The account after it. */
  availableAfterMicros: bigint
  owedAfterMicros: bigint
}

/** A payment that its payer's bank wants back, as the provider had it when we looked last. */
export type Dispute = {
  disputeId: string
  accountId: string
  topUpId: string
  paymentId: string
  status: DisputeStatus
  amountMicros: bigint
  currency: string
  /** The provider's word for why. */
  reason: string
  evidenceDueAt?: string
  /** When the bank opened it. */
  openedAt: string
  /** How often the amount was taken: more than once only where the bank took again what it had given back. */
  takings: bigint
  /** The last taking. */
  taken?: DisputeMovement
  /** What gave it back; absent while it stands. */
  returned?: DisputeMovement
  /** What keeps the books from following the provider: for staff. */
  mismatch?: Mismatch
  /** When the provider was asked for the last time: it was decided so long ago that nothing more is expected. */
  finalAt?: string
  /** What staff have said of it when they last looked. */
  resolution?: Resolution
  changedAt: string
  revision: bigint
}

export const MISMATCHES = {
  other_currency: 'The bank disputes in another currency than the account’s: nothing was taken.',
  payment_not_credited:
    'The payment that is disputed was never credited, or is a second one of its top-up: nothing was taken.',
  amount_changed: 'The disputed amount has changed since it was taken.',
  status_not_expected: 'The provider tells a status that cannot follow the one before: nothing was moved.',
  account_closed: 'It was won, and its account is closed: nothing was given back yet.',
} as const
export type Mismatch = keyof typeof MISMATCHES

/** Whether the amount is with the bank. */
export function isWithBank(status: DisputeStatus): boolean {
  return status === 'open' || status === 'lost'
}

/** Whether it was taken out of the account for that. */
export function isTaken({ taken, returned }: Pick<Dispute, 'taken' | 'returned'>): boolean {
  return taken !== undefined && returned === undefined
}

/** What is new of a dispute each time that the provider tells of it. */
export function toldBy({ amountMicros, currency, reason, evidenceDueAt }: ProviderDispute) {
  return { amountMicros, currency, reason, evidenceDueAt }
}

/** A dispute of which nothing has been written yet. */
export function newDispute(
  told: ProviderDispute,
  owner: { accountId: string; topUpId: string },
  at: string,
): Dispute {
  const { disputeId, paymentId, status, createdAt } = told
  return {
    disputeId,
    ...owner,
    paymentId,
    status,
    ...toldBy(told),
    openedAt: createdAt,
    takings: 0n,
    changedAt: at,
    revision: 0n,
  }
}

/**
 * On which list a dispute stands: while it may still change, which it may for a while when it is decided, or staff have to look. What waits for its account to be opened
 * again stays where the schedule looks, because nobody will tell of it any more.
 */
export function watchOf({ status, mismatch, finalAt }: Dispute): Watch | undefined {
  if (mismatch === 'account_closed') return 'disputed'
  if (mismatch !== undefined) return 'mismatched'
  if (isUndecided(status)) return 'disputed'
  return finalAt === undefined ? 'dispute_decided' : undefined
}

const isUndecided = (status: DisputeStatus) => status === 'inquiry' || status === 'open'

/**
 * Nothing says for how long a decision may be changed: a card's holder may dispute a payment for 120 days, and a dispute takes two
 * to three months (https://docs.stripe.com/disputes/how-disputes-work).
 */
const LONGEST_CHANGING_MILLISECONDS = 120 * 86_400_000

/** Whether what the provider says of a dispute at an instant is its last word. */
export function isFinal({ status, mismatch, changedAt }: Dispute, at: string): boolean {
  const ageMilliseconds = Date.parse(at) - Date.parse(changedAt)
  return !isUndecided(status) && mismatch === undefined && ageMilliseconds > LONGEST_CHANGING_MILLISECONDS
}
