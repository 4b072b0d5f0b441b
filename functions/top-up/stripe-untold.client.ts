import type Stripe from 'stripe'
import type { BegunAtProvider } from './payment-provider.ts'
import { idOf, unavailable } from './stripe-sdk.client.ts'

/** Stripe lists at most so many at once. */
const PER_PAGE = 100

/** What begins at Stripe, without us having asked for it. */
export function createStripeUntold(stripe: Stripe) {
  async function listBegun(since: string): Promise<BegunAtProvider> {
    const page = { created: { gte: Math.floor(Date.parse(since) / 1000) }, limit: PER_PAGE }
    const disputed: { kind: 'dispute'; disputeId: string; paymentId: string }[] = []
    const refunded = new Set<string>()
    try {
      for await (const { id: disputeId, payment_intent } of stripe.disputes.list(page)) {
        const paymentId = idOf(payment_intent)
        if (paymentId) disputed.push({ kind: 'dispute', disputeId, paymentId })
      }
      for await (const { payment_intent, metadata } of stripe.refunds.list(page)) {
        const paymentId = idOf(payment_intent)
        if (paymentId && !metadata?.refundId) refunded.add(paymentId)
      }
    } catch (error) {
      return unavailable(error)
    }
    return {
      ok: true,
      news: [...disputed, ...[...refunded].map((paymentId) => ({ kind: 'refund' as const, paymentId }))],
    }
  }

  return { listBegun }
}
