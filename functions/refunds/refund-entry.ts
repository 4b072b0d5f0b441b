import { requestHash } from '../edge/request-id.ts'
import type { Refund } from './refund.ts'

/** The account on which payments stand, and the name under which the house itself posts. */
export const CASH = 'cash:stripe'
export const SYSTEM = 'system:payments'

/** What the detail of an entry of a refund holds. */
export type RefundDetail = { topUpId: string; refundId: string; paymentId: string; failureCode?: string }

export function refundDetail({ topUpId, refundId, paymentId }: Refund): RefundDetail {
  return { topUpId, refundId, paymentId }
}

/** The same refund under the same key is the same movement, whoever posts it. */
export function refundHash({ topUpId, refundId, amountMicros, currency }: Refund): string {
  return requestHash({ topUpId, refundId, amountMicros, currency })
}
