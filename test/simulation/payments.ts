import { createHmac } from 'node:crypto'
import type { BoundaryCall, BoundaryReply } from './boundary.ts'

export const PROVIDER_SECRET = { apiKey: 'sk_test_simulation', webhookSigningSecret: 'whsec_simulation' }

export type Checkout = {
  sessionId: string
  topUpId: string
  accountId: string
  amountCents: number
  isPaid: boolean
}

/** What the provider has to tell: `wasTaken` once somebody has answered that it arrived. */
export type PaymentNotice = { label: string; body: string; wasTaken: boolean; takenAt: number }

/** The payment provider: opens checkouts, once per idempotency key, and tells of each payment in two signed events. */
export class PaymentProvider {
  readonly checkouts: Checkout[] = []
  readonly notices: PaymentNotice[] = []
  private readonly byKey = new Map<string, Checkout>()

  answer(call: BoundaryCall): BoundaryReply {
    if (call.operation !== 'POST /v1/checkout/sessions') throw new Error(`unexpected ${call.operation}`)
    const form = new URLSearchParams(call.body)
    const key = call.headers['Idempotency-Key'] ?? ''
    if (!key) throw new Error('a checkout is opened without an idempotency key')
    const checkout = this.byKey.get(key) ?? this.open(form)
    this.byKey.set(key, checkout)
    const { sessionId } = checkout
    const url = `https://checkout.example.com/${sessionId}`
    return { status: 200, body: JSON.stringify({ id: sessionId, object: 'checkout.session', url }) }
  }

  private open(form: URLSearchParams): Checkout {
    const checkout = {
      sessionId: `cs_${this.checkouts.length + 1}`,
      topUpId: form.get('metadata[topUpId]')!,
      accountId: form.get('metadata[accountId]')!,
      amountCents: Number(form.get('line_items[0][price_data][unit_amount]')),
      isPaid: false,
    }
    this.checkouts.push(checkout)
    return checkout
  }

  /** The payer pays. */
  pay(checkout: Checkout, nowMilliseconds: number): void {
    checkout.isPaid = true
    const { sessionId, topUpId, accountId, amountCents } = checkout
    const metadata = { topUpId, accountId, purpose: 'top_up' }
    const paymentId = sessionId.replace('cs', 'pi')
    const notify = (type: string, object: object) => {
      const created = Math.floor(nowMilliseconds / 1000)
      const event = { id: `evt_${this.notices.length + 1}`, object: 'event', type, created, data: { object } }
      this.notices.push({
        label: `${type} of ${sessionId}`,
        body: JSON.stringify(event),
        wasTaken: false,
        takenAt: 0,
      })
    }
    notify('checkout.session.completed', {
      id: sessionId,
      object: 'checkout.session',
      metadata,
      amount_total: amountCents,
      currency: 'usd',
      payment_status: 'paid',
      payment_intent: paymentId,
    })
    notify('payment_intent.succeeded', {
      id: paymentId,
      object: 'payment_intent',
      metadata,
      amount: amountCents,
      amount_received: amountCents,
      currency: 'usd',
      status: 'succeeded',
      setup_future_usage: null,
      customer: null,
      payment_method: null,
      last_payment_error: null,
    })
  }
}

/** The header by which an event proves where it comes from: https://docs.stripe.com/webhooks#verify-manually */
export function signatureOf(body: string, nowMilliseconds: number): string {
  const seconds = Math.floor(nowMilliseconds / 1000)
  const signature = createHmac('sha256', PROVIDER_SECRET.webhookSigningSecret)
    .update(`${seconds}.${body}`)
    .digest('hex')
  return `t=${seconds},v1=${signature}`
}
