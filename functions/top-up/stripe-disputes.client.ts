import type Stripe from 'stripe'
import type { LookedUpDispute, ProviderDispute } from './payment-provider.ts'
import { idOf, instantOf, unavailable } from './stripe-sdk.client.ts'
import { fromProviderAmount } from './top-up-amount.ts'

/** Payments that their payer's bank wants back. */
export function createStripeDisputes(stripe: Stripe) {
  async function lookUpDispute(disputeId: string): Promise<LookedUpDispute> {
    try {
      return { ok: true, dispute: disputeOf(await stripe.disputes.retrieve(disputeId)) }
    } catch (error) {
      return unavailable(error)
    }
  }

  return { lookUpDispute }
}

function disputeOf(dispute: Stripe.Dispute): ProviderDispute {
  const paymentId = idOf(dispute.payment_intent)
  if (!paymentId) throw new Error(`dispute ${dispute.id} is of no payment`)
  const currency = dispute.currency.toUpperCase()
  const dueAt = dispute.evidence_details?.due_by
  return {
    disputeId: dispute.id,
    paymentId,
    amountMicros: fromProviderAmount(dispute.amount, currency),
    currency,
    status: statusOf(dispute),
    reason: dispute.reason,
    ...(dueAt && { evidenceDueAt: instantOf(dueAt) }),
    createdAt: instantOf(dispute.created),
  }
}

/**
 * https://docs.stripe.com/api/disputes/object: while a status begins with `warning_` no money has been taken; `prevented`
 * was settled before it became a dispute. Throws for a status that is new to us, so that nothing moves before a person has
 * looked at what it means.
 */
function statusOf({ id, status }: Stripe.Dispute): ProviderDispute['status'] {
  switch (status) {
    case 'won':
      return 'won'
    case 'lost':
      return 'lost'
    case 'warning_closed':
    case 'prevented':
      return 'closed'
    case 'warning_needs_response':
    case 'warning_under_review':
      return 'inquiry'
    case 'needs_response':
    case 'under_review':
    case 'appeal_needs_response':
    case 'appeal_under_review':
      return 'open'
    default:
      throw new Error(`dispute ${id} has a status that is not known: ${status}`)
  }
}
