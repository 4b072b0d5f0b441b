import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { defineRoute } from '../edge/route.ts'
import { lineSchema } from '../edge/text.ts'
import { moneyReply, moneySchema } from '../ledger/money.ts'
import { topUpIdSchema } from '../top-up/top-up.ts'
import { REFUND_STATUSES, refundIdSchema } from './refund.ts'
import { refundRoutes } from './refunds.routes.ts'

const tag = 'Refunds'
const ofTopUp = z.strictObject({ accountId: accountIdSchema, topUpId: topUpIdSchema })
const ofRefund = ofTopUp.extend({ refundId: refundIdSchema })

export const refundReply = z
  .object({
    refundId: z.string(),
    accountId: z.string(),
    topUpId: z.string(),
    status: z.enum(REFUND_STATUSES).meta({
      description:
        '`asked`: the credit is taken and the provider asked; `failed`: the money did not reach the card and the credit is back. Clients see no refund before it is asked for.',
    }),
    amount: moneyReply,
    reason: z.string(),
    origin: z.enum(['staff', 'provider']).meta({ description: '`provider`: it was made there by hand' }),
    failureCode: z.string().optional().meta({ description: 'the provider’s word for why it failed' }),
    createdAt: z.string(),
    changedAt: z.string().meta({ description: 'since when it has this status' }),
    transaction: z.int().optional().meta({ description: 'number of the transaction that took the credit' }),
    returnTransaction: z.int().optional().meta({ description: 'number of the one that gave it back' }),
    requestedBy: z.string().optional().meta({ description: 'for staff alone' }),
    decidedBy: z.string().optional().meta({ description: 'who approved or rejected it; for staff alone' }),
    rejection: z.string().optional().meta({ description: 'why it was rejected; for staff alone' }),
  })
  .meta({ id: 'TopUpRefund' })

export const requestRefund = defineRoute({
  route: refundRoutes.requestRefund,
  summary: 'Refund a part of a top-up to its card, or all that is unspent; staff',
  tag,
  callers: ['staff'],
  params: ofTopUp,
  body: moneySchema
    .extend({ reason: lineSchema(500).meta({ description: 'stands on the client’s statement' }) })
    .meta({ id: 'TopUpRefundRequest' }),
  idempotent: true,
  responses: {
    201: {
      description:
        'The refund; a repeat gives the same one as it is by then. Its credit is taken, or it waits for a second person where one person has refunded more of the top-up than 1000 times the least top-up (500.00 USD).',
      schema: refundReply,
    },
  },
  problems: [
    'account_not_found',
    'top_up_not_found',
    'top_up_not_settled',
    'more_than_unspent',
    'account_parked',
    'account_closed',
    'wrong_currency',
    'idempotency_key_reused',
    'busy',
  ],
})

export const approveRefund = defineRoute({
  route: refundRoutes.approveRefund,
  summary: 'Approve a refund that somebody else has asked for; staff who have signed in',
  tag,
  callers: ['staff'],
  params: ofRefund,
  idempotent: true,
  responses: {
    200: {
      description:
        'The refund; its credit is taken now. A refund is approved once, whatever the Idempotency-Key.',
      schema: refundReply,
    },
  },
  problems: [
    'account_not_found',
    'top_up_not_found',
    'refund_not_found',
    'approval_by_requester',
    'approval_by_machine',
    'refund_already_decided',
    'top_up_not_settled',
    'more_than_unspent',
    'account_parked',
    'account_closed',
    'wrong_currency',
    'busy',
  ],
})

export const rejectRefund = defineRoute({
  route: refundRoutes.rejectRefund,
  summary: 'Reject a refund that waits for approval, or take back one’s own; staff',
  tag,
  callers: ['staff'],
  params: ofRefund,
  body: z
    .strictObject({ reason: lineSchema(500).meta({ description: 'for staff; clients do not see it' }) })
    .meta({ id: 'RefundRejection' }),
  responses: { 200: { description: 'The refund', schema: refundReply } },
  problems: ['account_not_found', 'refund_not_found', 'refund_already_decided', 'busy'],
})

export const listRefunds = defineRoute({
  route: refundRoutes.listRefunds,
  summary: 'The refunds of a top-up, newest first',
  tag,
  callers: ['client', 'staff'],
  params: ofTopUp,
  query: z.strictObject({ limit: limitSchema(100, 25), cursor: cursorSchema.optional() }),
  responses: {
    200: {
      description: 'A page',
      schema: z.object({ refunds: z.array(refundReply), nextCursor: z.string().optional() }),
    },
  },
  problems: ['account_not_found', 'top_up_not_found'],
})

export const refundsApi = [requestRefund, listRefunds, approveRefund, rejectRefund]
