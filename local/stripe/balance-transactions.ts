import type Stripe from 'stripe'
import type { FormFields } from './form-parameters.ts'
import { expandAlone, readParameters } from './read-parameters.ts'
import { noSuch } from './stripe-problem.ts'
import type { StripeWorld } from './stripe-world.ts'

/** One movement of our balance at Stripe, in minor units; what leaves it is negative. */
export interface BalanceMovement {
  type: 'charge' | 'refund' | 'refund_failure' | 'adjustment'
  reportingCategory: 'charge' | 'refund' | 'refund_failure' | 'dispute' | 'dispute_reversal'
  amount: number
  fee?: number
  currency: string
  source: string
  description?: string
}

/** Records a movement and returns it. Charges carry no fee here: what Stripe takes depends on the contract. */
export function recordMovement(world: StripeWorld, movement: BalanceMovement): Stripe.BalanceTransaction {
  const { amount, currency, fee = 0 } = movement
  const transaction: Stripe.BalanceTransaction = {
    id: world.newId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: world.nowSeconds(),
    balance_type: 'payments',
    created: world.nowSeconds(),
    currency,
    description: movement.description ?? null,
    exchange_rate: null,
    fee,
    fee_details:
      fee === 0
        ? []
        : [{ amount: fee, application: null, currency, description: 'Dispute fee', type: 'stripe_fee' }],
    net: amount - fee,
    reporting_category: movement.reportingCategory,
    source: movement.source,
    status: 'available',
    type: movement.type,
  }
  world.store.put(transaction)
  return transaction
}

/** `GET /v1/balance_transactions/:id`. */
export function retrieveBalanceTransaction(
  world: StripeWorld,
  fields: FormFields,
  id: string,
): Stripe.BalanceTransaction {
  readParameters(expandAlone, fields)
  const transaction = world.store.get<Stripe.BalanceTransaction>('balance_transaction', id)
  if (!transaction) throw noSuch('balance_transaction', id, 'id')
  return transaction
}
