import type { FormFields } from './form-parameters.ts'
import { invalidRequest } from './stripe-problem.ts'
import type { StripeStore } from './stripe-store.ts'

const KIND_OF_FIELD: Record<string, string> = {
  balance_transaction: 'balance_transaction',
  charge: 'charge',
  customer: 'customer',
  failure_balance_transaction: 'balance_transaction',
  latest_charge: 'charge',
  payment_intent: 'payment_intent',
  payment_method: 'payment_method',
  setup_intent: 'setup_intent',
}

/** Puts the objects in the place of the ids that `expand` names (`payment_intent.latest_charge`). */
export function expandFields(store: StripeStore, object: object, fields: FormFields): object {
  const asked = fields.expand
  if (typeof asked !== 'object') return object
  return Object.values(asked).reduce<object>(
    (expanded, path) => expandPath(store, expanded, String(path).split('.'), String(path)),
    object,
  )
}

function expandPath(
  store: StripeStore,
  object: object,
  [field = '', ...rest]: string[],
  path: string,
): object {
  if (field === 'data' && 'data' in object && Array.isArray(object.data)) {
    return { ...object, data: object.data.map((item) => expandPath(store, item, rest, path)) }
  }
  if (field === 'refunds' && 'object' in object && object.object === 'charge') {
    return { ...object, refunds: refundsOf(store, String((object as Record<string, unknown>).id)) }
  }
  const kind = Object.hasOwn(KIND_OF_FIELD, field) ? KIND_OF_FIELD[field] : undefined
  if (!kind || !Object.hasOwn(object, field)) {
    throw invalidRequest(`This property cannot be expanded (${path}).`, 'expand')
  }
  const value = (object as Record<string, unknown>)[field]
  const found = typeof value === 'string' ? store.get(kind, value) : (value as object | null)
  if (!found) return object
  return { ...object, [field]: rest.length > 0 ? expandPath(store, found, rest, path) : found }
}

/** The list that a charge carries only when it is asked for. */
function refundsOf(store: StripeStore, charge: string): object {
  const refunds = store.list('refund', { charge })
  return { object: 'list', data: refunds.reverse(), has_more: false, url: `/v1/charges/${charge}/refunds` }
}
