import { z } from 'zod'
import { accountIdSchema, emailSchema } from '../accounts/account.ts'
import { accountInFullReply } from '../accounts/present-account.ts'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { instantSchema } from '../edge/instant.ts'
import { defineRoute } from '../edge/route.ts'
import { lineSchema } from '../edge/text.ts'
import { moneyReply } from '../ledger/money.ts'
import { privacyRequestReply, staffPrivacyRequestReply } from './present-request.ts'
import { privacyRoutes } from './privacy.routes.ts'
import { PRIVACY_KINDS, privacyRequestIdSchema, SCOPES } from './privacy-request.ts'

const tag = 'Privacy'
const accountParams = z.strictObject({ accountId: accountIdSchema })
const requestParams = z.strictObject({ accountId: accountIdSchema, requestId: privacyRequestIdSchema })

const subjectSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('account') }),
  z.strictObject({
    type: z.literal('person'),
    email: emailSchema,
    scope: z.enum(SCOPES).default('this_account').meta({ description: 'of oneself, also all accounts' }),
  }),
])

export const askPrivacy = defineRoute({
  route: privacyRoutes.askPrivacy,
  summary: 'Ask for an export or the erasure of an account or a person; needs a sign-in of the last minutes',
  tag,
  callers: ['client'],
  params: accountParams,
  body: z.strictObject({
    kind: z.enum(PRIVACY_KINDS),
    subject: subjectSchema.default({ type: 'account' }),
  }),
  idempotent: true,
  responses: {
    202: { description: 'The request; it is done in the background', schema: privacyRequestReply },
  },
  problems: [
    ...(['account_not_found', 'role_not_allowed', 'sign_in_again', 'privacy_request_open'] as const),
    ...(['account_not_empty', 'last_owner', 'member_not_found', 'idempotency_key_reused', 'busy'] as const),
  ],
})

export const listPrivacyRequests = defineRoute({
  route: privacyRoutes.listPrivacyRequests,
  summary: 'Privacy requests: an owner sees the account’s, everybody their own',
  tag,
  callers: ['client', 'staff'],
  params: accountParams,
  responses: {
    200: { description: 'The requests', schema: z.object({ requests: z.array(privacyRequestReply) }) },
  },
  problems: ['account_not_found'],
})

export const readPrivacyRequest = defineRoute({
  route: privacyRoutes.readPrivacyRequest,
  summary: 'A privacy request and its answer',
  tag,
  callers: ['client', 'staff'],
  params: requestParams,
  responses: { 200: { description: 'The request', schema: privacyRequestReply } },
  problems: ['account_not_found', 'privacy_request_not_found'],
})

export const fetchExport = defineRoute({
  route: privacyRoutes.fetchExport,
  summary: 'An address under which an export can be fetched for minutes; needs a sign-in of the last minutes',
  tag,
  callers: ['client', 'staff'],
  params: requestParams,
  responses: {
    200: {
      description: 'Where it can be fetched, by whoever has the address',
      schema: z.object({ url: z.url(), expiresAt: z.string() }),
    },
  },
  problems: [
    ...(['account_not_found', 'role_not_allowed', 'sign_in_again'] as const),
    ...(['privacy_request_not_found', 'export_not_ready'] as const),
  ],
})

export const closureReply = accountInFullReply
  .extend({
    remaining: z
      .object({ available: moneyReply, held: moneyReply, owed: moneyReply })
      .meta({ description: 'what was there when it was closed' }),
    statement: z.string().meta({ description: 'what becomes of it, for people' }),
  })
  .meta({ id: 'ClosedAccount' })

export const closeAccount = defineRoute({
  route: privacyRoutes.closeAccount,
  summary: 'Close one’s own account, once it has no credit; owners, with a sign-in of the last minutes',
  tag,
  callers: ['client'],
  params: accountParams,
  body: z.strictObject({ reason: lineSchema(500).optional() }),
  responses: { 200: { description: 'The account, closed', schema: closureReply } },
  problems: ['account_not_found', 'role_not_allowed', 'sign_in_again', 'account_not_empty', 'busy'],
})

export const listAllPrivacyRequests = defineRoute({
  route: privacyRoutes.listAllPrivacyRequests,
  summary: 'All privacy requests: open ones by their deadline, or done ones by their end',
  tag,
  callers: ['staff'],
  query: z.strictObject({
    status: z.enum(['open', 'done']).default('open'),
    limit: limitSchema(100, 50),
    cursor: cursorSchema.optional(),
  }),
  responses: {
    200: {
      description: 'A page of requests',
      schema: z.object({ requests: z.array(staffPrivacyRequestReply), nextCursor: z.string().optional() }),
    },
  },
})

export const startPrivacyRequest = defineRoute({
  route: privacyRoutes.startPrivacyRequest,
  summary: 'Begin a request that reached the operator otherwise: by letter, by telephone',
  tag,
  callers: ['staff'],
  body: z.strictObject({
    accountId: accountIdSchema,
    kind: z.enum(PRIVACY_KINDS),
    subject: subjectSchema,
    receivedAt: instantSchema.meta({
      description: 'when it reached the operator: the deadline counts from then',
    }),
    replyTo: emailSchema.meta({ description: 'where the answer goes' }),
    note: lineSchema(500).meta({ description: 'how it came, and how the person was recognised' }),
  }),
  idempotent: true,
  responses: { 202: { description: 'The request', schema: staffPrivacyRequestReply } },
  problems: [
    ...(['account_not_found', 'privacy_request_open', 'account_not_empty', 'last_owner'] as const),
    ...(['idempotency_key_reused', 'busy'] as const),
  ],
})

export const extendPrivacyRequest = defineRoute({
  route: privacyRoutes.extendPrivacyRequest,
  summary: 'Extend a request’s deadline by two months; who asked is told why by e-mail',
  tag,
  callers: ['staff'],
  params: requestParams,
  body: z.strictObject({ reason: lineSchema(500) }),
  responses: { 200: { description: 'The request as it is now', schema: staffPrivacyRequestReply } },
  problems: ['account_not_found', 'privacy_request_not_found', 'changed_meanwhile', 'busy'],
})

export const privacyApi = [
  ...[askPrivacy, listPrivacyRequests, readPrivacyRequest, fetchExport, closeAccount],
  ...[listAllPrivacyRequests, startPrivacyRequest, extendPrivacyRequest],
]
