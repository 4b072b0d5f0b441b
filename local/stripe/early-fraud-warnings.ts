import type Stripe from 'stripe'
import { z } from 'zod'
import { findPaidCharge } from './charges.ts'
import type { FormFields } from './form-parameters.ts'
import { createdFilter, pageOf, pageParameters, type StripeList } from './list-objects.ts'
import { published } from './published.ts'
import { expandAlone, readParameters, text } from './read-parameters.ts'
import { noSuch } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'

type EarlyFraudWarning = Stripe.Radar.EarlyFraudWarning

const listParameters = published<Stripe.Radar.EarlyFraudWarningListParams>()(
  z.strictObject({
    ...pageParameters,
    charge: text.optional(),
    created: createdFilter,
    payment_intent: text.optional(),
  }),
)

/** The cardholder's bank suspects fraud: no money moves, and a dispute may follow. */
export function warnOfFraud(world: StripeWorld, paymentIntentId: string): EarlyFraudWarning {
  const charge = findPaidCharge(world, paymentIntentId)
  const warning: EarlyFraudWarning = {
    id: world.newId('issfr'),
    object: 'radar.early_fraud_warning',
    actionable: !charge.disputed && !charge.refunded,
    charge: charge.id,
    created: world.nowSeconds(),
    fraud_type: 'unauthorized_use_of_card',
    livemode: false,
    payment_intent: paymentIntentId,
  }
  world.store.put(warning)
  world.emit('radar.early_fraud_warning.created', warning)
  return warning
}

/** `GET /v1/radar/early_fraud_warnings/:id`. */
export function retrieveEarlyFraudWarning(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): EarlyFraudWarning {
  readParameters(expandAlone, fields)
  const warning = world.store.get<EarlyFraudWarning>('radar.early_fraud_warning', id)
  if (!warning) throw noSuch('radar.early_fraud_warning', id, 'id')
  return warning
}

/** `GET /v1/radar/early_fraud_warnings`. */
export function listEarlyFraudWarnings(
  world: StripeWorld,
  fields: FormFields,
): StripeList<EarlyFraudWarning> {
  const { charge, payment_intent, ...page } = readParameters(listParameters, fields)
  const where = { ...(charge && { charge }), ...(payment_intent && { payment_intent }) }
  const warnings = world.store.list<EarlyFraudWarning>('radar.early_fraud_warning', where)
  return pageOf(warnings, page, '/v1/radar/early_fraud_warnings', 'radar.early_fraud_warning')
}
