import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { defineRoute } from '../edge/route.ts'
import { lineSchema } from '../edge/text.ts'
import { moneyReply } from '../ledger/money.ts'
import { EXCEPTION_KINDS } from './payment-exception.ts'
import { paymentExceptionRoutes } from './payment-exceptions.routes.ts'

const tag = 'Payment exceptions'

const resolutionReply = z
  .object({
    note: z.string(),
    resolvedBy: z.string(),
    resolvedAt: z.string(),
  })
  .meta({ id: 'PaymentExceptionResolution' })

export const paymentExceptionReply = z
  .object({
    kind: z.enum(EXCEPTION_KINDS).meta({
      description:
        '`stuck`: charged to a saved card 30 minutes ago, on a payment page for 25 hours, or refunded an hour ago, and the provider has not told its end',
    }),
    about: z.enum(['top_up', 'refund', 'dispute']),
    accountId: z.string(),
    id: z.string().meta({ description: 'of the top-up, refund or dispute' }),
    topUpId: z.string().meta({ description: 'whose payment it is' }),
    status: z.string(),
    amount: moneyReply,
    since: z.string(),
    why: z.string().optional().meta({ description: 'the provider’s word, or what does not match' }),
    paymentId: z.string().optional().meta({ description: 'the provider’s' }),
    evidenceDueAt: z.string().optional(),
    next: z.string().meta({ description: 'what is to be done' }),
    lastResolution: resolutionReply
      .optional()
      .meta({ description: 'what staff said the last time; something has changed since then' }),
  })
  .meta({ id: 'PaymentException' })

export const listPaymentExceptions = defineRoute({
  route: paymentExceptionRoutes.listPaymentExceptions,
  summary: 'Payments that somebody has to look at, the longest standing first; staff',
  tag,
  callers: ['staff'],
  query: z.strictObject({
    kind: z.enum(EXCEPTION_KINDS).optional().meta({ description: 'absent: all of them' }),
    limit: limitSchema(100, 25),
    cursor: cursorSchema.optional(),
  }),
  responses: {
    200: {
      description: 'A page; it may hold fewer lines than its limit and still have a next one',
      schema: z.object({ exceptions: z.array(paymentExceptionReply), nextCursor: z.string().optional() }),
    },
  },
  problems: [],
})

export const resolvePaymentException = defineRoute({
  route: paymentExceptionRoutes.resolvePaymentException,
  summary: 'Take one off the list, with a reason that is kept; staff',
  tag,
  callers: ['staff'],
  params: z.strictObject({
    accountId: accountIdSchema,
    exceptionId: z.string().regex(/^[A-Za-z0-9_-]{3,64}$/, 'must be the id of a top-up, refund or dispute'),
  }),
  body: z
    .strictObject({ note: lineSchema(500).meta({ description: 'what was done about it' }) })
    .meta({ id: 'PaymentExceptionNote' }),
  responses: {
    200: {
      description: 'It is off the list, until something about it changes',
      schema: resolutionReply,
    },
  },
  problems: ['exception_not_found', 'exception_resolved', 'changed_meanwhile'],
})

export const paymentExceptionsApi = [listPaymentExceptions, resolvePaymentException]
