import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { defineRoute } from '../edge/route.ts'
import { ringFenceReply } from './present-ring-fence.ts'
import { ringFenceRoutes } from './ring-fence.routes.ts'
import { RING_FENCE_MODES } from './ring-fence.ts'

const tag = 'Plans'
const params = z.strictObject({ accountId: accountIdSchema })

export const readRingFence = defineRoute({
  route: ringFenceRoutes.readRingFence,
  summary: 'What an account sets aside for its next plan charge, so that usage cannot use it',
  tag,
  callers: ['staff', 'client'],
  params,
  responses: { 200: { description: 'The setting, and what is set aside', schema: ringFenceReply } },
  problems: ['account_not_found', 'terms_required', 'plan_not_found'],
})

export const setRingFence = defineRoute({
  route: ringFenceRoutes.setRingFence,
  summary: 'Set the next plan charge aside, wholly or as it accrues day by day, or not',
  tag,
  callers: ['staff', 'client'],
  params,
  body: z.strictObject({
    mode: z.enum(RING_FENCE_MODES).meta({
      description:
        '`whole`: all of the next charge, at once; `accruing`: the part of this month’s days that have begun; `off`: nothing. What is owed for earlier months is set aside with either',
    }),
  }),
  responses: {
    200: {
      description: 'The setting, and what is set aside by now: all that the credit covers',
      schema: ringFenceReply,
    },
  },
  problems: ['account_not_found', 'role_not_allowed', 'terms_required', 'plan_not_found', 'busy'],
})

export const ringFenceApi = [readRingFence, setRingFence]
