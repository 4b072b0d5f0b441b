import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { defineRoute } from '../edge/route.ts'
import { moneyReply } from '../ledger/money.ts'
import { proofRoutes } from './proof.routes.ts'
import { STATEMENT_PROOF_FORMAT, STATEMENT_PROOF_VERSION } from './statement-proof.ts'

const tag = 'Proofs'
const accountParams = z.strictObject({ accountId: accountIdSchema })

const afterSchema = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,11})$/, 'must be a transaction’s number, or 0')
  .transform(BigInt)
  .optional()
  .transform((after) => after ?? 0n)
  .meta({
    description: 'the page begins after this transaction; 0 for the account’s first',
    override: ({ jsonSchema }) => {
      delete jsonSchema.pattern
      Object.assign(jsonSchema, { type: 'integer', minimum: 0, default: 0 })
    },
  })

const digits = z.string().meta({ description: 'decimal digits', examples: ['1250000'] })
const chainPoint = z
  .object({ sequence: digits, hash: z.string(), availableMicros: digits, heldMicros: digits })
  .meta({
    id: 'ChainPoint',
    description: 'Where a chain stands after a transaction; amounts in millionths of a unit',
  })

const statementProofReply = z
  .object({
    format: z.literal(STATEMENT_PROOF_FORMAT),
    version: z.int().meta({ examples: [STATEMENT_PROOF_VERSION] }),
    accountId: z.string(),
    currency: z.string(),
    genesisHash: z.string(),
    opening: chainPoint.meta({ description: 'what the page comes after' }),
    entries: z.array(z.record(z.string(), z.unknown())).meta({
      description:
        'each transaction as it was hashed, with its hash; every value is a text, or a list of texts by name',
    }),
    tip: chainPoint.meta({ description: 'the account’s newest transaction' }),
    next: digits.optional().meta({ description: '`after` of the next page; absent on the last' }),
  })
  .meta({ id: 'StatementProof' })

export const readStatementProof = defineRoute({
  route: proofRoutes.readStatementProof,
  summary:
    'What an account’s client needs to check its statement by itself: each line as it was hashed, and the tip',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  query: z.strictObject({ after: afterSchema, limit: limitSchema(1000, 500) }),
  responses: {
    200: {
      description: 'A page, oldest first; it may hold fewer lines than its limit and still have a next one',
      schema: statementProofReply,
    },
  },
  problems: ['account_not_found', 'transaction_not_found'],
})

export const readTrialBalance = defineRoute({
  route: proofRoutes.readTrialBalance,
  summary: 'A part of the trial balance: add up the lines of all pages; per currency they sum to zero',
  tag,
  callers: ['staff'],
  query: z.strictObject({ limit: limitSchema(200, 100), cursor: cursorSchema.optional() }),
  responses: {
    200: {
      description: 'A page; an account with many lines since its last proof goes on in the next one',
      schema: z.object({
        accountCount: z.int().meta({ description: 'accounts that this page completes' }),
        lines: z.array(
          z.object({ account: z.string().meta({ examples: ['revenue:usage'] }), sum: moneyReply }),
        ),
        unbalanced: z
          .array(z.object({ accountId: z.string(), difference: moneyReply }))
          .meta({ description: 'accounts whose own lines do not sum to zero' }),
        nextCursor: z.string().optional(),
      }),
    },
  },
})

export const proveAccount = defineRoute({
  route: proofRoutes.proveAccount,
  summary: 'Prove an account now; one that does not agree is parked',
  tag,
  callers: ['staff'],
  params: accountParams,
  body: z.strictObject({
    whole: z
      .boolean()
      .default(false)
      .meta({ description: 'from the first line on, instead of from where the last proof came to' }),
  }),
  responses: {
    200: {
      description: 'What was found; of a long history a part, and the same request goes on from there',
      schema: z.object({
        result: z.enum(['proven', 'mismatch', 'incomplete']),
        sequence: z.int().meta({ description: 'the last line that was looked at' }),
        headSequence: z.int().meta({ description: 'the account’s newest line' }),
        faults: z.array(z.string()).meta({ description: 'what does not agree' }),
      }),
    },
  },
  problems: ['account_not_found', 'busy'],
})

export const proofApi = [readStatementProof, readTrialBalance, proveAccount]
