import { z } from 'zod'
import { accountIdSchema, emailSchema } from '../accounts/account.ts'
import { defineRoute } from '../edge/route.ts'
import { noticeRoutes } from './notices.routes.ts'

export const clearEmailStatus = defineRoute({
  route: noticeRoutes.clearEmailStatus,
  summary: 'Write to a member’s address again, after a bounce or a complaint',
  tag: 'Accounts',
  callers: ['staff'],
  params: z.strictObject({ accountId: accountIdSchema, email: emailSchema }),
  responses: { 204: { description: 'Mail goes to the address again, in all of its accounts' } },
  problems: ['account_not_found', 'member_not_found'],
})

export const noticesApi = [clearEmailStatus]
