import type Stripe from 'stripe'
import type { StripeWorld } from './stripe-world.ts'

export interface DisputeTerms {
  /** In minor units, at most the charge's. */
  amount: number
  reason: 'fraudulent' | 'product_not_received'
  /** Only a question of the cardholder's bank: no money moves. */
  isInquiry: boolean
}

/** How long there is for an answer. Stripe names the day in `evidence_details.due_by`; networks give 7 to 21 days. */
const ANSWER_SECONDS = 14 * 24 * 3600

/** Visa's code of a reason; an inquiry carries the category alone. */
const NETWORK_REASONS = {
  fraudulent: { category: '10', code: '10.4' },
  product_not_received: { category: '13', code: '13.1' },
}

/** A new dispute in the shape of Stripe's object, nothing withdrawn yet. */
export function newDispute(world: StripeWorld, charge: Stripe.Charge, terms: DisputeTerms): Stripe.Dispute {
  const { category, code } = NETWORK_REASONS[terms.reason]
  const networkReason = terms.isInquiry ? category : code
  const brand = charge.payment_method_details?.card?.brand ?? 'visa'
  return {
    id: world.newId('du'),
    object: 'dispute',
    amount: terms.amount,
    balance_transactions: [],
    charge: charge.id,
    created: world.nowSeconds(),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: NO_EVIDENCE,
    evidence_details: {
      due_by: world.nowSeconds() + ANSWER_SECONDS,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: terms.isInquiry,
    livemode: false,
    metadata: {},
    network_reason_code: networkReason,
    payment_intent: charge.payment_intent,
    payment_method_details: {
      type: 'card',
      card: {
        brand,
        case_type: terms.isInquiry ? 'inquiry' : 'chargeback',
        network: brand,
        network_reason_code: networkReason,
      },
    },
    reason: terms.reason,
    status: terms.isInquiry ? 'warning_needs_response' : 'needs_response',
  }
}

const NO_EVIDENCE: Stripe.Dispute.Evidence = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
}
