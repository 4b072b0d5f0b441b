import type { Card } from '../cards/cards.ts'
import { type TopUp, WITHDRAWN } from '../top-up/top-up.ts'
import {
  type AutoTopUp,
  type AutoTopUpFailure,
  type FailureReason,
  hasOtherCard,
  MOST_FAILURES_IN_A_ROW,
  withPercentTold,
} from './auto-top-up.ts'

/** What an attempt that has ended makes of the document. */
export type Resolved = {
  document: AutoTopUp
  /** What it charged is not counted to the cap any more: to be noted in the top-up by the same write. */
  isGivenBack: boolean
  /** A charge failed, and it is to be paused unless the backup card is tried by the same write. */
  mayTryBackup: boolean
}

/**
 * Frees the slot of the attempt in flight by what has become of its top-up; undefined while that is open. Paid: failures
 * count anew. Failed: its amount is given back to the cap of its month. A card that is not the default any more when it
 * fails pauses nothing: its client has chosen another meanwhile.
 */
export function resolveAttempt(
  document: AutoTopUp,
  topUp: TopUp,
  defaultCard: Card | undefined,
  at: string,
): Resolved | undefined {
  const freed = { ...document, inFlight: undefined }
  switch (topUp.status) {
    case 'created':
    case 'processing':
      return undefined
    case 'settled':
      return keeping(withPercentTold({ ...freed, failuresInARow: 0, lastFailure: undefined }))
    case 'mismatched': {
      const lastFailure = failureOf(topUp, 'mismatched', defaultCard, at)
      return keeping(withPercentTold(paused({ ...freed, lastFailure })))
    }
    case 'failed':
    case 'expired':
      return givingBack(freed, document, topUp, defaultCard, at)
  }
}

function givingBack(
  freed: AutoTopUp,
  { inFlight }: AutoTopUp,
  topUp: TopUp,
  defaultCard: Card | undefined,
  at: string,
): Resolved {
  const given = { ...freed, chargedMicros: chargedWithout(freed, topUp) }
  const isReplaced =
    inFlight?.role === 'default' && defaultCard && defaultCard.paymentMethodId !== topUp.paymentMethodId
  // What was withdrawn before the provider had it is no failure of anybody’s.
  if (isReplaced || topUp.failureCode === WITHDRAWN)
    return { document: given, isGivenBack: true, mayTryBackup: false }
  const reason = failureReasonOf(topUp)
  const failed = {
    ...given,
    failuresInARow: given.failuresInARow + 1,
    lastFailure: failureOf(topUp, reason, defaultCard, at),
  }
  const mayTryBackup =
    failed.status === 'on' &&
    failed.failuresInARow < MOST_FAILURES_IN_A_ROW &&
    reason === 'declined' &&
    inFlight?.role === 'default'
  return { document: mayTryBackup ? failed : paused(failed), isGivenBack: true, mayTryBackup }
}

const keeping = (document: AutoTopUp): Resolved => ({ document, isGivenBack: false, mayTryBackup: false })

/** Pauses what is on; after three failures in a row it is disabled. */
export function paused(document: AutoTopUp): AutoTopUp {
  if (document.status !== 'on') return document
  const isLast = document.failuresInARow >= MOST_FAILURES_IN_A_ROW
  return { ...document, status: isLast ? 'disabled' : 'paused' }
}

/**
 * Lets what was paused go on: a payment of the client's own that settled after the failure, or that the failed one was paid
 * after all. Another default card ends a pause that was the card's, and what three failures have disabled.
 */
export function resumed(
  document: AutoTopUp,
  defaultCard: Card | undefined,
  told: TopUp | undefined,
): AutoTopUp {
  const { status, lastFailure } = document
  if ((status !== 'paused' && status !== 'disabled') || !lastFailure) return document
  const on = { ...document, status: 'on' as const }
  if (hasOtherCard(lastFailure, defaultCard) && (status === 'disabled' || isOfCard(lastFailure)))
    return { ...on, failuresInARow: 0, lastFailure: undefined }
  if (told?.status !== 'settled') return document
  if (told.topUpId === lastFailure.topUpId) return { ...on, failuresInARow: 0, lastFailure: undefined }
  const isPaidByHand = told.origin === 'manual' && (told.settledAt ?? '') > lastFailure.at
  return status === 'paused' && isPaidByHand ? on : document
}

/** Counts a payment that succeeded after it was given up to the cap of its month again; the document alone, without a write. */
export function countedAgain(document: AutoTopUp, { capMonth, amountMicros }: TopUp): AutoTopUp {
  if (capMonth !== document.month) return document
  return withPercentTold({ ...document, chargedMicros: document.chargedMicros + amountMicros })
}

/** Whether a top-up is one that was given up and was paid nevertheless, and that is not counted yet. */
export function isPaidAfterAll({ origin, status, isCountedToCap }: TopUp): boolean {
  return (
    origin === 'automatic' && isCountedToCap === false && (status === 'settled' || status === 'mismatched')
  )
}

function chargedWithout({ month, chargedMicros }: AutoTopUp, { capMonth, amountMicros }: TopUp): bigint {
  return capMonth === month ? chargedMicros - amountMicros : chargedMicros
}

function isOfCard({ reason }: AutoTopUpFailure): boolean {
  return reason === 'declined' || reason === 'authentication_required'
}

function failureReasonOf({ status, failureCode }: TopUp): FailureReason {
  if (status === 'expired') return 'no_answer'
  return failureCode === 'authentication_required' ? 'authentication_required' : 'declined'
}

function failureOf(
  { topUpId, amountMicros, failureCode }: TopUp,
  reason: FailureReason,
  card: Card | undefined,
  at: string,
): AutoTopUpFailure {
  const defaultCard = card && { paymentMethodId: card.paymentMethodId, expiresIn: card.expiresIn }
  return { reason, at, topUpId, amountMicros, failureCode, defaultCard }
}
