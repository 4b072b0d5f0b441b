import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { defineRoute } from '../edge/route.ts'
import { moneyReply } from '../ledger/money.ts'
import { DISPUTE_STATUSES, disputeIdSchema } from './dispute.ts'
import { disputeRoutes } from './disputes.routes.ts'

const movementReply = z.object({
  transaction: z.int().meta({ description: 'number of the transaction' }),
  credit: moneyReply.meta({ description: 'what of it was available credit' }),
  owed: moneyReply.meta({ description: 'what of it became owed, or paid what was owed' }),
})

export const disputeReply = z
  .object({
    disputeId: z.string(),
    accountId: z.string(),
    topUpId: z.string().meta({ description: 'whose payment is disputed' }),
    status: z.enum(DISPUTE_STATUSES).meta({
      description:
        '`inquiry`: asked about, nothing taken; `open`: taken; `won`: given back; `lost`: gone; `closed`: an inquiry that came to nothing',
    }),
    amount: moneyReply.meta({ description: 'what is disputed' }),
    reason: z.string().meta({ description: 'the provider’s word for why', examples: ['fraudulent'] }),
    evidenceDueAt: z.string().optional(),
    openedAt: z.string(),
    changedAt: z.string(),
    taken: movementReply.optional().meta({ description: 'what it took' }),
    returned: movementReply.optional().meta({ description: 'what came back' }),
  })
  .meta({ id: 'Dispute' })

const ofAccount = z.strictObject({ accountId: accountIdSchema })

export const listDisputes = defineRoute({
  route: disputeRoutes.listDisputes,
  summary: 'The disputed payments of an account, in the order of their ids',
  tag: 'Disputes',
  callers: ['client', 'staff'],
  params: ofAccount,
  query: z.strictObject({ limit: limitSchema(100, 25), cursor: cursorSchema.optional() }),
  responses: {
    200: {
      description: 'A page',
      schema: z.object({ disputes: z.array(disputeReply), nextCursor: z.string().optional() }),
    },
  },
  problems: ['account_not_found'],
})

export const readDispute = defineRoute({
  route: disputeRoutes.readDispute,
  summary: 'One disputed payment',
  tag: 'Disputes',
  callers: ['client', 'staff'],
  params: ofAccount.extend({ disputeId: disputeIdSchema }),
  responses: { 200: { description: 'The dispute', schema: disputeReply } },
  problems: ['account_not_found', 'dispute_not_found'],
})

export const disputesApi = [listDisputes, readDispute]
