import type Stripe from 'stripe'
import { z } from 'zod'
import {
  escalateInquiry,
  findDispute,
  isInquiry,
  loseDispute,
  requireWaiting,
  winDispute,
} from './dispute-moves.ts'
import type { FormFields } from './form-parameters.ts'
import { createdFilter, pageOf, pageParameters, type StripeList } from './list-objects.ts'
import { published } from './published.ts'
import {
  expand,
  expandAlone,
  flag,
  metadataUpdate,
  readParameters,
  text,
  updateMetadata,
} from './read-parameters.ts'
import type { StripeWorld } from './stripe-world.ts'

const evidenceText = z.string().max(20_000, 'parameter_invalid_string_too_long').optional()

const updateParameters = published<Stripe.DisputeUpdateParams>()(
  z.strictObject({
    evidence: z
      .strictObject({
        access_activity_log: evidenceText,
        billing_address: evidenceText,
        cancellation_policy_disclosure: evidenceText,
        cancellation_rebuttal: evidenceText,
        customer_email_address: evidenceText,
        customer_name: evidenceText,
        customer_purchase_ip: evidenceText,
        duplicate_charge_explanation: evidenceText,
        duplicate_charge_id: evidenceText,
        product_description: evidenceText,
        refund_policy_disclosure: evidenceText,
        refund_refusal_explanation: evidenceText,
        service_date: evidenceText,
        uncategorized_text: evidenceText,
      })
      .optional(),
    expand,
    metadata: metadataUpdate.optional(),
    submit: flag.optional(),
  }),
)

const listParameters = published<Stripe.DisputeListParams>()(
  z.strictObject({
    ...pageParameters,
    charge: text.optional(),
    created: createdFilter,
    payment_intent: text.optional(),
  }),
)

/** `GET /v1/disputes/:id`. */
export function retrieveDispute(world: StripeWorld, fields: FormFields, id: string): Stripe.Dispute {
  readParameters(expandAlone, fields)
  return findDispute(world, id)
}

/** `GET /v1/disputes`: by payment intent, charge and time, newest first. */
export function listDisputes(world: StripeWorld, fields: FormFields): StripeList<Stripe.Dispute> {
  const { charge, payment_intent, ...page } = readParameters(listParameters, fields)
  const where = { ...(charge && { charge }), ...(payment_intent && { payment_intent }) }
  return pageOf(world.store.list<Stripe.Dispute>('dispute', where), page, '/v1/disputes', 'dispute')
}

/**
 * `POST /v1/disputes/:id`: evidence, submitted unless `submit` is false. As Stripe's "Testing" page has it, the
 * `uncategorized_text` of `winning_evidence`, `losing_evidence` and `escalate_inquiry_evidence` decides at once; anything
 * else is under review until a control decides.
 */
export function updateDispute(world: StripeWorld, fields: FormFields, id: string): Stripe.Dispute {
  const parameters = readParameters(updateParameters, fields)
  const dispute = requireWaiting(findDispute(world, id))
  const isSubmitted = parameters.evidence !== undefined && parameters.submit !== false
  const underReview = isInquiry(dispute) ? 'warning_under_review' : 'under_review'
  const details = dispute.evidence_details
  const updated: Stripe.Dispute = {
    ...dispute,
    evidence: { ...dispute.evidence, ...parameters.evidence },
    evidence_details: {
      ...details,
      has_evidence: details.has_evidence || parameters.evidence !== undefined,
      submission_count: details.submission_count + (isSubmitted ? 1 : 0),
      submission_method: isSubmitted ? 'manual' : details.submission_method,
    },
    metadata: updateMetadata(dispute.metadata, parameters.metadata),
    status: isSubmitted ? underReview : dispute.status,
  }
  world.store.put(updated)
  if (isSubmitted) world.store.unschedule(id)
  world.emit('charge.dispute.updated', updated, { status: dispute.status })
  if (!isSubmitted) return updated
  if (updated.evidence.uncategorized_text === 'winning_evidence') return winDispute(world, id)
  if (updated.evidence.uncategorized_text === 'losing_evidence') return loseDispute(world, id)
  const isEscalated = updated.evidence.uncategorized_text === 'escalate_inquiry_evidence'
  return isEscalated && isInquiry(updated) ? escalateInquiry(world, id) : updated
}

/** `POST /v1/disputes/:id/close`: we give in, and it is lost; it cannot be opened again. */
export function closeDispute(world: StripeWorld, fields: FormFields, id: string): Stripe.Dispute {
  readParameters(expandAlone, fields)
  return loseDispute(world, id)
}
