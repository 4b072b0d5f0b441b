import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { isDay } from '../accounts/local-day.ts'
import { defineRoute } from '../edge/route.ts'
import { lineSchema } from '../edge/text.ts'
import { moneySchema } from '../ledger/money.ts'
import { explainedTransactionReply } from '../statements/present-entry.ts'
import { sequenceSchema } from '../statements/statements.api.ts'
import { CREDIT_KINDS } from './credit-kinds.ts'
import { creditRoutes } from './credits.routes.ts'

const tag = 'Credits'
const reasonSchema = lineSchema(500).meta({ description: 'stands on the client’s statement' })

const daySchema = z
  .string()
  .refine(isDay, 'must be a day of the calendar such as "2026-12-31"')
  .meta({ format: 'date', examples: ['2026-12-31'] })

export const giveCredit = defineRoute({
  route: creditRoutes.giveCredit,
  summary: 'Raise a balance without a payment; staff',
  tag,
  callers: ['staff'],
  params: z.strictObject({ accountId: accountIdSchema }),
  body: moneySchema
    .extend({
      kind: z.enum(CREDIT_KINDS),
      reason: reasonSchema,
      lastDay: daySchema.optional().meta({
        description:
          'the last day, in the account’s time zone, on which it may be used: it expires at the midnight that ends it; today at the earliest, ten years ahead at the latest. Absent: it never expires',
      }),
    })
    .meta({ id: 'CreditRequest' }),
  idempotent: true,
  responses: { 201: { description: 'The transaction', schema: explainedTransactionReply } },
  problems: ['account_not_found', 'account_closed', 'wrong_currency', 'idempotency_key_reused', 'busy'],
})

export const reverseEntry = defineRoute({
  route: creditRoutes.reverseEntry,
  summary: 'Undo a transaction with a new one that names it; staff',
  tag,
  callers: ['staff'],
  params: z.strictObject({ accountId: accountIdSchema, sequence: sequenceSchema }),
  body: z.strictObject({ reason: reasonSchema }),
  idempotent: true,
  responses: {
    201: {
      description: 'The reversal. A transaction is reversed once, whatever the Idempotency-Key.',
      schema: explainedTransactionReply,
    },
  },
  problems: [
    'account_not_found',
    'transaction_not_found',
    'not_reversible',
    'already_reversed',
    'already_refunded',
    'insufficient_credit',
    'account_parked',
    'account_closed',
    'wrong_currency',
    'busy',
  ],
})

export const refundEntry = defineRoute({
  route: creditRoutes.refundEntry,
  summary: 'Give back a part of what a transaction charged, or all of it; staff',
  tag,
  callers: ['staff'],
  params: z.strictObject({ accountId: accountIdSchema, sequence: sequenceSchema }),
  body: moneySchema.extend({ reason: reasonSchema }).meta({ id: 'RefundRequest' }),
  idempotent: true,
  responses: {
    201: {
      description:
        'The refund. It goes to the lots that the charge was drawn from; several of one transaction never exceed what it charged.',
      schema: explainedTransactionReply,
    },
  },
  problems: [
    'account_not_found',
    'transaction_not_found',
    'not_refundable',
    'already_reversed',
    'more_than_left',
    'account_closed',
    'wrong_currency',
    'idempotency_key_reused',
    'busy',
  ],
})

export const creditsApi = [giveCredit, refundEntry, reverseEntry]
