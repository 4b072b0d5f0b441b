import type Stripe from 'stripe'
import { recordMovement } from './balance-transactions.ts'
import { findPaidCharge } from './charges.ts'
import { type DisputeTerms, newDispute } from './dispute-object.ts'
import { invalidRequest, noSuch } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'

/** What Stripe takes for a dispute in the United States; given back when it is won. Other currencies have none here. */
const DISPUTE_FEE_CENTS = 1500

const WAITING = ['needs_response', 'under_review', 'warning_needs_response', 'warning_under_review']

/**
 * The cardholder's bank disputes a payment: the money leaves at once. An inquiry is told by the same event
 * `charge.dispute.created`, but no money moves, and the charge can still be refunded.
 */
export function openDispute(
  world: StripeWorld,
  paymentIntentId: string,
  terms: Partial<DisputeTerms> = {},
): Stripe.Dispute {
  const charge = findPaidCharge(world, paymentIntentId)
  const { amount = charge.amount, reason = 'fraudulent', isInquiry = false } = terms
  if (amount < 1 || amount > charge.amount) {
    throw invalidRequest(`A dispute is about 1 to ${charge.amount} of this charge.`, 'amount')
  }
  const dispute = newDispute(world, charge, { amount, reason, isInquiry })
  const disputed: Stripe.Charge = { ...charge, disputed: true }
  world.store.put(disputed)
  const dueBy = dispute.evidence_details.due_by ?? 0
  world.store.schedule(dispute.id, dueBy, isInquiry ? 'inquiry_closes' : 'dispute_is_lost')
  world.store.put(dispute)
  if (isInquiry) {
    world.emit('charge.dispute.created', dispute)
    return dispute
  }
  const withdrawn = withdraw(world, dispute)
  world.emit('charge.dispute.created', withdrawn)
  world.emit('charge.dispute.funds_withdrawn', withdrawn)
  return withdrawn
}

/** The bank decided for us: the money and the fee come back. An inquiry ends without having become a dispute. */
export function winDispute(world: StripeWorld, id: string): Stripe.Dispute {
  const dispute = requireWaiting(findDispute(world, id))
  if (isInquiry(dispute)) return closeInquiry(world, id)
  const { amount, currency } = dispute
  const reinstated = recordMovement(world, {
    type: 'adjustment',
    reportingCategory: 'dispute_reversal',
    amount,
    fee: -feeOf(currency),
    currency,
    source: id,
    description: `Chargeback reversal for ${dispute.charge}`,
  })
  const won: Stripe.Dispute = {
    ...dispute,
    balance_transactions: [...dispute.balance_transactions, reinstated],
    is_charge_refundable: true,
    status: 'won',
  }
  close(world, dispute, won)
  world.emit('charge.dispute.funds_reinstated', won)
  return won
}

/** The bank decided for its customer, or we gave in: the money stays away. */
export function loseDispute(world: StripeWorld, id: string): Stripe.Dispute {
  const dispute = requireWaiting(findDispute(world, id))
  if (isInquiry(dispute)) return closeInquiry(world, id)
  return close(world, dispute, { ...dispute, status: 'lost' })
}

/** The bank has no more questions. */
export function closeInquiry(world: StripeWorld, id: string): Stripe.Dispute {
  const dispute = requireInquiry(findDispute(world, id))
  return close(world, dispute, { ...dispute, status: 'warning_closed' })
}

/** An inquiry becomes a dispute, the same object: the money leaves now. */
export function escalateInquiry(world: StripeWorld, id: string): Stripe.Dispute {
  const dispute = requireInquiry(findDispute(world, id))
  const charge = findPaidCharge(world, String(dispute.payment_intent))
  const { amount, reason, created, evidence, evidence_details, metadata } = dispute
  const escalated = withdraw(world, {
    ...newDispute(world, charge, {
      amount,
      reason: reason === 'product_not_received' ? reason : 'fraudulent',
      isInquiry: false,
    }),
    id,
    created,
    evidence,
    evidence_details,
    metadata,
  })
  world.store.schedule(id, evidence_details.due_by ?? 0, 'dispute_is_lost')
  world.emit('charge.dispute.updated', escalated, { status: dispute.status })
  world.emit('charge.dispute.funds_withdrawn', escalated)
  return escalated
}

/** The dispute, or the answer that there is none. */
export function findDispute(world: StripeWorld, id: string): Stripe.Dispute {
  const dispute = world.store.get<Stripe.Dispute>('dispute', id)
  if (!dispute) throw noSuch('dispute', id, 'id')
  return dispute
}

/** Whether it is only a question so far. */
export function isInquiry(dispute: Stripe.Dispute): boolean {
  return dispute.status.startsWith('warning_')
}

/** Refuses what has been decided already. */
export function requireWaiting(dispute: Stripe.Dispute): Stripe.Dispute {
  if (WAITING.includes(dispute.status)) return dispute
  throw invalidRequest(`This dispute is already closed: it is ${dispute.status}.`)
}

function requireInquiry(dispute: Stripe.Dispute): Stripe.Dispute {
  requireWaiting(dispute)
  if (isInquiry(dispute)) return dispute
  throw invalidRequest(`This dispute is not an inquiry: it is ${dispute.status}.`)
}

function withdraw(world: StripeWorld, dispute: Stripe.Dispute): Stripe.Dispute {
  const { amount, currency } = dispute
  const withdrawal = recordMovement(world, {
    type: 'adjustment',
    reportingCategory: 'dispute',
    amount: -amount,
    fee: feeOf(currency),
    currency,
    source: dispute.id,
    description: `Chargeback withdrawal for ${dispute.charge}`,
  })
  const withdrawn: Stripe.Dispute = {
    ...dispute,
    balance_transactions: [...dispute.balance_transactions, withdrawal],
  }
  world.store.put(withdrawn)
  return withdrawn
}

function close(world: StripeWorld, before: Stripe.Dispute, closed: Stripe.Dispute): Stripe.Dispute {
  world.store.put(closed)
  world.store.unschedule(closed.id)
  world.emit('charge.dispute.closed', closed, { status: before.status })
  return closed
}

function feeOf(currency: string): number {
  return currency === 'usd' ? DISPUTE_FEE_CENTS : 0
}
