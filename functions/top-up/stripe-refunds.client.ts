import Stripe from 'stripe'
import type { LookedUpRefunds, MadeRefund, ProviderRefund, RefundRequest } from './payment-provider.ts'
import { idOf, instantOf, unavailable } from './stripe-sdk.client.ts'
import { fromProviderAmount, toProviderAmount } from './top-up-amount.ts'

/** Stripe lists at most so many at once. */
const REFUNDS_PER_PAGE = 100

/** Money of a payment that goes back to its card. The refund's id is the idempotency key: asked twice is refunded once. */
export function createStripeRefunds(stripe: Stripe) {
  async function refund(request: RefundRequest): Promise<MadeRefund> {
    const { refundId, accountId, topUpId, paymentId, amountMicros, currency } = request
    try {
      const made = await stripe.refunds.create(
        {
          payment_intent: paymentId,
          amount: toProviderAmount(amountMicros, currency),
          reason: 'requested_by_customer',
          metadata: { accountId, topUpId, refundId },
        },
        { idempotencyKey: refundId },
      )
      return { ok: true, refund: refundOf(made) }
    } catch (error) {
      const code = refusalOf(error)
      return code === undefined ? unavailable(error) : { ok: false, reason: 'refused', code }
    }
  }

  async function lookUpRefunds(paymentId: string): Promise<LookedUpRefunds> {
    try {
      const refunds: ProviderRefund[] = []
      const list = stripe.refunds.list({ payment_intent: paymentId, limit: REFUNDS_PER_PAGE })
      for await (const each of list) refunds.push(refundOf(each))
      return { ok: true, refunds }
    } catch (error) {
      return unavailable(error)
    }
  }

  return { refund, lookUpRefunds }
}

/** Why Stripe will not make a refund, which then was not made; an amount above what is left may come without a code. */
function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof Stripe.errors.StripeInvalidRequestError) || error.statusCode !== 400)
    return undefined
  return error.code ?? (error.param === 'amount' ? 'amount_too_large' : undefined)
}

function refundOf(refund: Stripe.Refund): ProviderRefund {
  const currency = refund.currency.toUpperCase()
  const paymentId = idOf(refund.payment_intent)
  if (!paymentId) throw new Error(`refund ${refund.id} is of no payment`)
  return {
    providerRefundId: refund.id,
    paymentId,
    refundId: refund.metadata?.refundId,
    amountMicros: fromProviderAmount(refund.amount, currency),
    currency,
    status: statusOf(refund.status),
    failureCode: refund.failure_reason,
    createdAt: instantOf(refund.created),
  }
}

/** https://docs.stripe.com/api/refunds/object: `canceled` and `failed` both mean that the money stays with us. */
function statusOf(status: string | null): ProviderRefund['status'] {
  if (status === 'succeeded') return 'succeeded'
  return status === 'failed' || status === 'canceled' ? 'failed' : 'pending'
}
