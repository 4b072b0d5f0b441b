import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { paymentMethodIdSchema } from '../cards/cards.ts'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { defineRoute } from '../edge/route.ts'
import { currencySchema, moneyReply, positiveAmountSchema } from '../ledger/money.ts'
import { topUpRoutes } from './top-up.routes.ts'
import { PAYMENT_METHODS, TOP_UP_STATUSES, topUpIdSchema } from './top-up.ts'

export const topUpBody = z
  .strictObject({
    amount: positiveAmountSchema.meta({
      description: 'what a card can pay: whole minor units of the currency',
    }),
    currency: currencySchema,
    paymentMethod: z.enum(PAYMENT_METHODS).default('checkout'),
    saveCard: z.boolean().default(false).meta({ description: 'keep the card for later top-ups' }),
    paymentMethodId: paymentMethodIdSchema
      .optional()
      .meta({ description: 'with `saved_card`: which; the default card where none is named' }),
  })
  .refine((body) => !(body.saveCard && body.paymentMethod === 'saved_card'), {
    path: ['saveCard'],
    message: 'goes with "checkout": a saved card is saved',
  })
  .refine((body) => !(body.paymentMethodId && body.paymentMethod !== 'saved_card'), {
    path: ['paymentMethodId'],
    message: 'goes with "saved_card"',
  })
  .meta({ id: 'TopUpRequest' })

export const topUpReply = z
  .object({
    topUpId: z.string(),
    accountId: z.string(),
    status: z.enum(TOP_UP_STATUSES).meta({
      description:
        'credited when `settled`; `mismatched` is paid otherwise than asked, credited not at all, and for staff to look at',
    }),
    amount: moneyReply,
    paidOwed: moneyReply.optional().meta({
      description:
        'what of it paid what was owed for payments that were taken back, and became no credit; absent where nothing was owed',
    }),
    refunded: moneyReply
      .optional()
      .meta({ description: 'what of it went back to the card, or is on its way; absent without any' }),
    paymentMethod: z.enum(PAYMENT_METHODS),
    paymentUrl: z.url().optional().meta({ description: 'where it is paid, while it can be' }),
    failureCode: z.string().optional(),
    createdAt: z.string(),
    settledAt: z.string().optional(),
    transaction: z.int().optional().meta({ description: 'number of the transaction that credited it' }),
  })
  .meta({ id: 'TopUp' })

const ofAccount = z.object({ accountId: accountIdSchema })

export const createTopUp = defineRoute({
  route: topUpRoutes.createTopUp,
  summary: 'Pay in; the credit comes with the provider’s confirmation, never before',
  tag: 'Top-ups',
  callers: ['client', 'staff'],
  params: ofAccount,
  body: topUpBody,
  idempotent: true,
  responses: {
    201: {
      description: 'The payment is started; a repeat gives the same top-up as it is by then',
      schema: topUpReply,
    },
  },
  problems: [
    'account_not_found',
    'role_not_allowed',
    'terms_required',
    'wrong_currency',
    'account_closed',
    'no_saved_card',
    'customer_gone',
    'card_not_found',
    'payment_declined',
    'authentication_required',
    'payment_provider_unavailable',
    'idempotency_key_reused',
  ],
})

export const listTopUps = defineRoute({
  route: topUpRoutes.listTopUps,
  summary: 'The top-ups of an account, newest first',
  tag: 'Top-ups',
  callers: ['client', 'staff'],
  params: ofAccount,
  query: z.strictObject({ limit: limitSchema(100, 25), cursor: cursorSchema.optional() }),
  responses: {
    200: {
      description: 'A page',
      schema: z.object({ topUps: z.array(topUpReply), nextCursor: z.string().optional() }),
    },
  },
  problems: ['account_not_found'],
})

export const readTopUp = defineRoute({
  route: topUpRoutes.readTopUp,
  summary: 'One top-up',
  tag: 'Top-ups',
  callers: ['client', 'staff'],
  params: z.object({ accountId: accountIdSchema, topUpId: topUpIdSchema }),
  responses: { 200: { description: 'The top-up', schema: topUpReply } },
  problems: ['account_not_found', 'top_up_not_found'],
})

export const receivePaymentEvent = defineRoute({
  route: topUpRoutes.receivePaymentEvent,
  summary: 'Stripe’s signed events',
  tag: 'Top-ups',
  callers: 'public',
  textBody: 'application/json',
  largestBodyBytes: 1024 * 1024,
  responses: {
    200: { description: 'Dealt with, or of no interest', schema: z.object({ received: z.literal(true) }) },
  },
  problems: ['webhook_signature_invalid', 'payment_provider_unavailable', 'busy'],
})

export const topUpApi = [createTopUp, listTopUps, readTopUp, receivePaymentEvent]
