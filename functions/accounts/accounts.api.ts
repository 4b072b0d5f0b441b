import { z } from 'zod'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { defineRoute } from '../edge/route.ts'
import { announcedTermsReply, waitingTermsReply } from '../terms/present-terms.ts'
import {
  accountIdSchema,
  changeAccountSchema,
  emailSchema,
  memberRoleSchema,
  openAccountSchema,
  setStatusSchema,
} from './account.ts'
import { accountRoutes } from './accounts.routes.ts'
import { accountInFullReply, accountReply, memberReply } from './present-account.ts'

const tag = 'Accounts'
export const accountParams = z.strictObject({ accountId: accountIdSchema })
const memberParams = z.strictObject({ accountId: accountIdSchema, email: emailSchema })

export const meReply = z
  .object({
    kind: z.enum(['staff', 'usage', 'client']),
    email: z.string().optional(),
    accounts: z.array(
      accountReply.extend({
        role: memberRoleSchema,
        termsClosed: z.boolean().meta({ description: 'what moves money is closed until terms are accepted' }),
        termsWaiting: z.array(waitingTermsReply),
        termsAnnounced: z.array(announcedTermsReply).meta({
          description: 'versions that need no answer, until they are in effect',
        }),
      }),
    ),
  })
  .meta({ id: 'Me' })

export const readMe = defineRoute({
  route: accountRoutes.readMe,
  summary: 'Who I am, my accounts, what waits for acceptance, and which terms come without',
  tag,
  callers: ['staff', 'usage', 'client'],
  responses: {
    200: { description: 'The caller; at most 100 accounts, GET /v1/accounts lists all.', schema: meReply },
  },
})

export const openAccount = defineRoute({
  route: accountRoutes.openAccount,
  summary: 'Open an account, with its first owner and an empty ledger',
  tag,
  callers: ['staff'],
  body: openAccountSchema,
  idempotent: true,
  responses: { 201: { description: 'The account as it was opened', schema: accountReply } },
  problems: ['wrong_currency', 'idempotency_key_reused', 'busy'],
})

export const listAccounts = defineRoute({
  route: accountRoutes.listAccounts,
  summary: 'Staff: all accounts, newest first. Clients: their own',
  tag,
  callers: ['staff', 'client'],
  query: z.strictObject({ limit: limitSchema(200, 50), cursor: cursorSchema.optional() }),
  responses: {
    200: {
      description: 'A page of accounts',
      schema: z.object({ accounts: z.array(accountReply), nextCursor: z.string().optional() }),
    },
  },
})

export const readAccount = defineRoute({
  route: accountRoutes.readAccount,
  summary: 'An account’s settings',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  responses: { 200: { description: 'The account', schema: accountInFullReply } },
  problems: ['account_not_found'],
})

export const setStatus = defineRoute({
  route: accountRoutes.setStatus,
  summary: 'Park an account, so that nothing leaves it; open it again; or close it, once it has no credit',
  tag,
  callers: ['staff'],
  params: accountParams,
  body: setStatusSchema,
  responses: { 200: { description: 'The account as it is now', schema: accountInFullReply } },
  problems: ['account_not_found', 'account_not_empty', 'account_erased', 'busy'],
})

export const changeAccount = defineRoute({
  route: accountRoutes.changeAccount,
  summary:
    'Change an account’s name or low-credit threshold; staff: also its time zone, while it has no plan',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  body: changeAccountSchema,
  responses: { 200: { description: 'The account as it is now', schema: accountReply } },
  problems: [
    'account_not_found',
    'terms_required',
    'role_not_allowed',
    'wrong_currency',
    'time_zone_in_use',
    'busy',
  ],
})

export const listMembers = defineRoute({
  route: accountRoutes.listMembers,
  summary: 'Who may act for an account',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  responses: { 200: { description: 'The members', schema: z.object({ members: z.array(memberReply) }) } },
  problems: ['account_not_found', 'terms_required'],
})

export const addMember = defineRoute({
  route: accountRoutes.addMember,
  summary: 'Add a member; owners and staff',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  body: z.strictObject({ email: emailSchema, role: memberRoleSchema }),
  responses: {
    200: { description: 'The person was a member with this role already', schema: memberReply },
    201: { description: 'The new member', schema: memberReply },
  },
  problems: ['account_not_found', 'terms_required', 'role_not_allowed', 'member_exists', 'busy'],
})

export const changeMember = defineRoute({
  route: accountRoutes.changeMember,
  summary: 'Give a member another role; owners and staff',
  tag,
  callers: ['staff', 'client'],
  params: memberParams,
  body: z.strictObject({ role: memberRoleSchema }),
  responses: { 200: { description: 'The member as it is now', schema: memberReply } },
  problems: [
    'account_not_found',
    'terms_required',
    'role_not_allowed',
    'member_not_found',
    'last_owner',
    'busy',
  ],
})

export const removeMember = defineRoute({
  route: accountRoutes.removeMember,
  summary: 'Remove a member; owners and staff',
  tag,
  callers: ['staff', 'client'],
  params: memberParams,
  responses: { 204: { description: 'The person is no member any more' } },
  problems: ['account_not_found', 'role_not_allowed', 'member_not_found', 'last_owner', 'busy'],
})

export const accountsApi = [
  readMe,
  openAccount,
  listAccounts,
  readAccount,
  setStatus,
  changeAccount,
  listMembers,
  addMember,
  changeMember,
  removeMember,
]
