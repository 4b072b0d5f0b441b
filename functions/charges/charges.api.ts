import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { defineRoute } from '../edge/route.ts'
import type { Entry } from '../ledger/entry.ts'
import { money, moneyReply } from '../ledger/money.ts'
import { chargeBody } from './charge.ts'
import { readChargeDetail } from './charge-entry.ts'
import { chargeRoutes } from './charges.routes.ts'

export const chargeReply = z
  .object({
    accountId: z.string(),
    transaction: z.int().meta({ description: 'number of the transaction' }),
    at: z.string(),
    amount: moneyReply.meta({ description: 'what was charged, ≥ 0' }),
    availableBefore: moneyReply,
    availableAfter: moneyReply,
    reason: z.string(),
    service: z.string().optional(),
    time: z.string().optional(),
    explanation: z
      .looseObject({})
      .optional()
      .meta({ description: 'price version, quantity, steps and rounding' }),
  })
  .meta({ id: 'Charge' })

export const chargeNow = defineRoute({
  route: chargeRoutes.chargeNow,
  summary: 'Rate a use, or take an amount, and deduct it now',
  tag: 'Charges',
  callers: ['usage', 'staff'],
  params: z.object({ accountId: accountIdSchema }),
  body: chargeBody,
  idempotent: true,
  responses: { 201: { description: 'Deducted', schema: chargeReply } },
  problems: [
    'insufficient_credit',
    'role_not_allowed',
    'terms_required',
    'account_not_found',
    'account_parked',
    'account_closed',
    'idempotency_key_reused',
    'wrong_currency',
    'not_rated',
    'busy',
  ],
})

export const chargesApi = [chargeNow]

/** A charge's entry as the reply carries it; the same for its repeats. */
export function presentCharge(entry: Entry): z.input<typeof chargeReply> {
  const { accountId, sequence, at, amountMicros, currency, reason } = entry
  return {
    accountId,
    transaction: Number(sequence),
    at,
    amount: money(-amountMicros, currency),
    availableBefore: money(entry.availableBeforeMicros, currency),
    availableAfter: money(entry.availableAfterMicros, currency),
    reason,
    ...readChargeDetail(entry.detail),
  }
}
