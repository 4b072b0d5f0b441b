import { retrieveBalanceTransaction } from './balance-transactions.ts'
import { listCharges, retrieveCharge } from './charges.ts'
import {
  createCheckoutSession,
  expireCheckoutSession,
  listCheckoutSessions,
  retrieveCheckoutSession,
} from './checkout-sessions.ts'
import { createCustomer, deleteCustomer, retrieveCustomer, updateCustomer } from './customers.ts'
import { closeDispute, listDisputes, retrieveDispute, updateDispute } from './disputes.ts'
import { listEarlyFraudWarnings, retrieveEarlyFraudWarning } from './early-fraud-warnings.ts'
import { listEvents, retrieveEvent } from './events.ts'
import type { FormFields } from './form-parameters.ts'
import {
  cancelPaymentIntent,
  confirmPaymentIntent,
  createPaymentIntent,
  listPaymentIntents,
  retrievePaymentIntent,
} from './payment-intents.ts'
import {
  attachPaymentMethod,
  detachPaymentMethod,
  listCustomerPaymentMethods,
  listPaymentMethods,
  retrievePaymentMethod,
  updatePaymentMethod,
} from './payment-methods.ts'
import { createRefund, listRefunds, retrieveRefund, updateRefund } from './refunds.ts'
import { listSetupIntents, retrieveSetupIntent } from './setup-intents.ts'
import { StripeProblem } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'

type Run = (world: StripeWorld, fields: FormFields, id: string) => object

/** Every endpoint of the stand-in; anything else answers 404. */
const ENDPOINTS: Record<string, Run> = {
  'POST /v1/checkout/sessions': createCheckoutSession,
  'GET /v1/checkout/sessions': listCheckoutSessions,
  'GET /v1/checkout/sessions/:id': retrieveCheckoutSession,
  'POST /v1/checkout/sessions/:id/expire': expireCheckoutSession,
  'POST /v1/payment_intents': createPaymentIntent,
  'GET /v1/payment_intents': listPaymentIntents,
  'GET /v1/payment_intents/:id': retrievePaymentIntent,
  'POST /v1/payment_intents/:id/confirm': confirmPaymentIntent,
  'POST /v1/payment_intents/:id/cancel': cancelPaymentIntent,
  'GET /v1/setup_intents': listSetupIntents,
  'GET /v1/setup_intents/:id': retrieveSetupIntent,
  'POST /v1/customers': createCustomer,
  'GET /v1/customers/:id': retrieveCustomer,
  'POST /v1/customers/:id': updateCustomer,
  'DELETE /v1/customers/:id': deleteCustomer,
  'GET /v1/customers/:id/payment_methods': listCustomerPaymentMethods,
  'GET /v1/payment_methods': listPaymentMethods,
  'GET /v1/payment_methods/:id': retrievePaymentMethod,
  'POST /v1/payment_methods/:id': updatePaymentMethod,
  'POST /v1/payment_methods/:id/attach': attachPaymentMethod,
  'POST /v1/payment_methods/:id/detach': detachPaymentMethod,
  'GET /v1/charges': listCharges,
  'GET /v1/charges/:id': retrieveCharge,
  'POST /v1/refunds': createRefund,
  'GET /v1/refunds': listRefunds,
  'GET /v1/refunds/:id': retrieveRefund,
  'POST /v1/refunds/:id': updateRefund,
  'GET /v1/disputes': listDisputes,
  'GET /v1/disputes/:id': retrieveDispute,
  'POST /v1/disputes/:id': updateDispute,
  'POST /v1/disputes/:id/close': closeDispute,
  'GET /v1/radar/early_fraud_warnings': listEarlyFraudWarnings,
  'GET /v1/radar/early_fraud_warnings/:id': retrieveEarlyFraudWarning,
  'GET /v1/balance_transactions/:id': retrieveBalanceTransaction,
  'GET /v1/events': listEvents,
  'GET /v1/events/:id': retrieveEvent,
}

export interface EndpointMatch {
  /** As faults name it: method and path with `:id`. */
  name: string
  id: string
  run: Run
}

/** Finds the endpoint of a call, or answers 404 as Stripe does for an unknown path. */
export function findEndpoint(method: string, path: string): EndpointMatch {
  for (const [name, run] of Object.entries(ENDPOINTS)) {
    const [endpointMethod, pattern = ''] = name.split(' ')
    const id = endpointMethod === method ? idIn(pattern, path) : undefined
    if (id !== undefined) return { name, id, run }
  }
  throw new StripeProblem(404, {
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${method}: ${path}). The local Stripe stand-in does not have it.`,
  })
}

/** Whether faults may name this endpoint. */
export function isEndpoint(name: string): boolean {
  return Object.hasOwn(ENDPOINTS, name)
}

/** The `:id` of a path that fits the pattern (empty when the pattern has none); undefined when it does not fit. */
function idIn(pattern: string, path: string): string | undefined {
  const expected = pattern.split('/')
  const actual = path.split('/')
  if (expected.length !== actual.length) return undefined
  let id = ''
  for (const [position, part] of expected.entries()) {
    if (part === ':id') id = actual[position]!
    else if (part !== actual[position]) return undefined
  }
  return expected.includes(':id') && id === '' ? undefined : id
}
