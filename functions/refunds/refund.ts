import { z } from 'zod'
import type { ProviderRefund } from '../top-up/payment-provider.ts'
import type { TopUp } from '../top-up/top-up.ts'
import { refundApprovalLimit } from '../top-up/top-up-amount.ts'
import type { Resolution, Watch } from '../top-up/watch-list.ts'

export const refundIdSchema = z
  .string()
  .regex(/^ref_[A-Za-z0-9_-]{22}$/, 'must be a refund id such as "ref_…"')

export const REFUND_STATUSES = ['awaiting_approval', 'rejected', 'asked', 'succeeded', 'failed'] as const
export type RefundStatus = (typeof REFUND_STATUSES)[number]

/**
 * Every way from one status to another. `rejected` and `failed` are ends; `succeeded` nearly is, as a bank may send the
 * money back weeks later (https://docs.stripe.com/refunds#failed-refunds).
 */
export const REFUND_TRANSITIONS = {
  awaiting_approval: ['rejected', 'asked'],
  rejected: [],
  asked: ['succeeded', 'failed'],
  succeeded: ['failed'],
  failed: [],
} as const satisfies Record<RefundStatus, readonly RefundStatus[]>

export const REFUND_MEANINGS: Record<RefundStatus, string> = {
  awaiting_approval: 'a second person has to approve it; nothing is set aside meanwhile',
  rejected: 'nobody approved it; nothing has moved',
  asked: 'the credit is taken, and the provider asked or about to be asked to send the money back',
  succeeded: 'the provider has sent the money to the card',
  failed: 'the money did not reach the card; the credit is back',
}

/** A part of a top-up that goes back to its card. */
export type Refund = {
  refundId: string
  accountId: string
  topUpId: string
  paymentId: string
  /** Whether staff asked for it here, or somebody made it at the provider. */
  origin: 'staff' | 'provider'
  status: RefundStatus
  amountMicros: bigint
  currency: string
  /** Stands on the client's statement. */
  reason: string
  requestHash: string
  requestedBy: string
  /** Who approved or rejected it, and why it was rejected. */
  decidedBy?: string
  rejection?: string
  providerRefundId?: string
  /** Why it failed. With `succeeded` or `asked` it has failed, and its credit could not be given back yet. */
  failureCode?: string
  /** When its credit was taken, and by which entry; which entry gave it back. */
  askedAt?: string
  entrySequence?: bigint
  returnSequence?: bigint
  /** When the provider was asked for the last time: it had succeeded so long ago that it can fail no more. */
  finalAt?: string
  /** Automatic top-up would have charged the card again at once, and was switched off with it. */
  switchesOffAutoTopUp?: true
  createdAt: string
  /** What staff have said of it when they last looked. */
  resolution?: Resolution
  /** When its status last changed, and how often it was written. */
  changedAt: string
  revision: bigint
}

/** Whether a refund may go from where it is to another status. */
export function mayBecome(refund: Refund, status: RefundStatus): boolean {
  return (REFUND_TRANSITIONS[refund.status] as readonly RefundStatus[]).includes(status)
}

/** On which list a refund stands: for a second person, for the schedule that asks the provider, or for staff. */
export function watchOf({ status, failureCode, finalAt }: Refund): Watch | undefined {
  switch (status) {
    case 'awaiting_approval':
      return 'refund_to_approve'
    case 'asked':
      return 'refund_open'
    case 'succeeded':
      if (failureCode !== undefined) return 'refund_open'
      return finalAt === undefined ? 'refund_sent' : undefined
    case 'failed':
      return 'refund_failed'
    default:
      return undefined
  }
}

/**
 * Whether a second person has to approve it: when all that one person has refunded of a top-up comes to more than the
 * limit, so that many small refunds do not get around it.
 */
export function needsApproval(topUp: TopUp, requestedBy: string, amountMicros: bigint): boolean {
  const beforeMicros = topUp.refundedByMicros?.[requestedBy] ?? 0n
  return beforeMicros + amountMicros > refundApprovalLimit(topUp.currency)
}

/** What changes of a top-up when a refund of it is asked for. */
export function refundedOf(topUp: TopUp, refund: Refund): Pick<TopUp, 'refundedMicros' | 'refundedByMicros'> {
  return addRefunded(topUp, refund, refund.amountMicros)
}

/** The same when it has failed. */
export function returnedOf(topUp: TopUp, refund: Refund): Pick<TopUp, 'refundedMicros' | 'refundedByMicros'> {
  return addRefunded(topUp, refund, -refund.amountMicros)
}

function addRefunded(topUp: TopUp, { origin, requestedBy }: Refund, amountMicros: bigint) {
  const { refundedMicros, refundedByMicros = {} } = topUp
  const byMicros = (refundedByMicros[requestedBy] ?? 0n) + amountMicros
  return {
    refundedMicros: refundedMicros + amountMicros,
    refundedByMicros:
      origin === 'staff' ? { ...refundedByMicros, [requestedBy]: byMicros } : refundedByMicros,
  }
}

/**
 * Whether a refund that the provider has is this one of ours. One that the provider has made after we had given up, or
 * otherwise than we asked, is none of ours: it counts as made at the provider.
 */
export function isSame(refund: Refund, found: ProviderRefund): boolean {
  if (refund.providerRefundId !== undefined) return refund.providerRefundId === found.providerRefundId
  return (
    refund.status === 'asked' &&
    refund.refundId === found.refundId &&
    refund.amountMicros === found.amountMicros &&
    refund.currency === found.currency
  )
}

/** What the provider's state of a refund changes of ours; undefined when nothing. Any order and any repeat will do. */
export function stepOf(refund: Refund, found: ProviderRefund): 'note' | 'succeed' | 'fail' | undefined {
  if (refund.status !== 'asked' && refund.status !== 'succeeded') return undefined
  if (found.status === 'failed') return 'fail'
  if (refund.status === 'succeeded') return undefined
  if (found.status === 'succeeded') return 'succeed'
  return refund.providerRefundId === undefined ? 'note' : undefined
}

const HOUR_MILLISECONDS = 3_600_000
/**
 * A bank may send a refund back for 30 days after its post date (https://docs.stripe.com/refunds#failed-refunds), which may be
 * ten business days after it was made (https://support.stripe.com/questions/customer-refund-processing-time).
 */
const LONGEST_FAILING_MILLISECONDS = 45 * 24 * HOUR_MILLISECONDS

/** Whether the bank can not send it back any more: what the provider says of it from then on is its last word. */
export function canFailNoMore({ status, changedAt }: Refund, now: Date): boolean {
  return status === 'succeeded' && now.getTime() - Date.parse(changedAt) > LONGEST_FAILING_MILLISECONDS
}

/** Providers forget idempotency keys after a day: after this a refund is not asked for any more … */
const LONGEST_ASKING_MILLISECONDS = 23 * HOUR_MILLISECONDS
/** … and when it is certain that no request is still under way, one that the provider does not have was never made. */
const GIVEN_UP_AFTER_MILLISECONDS = 24 * HOUR_MILLISECONDS

/** What to do with a refund that was asked for and that the provider does not have. */
export function missingStep(
  { askedAt = '', providerRefundId }: Refund,
  now: Date,
): 'ask' | 'wait' | 'give_up' {
  const ageMilliseconds = now.getTime() - Date.parse(askedAt)
  if (providerRefundId !== undefined) return 'wait'
  if (ageMilliseconds <= LONGEST_ASKING_MILLISECONDS) return 'ask'
  return ageMilliseconds > GIVEN_UP_AFTER_MILLISECONDS ? 'give_up' : 'wait'
}
