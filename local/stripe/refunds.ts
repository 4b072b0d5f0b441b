import type Stripe from 'stripe'
import { z } from 'zod'
import { recordMovement } from './balance-transactions.ts'
import { formatAmount } from './charge-limits.ts'
import { chargedCard } from './charged-card.ts'
import { findCharge, findPaidCharge } from './charges.ts'
import type { FormFields } from './form-parameters.ts'
import { createdFilter, pageOf, pageParameters, type StripeList } from './list-objects.ts'
import { published } from './published.ts'
import {
  expand,
  expandAlone,
  integer,
  metadataUpdate,
  readParameters,
  text,
  updateMetadata,
} from './read-parameters.ts'
import { invalidRequest, noSuch } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'

const createParameters = published<Stripe.RefundCreateParams>()(
  z.strictObject({
    amount: integer.pipe(z.number().min(1, 'parameter_invalid_integer')).optional(),
    charge: text.optional(),
    expand,
    metadata: metadataUpdate.optional(),
    payment_intent: text.optional(),
    reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  }),
)

const updateParameters = published<Stripe.RefundUpdateParams>()(
  z.strictObject({ expand, metadata: metadataUpdate.optional() }),
)

const listParameters = published<Stripe.RefundListParams>()(
  z.strictObject({
    ...pageParameters,
    charge: text.optional(),
    created: createdFilter,
    payment_intent: text.optional(),
  }),
)

/** How long a refund of a card whose refunds take their time is under way, or looks as if it went well. */
const REFUND_SECONDS = 60

/**
 * `POST /v1/refunds` (https://docs.stripe.com/api/refunds/create): of a charge that was paid, whole or in parts, never
 * more than is left, and not while the cardholder's bank has taken the money back.
 */
export function createRefund(world: StripeWorld, fields: FormFields): Stripe.Refund {
  const parameters = readParameters(createParameters, fields)
  const charge = chargeToRefund(world, parameters)
  const amount = requireRefundable(world, charge, parameters.amount)
  return makeRefund(world, charge, {
    amount,
    metadata: updateMetadata(null, parameters.metadata),
    reason: parameters.reason ?? null,
  })
}

/** A refund that somebody makes at Stripe by hand, without metadata of ours; the rest of the charge unless `amount` says less. */
export function refundByHand(world: StripeWorld, paymentIntentId: string, amount?: number): Stripe.Refund {
  const charge = findPaidCharge(world, paymentIntentId)
  return makeRefund(world, charge, {
    amount: requireRefundable(world, charge, amount),
    metadata: {},
    reason: 'requested_by_customer',
  })
}

/** `GET /v1/refunds/:id`. */
export function retrieveRefund(world: StripeWorld, fields: FormFields, id: string): Stripe.Refund {
  readParameters(expandAlone, fields)
  return findRefund(world, id)
}

/** `POST /v1/refunds/:id`: its metadata. */
export function updateRefund(world: StripeWorld, fields: FormFields, id: string): Stripe.Refund {
  const parameters = readParameters(updateParameters, fields)
  const refund = findRefund(world, id)
  const updated: Stripe.Refund = { ...refund, metadata: updateMetadata(refund.metadata, parameters.metadata) }
  world.store.put(updated)
  tellUpdate(world, updated, { metadata: refund.metadata })
  return updated
}

/** `GET /v1/refunds`: by payment intent, charge and time, newest first. */
export function listRefunds(world: StripeWorld, fields: FormFields): StripeList<Stripe.Refund> {
  const { charge, payment_intent, ...page } = readParameters(listParameters, fields)
  const where = { ...(charge && { charge }), ...(payment_intent && { payment_intent }) }
  return pageOf(world.store.list<Stripe.Refund>('refund', where), page, '/v1/refunds', 'refund')
}

/** A refund under way ends well; one that is not pending is refused. */
export function succeedRefund(world: StripeWorld, id: string): Stripe.Refund {
  const refund = findRefund(world, id)
  if (refund.status !== 'pending') throw invalidRequest(`The refund ${id} is ${refund.status}, not pending.`)
  const { pending_reason: _ended, ...rest } = refund
  const succeeded: Stripe.Refund = {
    ...rest,
    status: 'succeeded',
    destination_details: { type: 'card', card: { type: 'refund' } },
  }
  world.store.put(succeeded)
  world.store.unschedule(id)
  tellUpdate(world, succeeded, { status: 'pending' })
  return succeeded
}

/**
 * The cardholder's bank does not take a refund, also one that had looked good: the money is back on our balance and can be
 * refunded again (https://docs.stripe.com/refunds#failed-refunds).
 */
export function failRefund(
  world: StripeWorld,
  id: string,
  reason = 'expired_or_canceled_card',
): Stripe.Refund {
  const refund = findRefund(world, id)
  if (refund.status !== 'pending' && refund.status !== 'succeeded') {
    throw invalidRequest(`The refund ${id} is ${refund.status}; it cannot fail any more.`)
  }
  const { amount, currency, status } = refund
  const { pending_reason: _ended, ...rest } = refund
  const failed: Stripe.Refund = {
    ...rest,
    failure_balance_transaction: recordMovement(world, {
      type: 'refund_failure',
      reportingCategory: 'refund_failure',
      amount,
      currency,
      source: id,
    }).id,
    failure_reason: reason,
    status: 'failed',
  }
  world.store.put(failed)
  world.store.unschedule(id)
  const charge = findCharge(world, String(refund.charge))
  const after: Stripe.Charge = {
    ...charge,
    amount_refunded: charge.amount_refunded - amount,
    refunded: false,
  }
  world.store.put(after)
  world.emit('refund.failed', failed, { status })
  tellUpdate(world, failed, { status })
  return failed
}

interface RefundTerms {
  amount: number
  metadata: Record<string, string>
  reason: Stripe.Refund.Reason | null
}

function makeRefund(world: StripeWorld, charge: Stripe.Charge, terms: RefundTerms): Stripe.Refund {
  const id = world.newId('re')
  const fate = chargedCard(world, charge.id)?.refund
  const isPending = fate === 'succeeds_later'
  const { amount } = terms
  const refund: Stripe.Refund = {
    id,
    object: 'refund',
    amount,
    balance_transaction: recordMovement(world, {
      type: 'refund',
      reportingCategory: 'refund',
      amount: -amount,
      currency: charge.currency,
      source: id,
    }).id,
    charge: charge.id,
    created: world.nowSeconds(),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: { type: 'card', card: { type: isPending ? 'pending' : 'refund' } },
    metadata: terms.metadata,
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    ...(isPending && { pending_reason: 'processing' }),
    reason: terms.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: isPending ? 'pending' : 'succeeded',
    transfer_reversal: null,
  }
  world.store.put(refund)
  const dueAt = world.nowSeconds() + REFUND_SECONDS
  if (fate) world.store.schedule(id, dueAt, isPending ? 'refund_succeeds' : 'refund_fails')
  const amountRefunded = charge.amount_refunded + amount
  const refunded = amountRefunded === charge.amount
  const after: Stripe.Charge = { ...charge, amount_refunded: amountRefunded, refunded }
  world.store.put(after)
  world.emit('refund.created', refund)
  world.emit('charge.refunded', after, {
    amount_refunded: charge.amount_refunded,
    ...(refunded && { refunded: false }),
  })
  return refund
}

function chargeToRefund(
  world: StripeWorld,
  { charge, payment_intent }: { charge?: string; payment_intent?: string },
): Stripe.Charge {
  if (charge && payment_intent) {
    throw invalidRequest(
      'You may only specify one of these parameters: charge, payment_intent.',
      'payment_intent',
    )
  }
  if (payment_intent) return findPaidCharge(world, payment_intent)
  if (charge) return findCharge(world, charge, 400)
  throw invalidRequest(
    'One of the following params should be provided for this request: payment_intent or charge.',
    'payment_intent',
    'parameter_missing',
  )
}

/** What is asked for, or all that is left; more than is left is refused. */
function requireRefundable(world: StripeWorld, charge: Stripe.Charge, asked: number | undefined): number {
  if (charge.status !== 'succeeded') {
    throw invalidRequest(`Charge ${charge.id} was not paid.`, 'charge', 'charge_not_refundable')
  }
  const isTakenBack = world.store
    .list<Stripe.Dispute>('dispute', { charge: charge.id })
    .some((dispute) => !dispute.is_charge_refundable)
  if (isTakenBack) {
    throw invalidRequest(
      `Charge ${charge.id} has been charged back; cannot issue a refund.`,
      undefined,
      'charge_disputed',
    )
  }
  const left = charge.amount - charge.amount_refunded
  if (left === 0) {
    throw invalidRequest(
      `Charge ${charge.id} has already been refunded.`,
      undefined,
      'charge_already_refunded',
    )
  }
  const amount = asked ?? left
  if (amount > left) {
    throw invalidRequest(
      `Refund amount (${formatAmount(amount, charge.currency)}) is greater than unrefunded amount on charge (${formatAmount(left, charge.currency)})`,
      'amount',
    )
  }
  return amount
}

function findRefund(world: StripeWorld, id: string): Stripe.Refund {
  const refund = world.store.get<Stripe.Refund>('refund', id)
  if (!refund) throw noSuch('refund', id, 'id')
  return refund
}

function tellUpdate(world: StripeWorld, refund: Stripe.Refund, before: object): void {
  world.emit('refund.updated', refund, before)
  world.emit('charge.refund.updated', refund, before)
}
