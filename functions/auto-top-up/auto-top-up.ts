import type { Period } from '../accounts/billing-period.ts'
import { periodOf } from '../accounts/billing-period.ts'
import type { Card } from '../cards/cards.ts'
import { withoutKeys } from '../edge/whole-document.ts'
import type { Head } from '../ledger/entry.ts'

export const AUTO_TOP_UP_STATUSES = ['off', 'on', 'paused', 'disabled'] as const
export type AutoTopUpStatus = (typeof AUTO_TOP_UP_STATUSES)[number]

/** Every way from one status to another. */
export const AUTO_TOP_UP_TRANSITIONS = {
  off: ['on'],
  on: ['off', 'paused', 'disabled'],
  paused: ['on', 'off'],
  disabled: ['on', 'off'],
} as const satisfies Record<AutoTopUpStatus, readonly AutoTopUpStatus[]>

export const AUTO_TOP_UP_MEANINGS: Record<AutoTopUpStatus, string> = {
  off: 'Nothing is charged automatically.',
  on: 'The card is charged when credit falls below the threshold or a month of the plan is not covered.',
  paused:
    'A charge failed: nothing is charged until the client pays by hand, changes the card that failed or agrees anew.',
  disabled:
    'Three charges in a row failed: nothing is charged until the default card changes, or the last of them is paid after all.',
}

/** So many charges that fail in a row disable it. */
export const MOST_FAILURES_IN_A_ROW = 3

/** So long after an attempt the next one has to wait: as long as a queue's message can. */
export const COOLDOWN_SECONDS = 900

/** The client is told when so many percent of the cap are used up. */
export const TOLD_PERCENTS = [80, 90, 100] as const
export type ToldPercent = 0 | (typeof TOLD_PERCENTS)[number]

/** That a person of the client's agreed, to which words, under which terms. */
export type Consent = {
  actor: string
  email?: string
  at: string
  wordingVersion: string
  termsVersion?: string
  sourceIp?: string
  userAgent?: string
}

/** `no_answer`: the provider has not said in time whether it was paid. `mismatched`: it was, otherwise than asked. */
export const FAILURE_REASONS = ['declined', 'authentication_required', 'no_answer', 'mismatched'] as const
export type FailureReason = (typeof FAILURE_REASONS)[number]

/** A card as it was when a charge failed: another one, or the same with a new last month, may mend it. */
export type FailedCard = Pick<Card, 'paymentMethodId' | 'expiresIn'>

export type AutoTopUpFailure = {
  reason: FailureReason
  at: string
  topUpId: string
  amountMicros: bigint
  failureCode?: string
  /** The default card by then. */
  defaultCard?: FailedCard
}

/** What a client has asked for. Exactly one of `targetMicros` and `amountMicros` is there. */
export type AutoTopUpSettings = {
  thresholdMicros: bigint
  /** Up to where credit is topped up. */
  targetMicros?: bigint
  /** What is charged each time. */
  amountMicros?: bigint
  /** The most that is charged automatically in a calendar month. */
  monthlyCapMicros: bigint
}

/** `refunded`: a refund to the card took credit below the threshold; it would have been charged anew at once. */
export const OFF_REASONS = ['asked', 'disputed', 'refunded'] as const
export type OffReason = (typeof OFF_REASONS)[number]

/** An account's automatic top-up, one document, replaced whole on its revision. */
export type AutoTopUp = AutoTopUpSettings & {
  accountId: string
  currency: string
  status: AutoTopUpStatus
  consent: Consent
  /** The month in the account's time zone that is counted; it never goes back. */
  month: Period
  /** What automatic attempts of that month have charged, or may have: all but those that failed. */
  chargedMicros: bigint
  /** How much of that month's cap the client was told of. */
  toldPercent: ToldPercent
  /** A charge that was not made, because it would have gone above that month's cap. */
  heldBackMicros?: bigint
  /** The attempt that nobody knows the end of yet, and which card it is on. */
  inFlight?: { topUpId: string; role: CardRole }
  /** Attempts are numbered; the number makes the top-up's id. */
  attempts: bigint
  lastAttemptAt?: string
  failuresInARow: number
  /** The last charge, if it failed. */
  lastFailure?: AutoTopUpFailure
  /** Why it is off. */
  offReason?: OffReason
  /** When it was last written. */
  changedAt: string
  /** Counts the writes; zero for one that was never written. */
  revision: bigint
}

export type CardRole = 'default' | 'backup'

/** The document as of the month of an instant: a new month begins with nothing charged and nothing told. */
export function inMonthOf(document: AutoTopUp, at: string, timeZone: string): AutoTopUp {
  const month = periodOf(at, timeZone)
  // A clock that is behind, or a time zone further west, does not open a month again.
  if (month <= document.month) return document
  return { ...document, month, chargedMicros: 0n, toldPercent: 0, heldBackMicros: undefined }
}

/** How much of the cap is used up, as far as the client is told of it. */
export function percentToTell({ chargedMicros, monthlyCapMicros }: AutoTopUp): ToldPercent {
  return TOLD_PERCENTS.findLast((percent) => chargedMicros * 100n >= monthlyCapMicros * BigInt(percent)) ?? 0
}

/** Notes how much of the cap is used up; what was told once in a month stays told. */
export function withPercentTold(document: AutoTopUp): AutoTopUp {
  const percent = percentToTell(document)
  return percent > document.toldPercent ? { ...document, toldPercent: percent } : document
}

/** Switches it off. What failed stays known: switching it on again does not forget it. */
export function switchedOff(document: AutoTopUp, offReason: OffReason, at: string): AutoTopUp {
  return document.status === 'off' ? document : { ...document, status: 'off', offReason, changedAt: at }
}

/**
 * Whether a charge that is written down, and that the provider has not answered for, is not to be begun any more: its client
 * has switched it off, a payment is disputed, or the account takes none. What the provider has already goes on to its end.
 */
export function isWithdrawn(
  document: Pick<AutoTopUp, 'status'> | undefined,
  head: Pick<Head, 'status'> | undefined,
): boolean {
  return document?.status === 'off' || head?.status !== 'open'
}

/** Whether another default card, or the same with a new last month, has taken the place of the one that failed. */
export function hasOtherCard(failure: AutoTopUpFailure, card: FailedCard | undefined): boolean {
  if (!card) return false
  const { defaultCard: failed } = failure
  return card.paymentMethodId !== failed?.paymentMethodId || card.expiresIn !== failed.expiresIn
}

/** A document as it comes from the table or its stream, where every number is a bigint. */
export function toAutoTopUp(item: Record<string, unknown>): AutoTopUp {
  const document = withoutKeys(item) as AutoTopUp
  return {
    ...document,
    toldPercent: Number(document.toldPercent) as ToldPercent,
    failuresInARow: Number(document.failuresInARow),
  }
}
