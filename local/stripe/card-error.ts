import type Stripe from 'stripe'
import type { ChargeFailure } from './charges.ts'

/** A card's refusal as an error and as an intent's last error show it (Stripe, "Errors"). */
export function cardError(failure: ChargeFailure, method: Stripe.PaymentMethod, chargeId?: string) {
  return {
    type: 'card_error' as const,
    code: failure.code,
    ...(failure.declineCode ? { decline_code: failure.declineCode } : {}),
    doc_url: `https://stripe.com/docs/error-codes/${failure.code.replaceAll('_', '-')}`,
    message: failure.message,
    ...(chargeId === undefined ? {} : { charge: chargeId }),
    payment_method: method,
  } satisfies Stripe.PaymentIntent.LastPaymentError
}
