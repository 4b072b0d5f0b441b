import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { instantSchema } from '../edge/instant.ts'
import { defineRoute } from '../edge/route.ts'
import { ENTRY_KINDS } from '../ledger/entry.ts'
import { usageReply } from '../usage/usage.api.ts'
import { balanceReply } from './present-balance.ts'
import { explainedTransactionReply, transactionReply } from './present-entry.ts'
import { statementRoutes } from './statements.routes.ts'

const tag = 'Statements'
const accountParams = z.strictObject({ accountId: accountIdSchema })

/** A transaction's number in a path. */
export const sequenceSchema = z
  .string()
  .regex(/^[1-9]\d{0,11}$/, 'must be a transaction’s number, from 1')
  .transform(BigInt)
  .meta({
    override: ({ jsonSchema }) => {
      delete jsonSchema.pattern
      Object.assign(jsonSchema, { type: 'integer', minimum: 1 })
    },
  })

const transactionInFull = explainedTransactionReply
  .extend({
    events: z
      .array(usageReply)
      .optional()
      .meta({ description: 'for usage: what became of each event, in the order in which they were decided' }),
  })
  .meta({ id: 'TransactionInFull' })

export const readBalance = defineRoute({
  route: statementRoutes.readBalance,
  summary: 'What an account holds, and what its plan takes next',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  responses: { 200: { description: 'The balance', schema: balanceReply } },
  problems: ['account_not_found'],
})

export const listTransactions = defineRoute({
  route: statementRoutes.listTransactions,
  summary:
    'An account’s history, newest first; as CSV with Accept: text/csv, which names the next page in its Link header',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  query: z.strictObject({
    limit: limitSchema(200, 50),
    cursor: cursorSchema.optional(),
    kind: z.enum(ENTRY_KINDS).optional(),
    from: instantSchema.optional().meta({ description: 'lines of this instant and later' }),
    to: instantSchema.optional().meta({ description: 'lines before this instant' }),
  }),
  responses: {
    200: {
      description: 'A page; it may hold fewer lines than its limit and still have a next one',
      schema: z.object({ transactions: z.array(transactionReply), nextCursor: z.string().optional() }),
      textTypes: ['text/csv'],
    },
  },
  problems: ['account_not_found'],
})

export const readTransaction = defineRoute({
  route: statementRoutes.readTransaction,
  summary: 'One transaction, explained',
  tag,
  callers: ['staff', 'client'],
  params: z.strictObject({ accountId: accountIdSchema, sequence: sequenceSchema }),
  responses: {
    200: {
      description:
        'The transaction with all that explains it; of usage, with Accept: text/csv, a line per event',
      schema: transactionInFull,
      textTypes: ['text/csv'],
    },
  },
  problems: ['account_not_found', 'transaction_not_found'],
})

export const statementsApi = [readBalance, listTransactions, readTransaction]
