import type { ProviderDispute } from '../top-up/payment-provider.ts'
import type { TopUp } from '../top-up/top-up.ts'
import {
  type Dispute,
  type DisputeStatus,
  isTaken,
  isWithBank,
  type Mismatch,
  mayBecome,
  toldBy,
} from './dispute.ts'

export type DisputeDecision =
  /** The books are as the provider says. */
  | { kind: 'nothing' }
  /** The payment is not credited yet: that comes first. */
  | { kind: 'settle_first' }
  /** Written, and nothing moves. */
  | { kind: 'record'; status: DisputeStatus; mismatch?: Mismatch }
  /** The amount goes out of the account, or comes back. */
  | { kind: 'take' | 'give_back'; status: DisputeStatus }

type DisputedTopUp = Pick<TopUp, 'status' | 'currency' | 'paymentId'>

/**
 * What brings the books to where the provider has a dispute now: its amount is out of the account while it is `open` or `lost`,
 * and nowhere else. It depends on what was written and what is so now, not on the way between: repeated, late and lost events
 * come to the same. What was told before must be older than what is told now.
 */
export function decideDispute(
  known: Dispute | undefined,
  told: ProviderDispute,
  topUp: DisputedTopUp,
): DisputeDecision {
  const { status } = told
  if (known && known.status !== status && !mayBecome(known.status, status))
    return record(known, told, known.status, 'status_not_expected')
  const isOut = isWithBank(status)
  const wasOut = known !== undefined && isTaken(known)
  if (isOut && wasOut)
    return record(
      known,
      told,
      status,
      told.amountMicros === known.amountMicros ? undefined : 'amount_changed',
    )
  if (!isOut) return wasOut ? { kind: 'give_back', status } : record(known, told, status)
  const mismatch = mismatchOf(told, topUp)
  if (mismatch) return record(known, told, status, mismatch)
  return topUp.status === 'settled' ? { kind: 'take', status } : { kind: 'settle_first' }
}

/** Only a payment that we have credited, in the currency in which we did, is taken back. */
function mismatchOf(told: ProviderDispute, topUp: DisputedTopUp): Mismatch | undefined {
  if (topUp.status === 'mismatched') return 'payment_not_credited'
  const isOtherPayment = topUp.paymentId !== undefined && topUp.paymentId !== told.paymentId
  if (topUp.status === 'settled' && isOtherPayment) return 'payment_not_credited'
  return told.currency === topUp.currency ? undefined : 'other_currency'
}

function record(
  known: Dispute | undefined,
  told: ProviderDispute,
  status: DisputeStatus,
  mismatch?: Mismatch,
): DisputeDecision {
  const isNew = known === undefined || known.status !== status || known.mismatch !== mismatch
  return isNew || saysMore(known, told) ? { kind: 'record', status, mismatch } : { kind: 'nothing' }
}

/** What was taken stays with the document; all else is as the provider tells it. */
function saysMore(known: Dispute, told: ProviderDispute): boolean {
  const news = toldBy(told)
  return (
    known.reason !== news.reason || known.evidenceDueAt !== news.evidenceDueAt || isOtherAmount(known, told)
  )
}

function isOtherAmount(known: Dispute, told: ProviderDispute): boolean {
  return !isTaken(known) && known.amountMicros !== told.amountMicros
}
