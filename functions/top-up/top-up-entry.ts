import type { Movement } from '../ledger/decide-movement.ts'
import type { TopUp } from './top-up.ts'

/** What the detail of an entry of kind `top_up` holds. */
export type TopUpDetail = {
  topUpId: string
  provider: 'stripe'
  paymentMethod: 'checkout' | 'saved_card'
  paymentId?: string
}

/** The raise that a settled payment is. */
export function topUpMovement(topUp: TopUp, paymentId: string | undefined): Movement {
  const { topUpId, amountMicros, currency, actor, termsVersion, method } = topUp
  const detail: TopUpDetail = { topUpId, provider: 'stripe', paymentMethod: method, paymentId }
  return {
    kind: 'top_up',
    contra: 'cash:stripe',
    amountMicros,
    currency,
    reason: reasonOf(topUp),
    actor,
    detail,
    termsVersion,
  }
}

function reasonOf({ origin, method }: TopUp): string {
  if (origin === 'automatic') return 'Automatic top-up by saved card'
  return method === 'saved_card' ? 'Top-up by saved card' : 'Top-up by card'
}
