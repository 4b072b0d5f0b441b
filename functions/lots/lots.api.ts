import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { cursorSchema, limitSchema } from '../edge/cursor.ts'
import { defineRoute } from '../edge/route.ts'
import { lotRoutes } from './lots.routes.ts'
import { lotReply } from './present-lot.ts'

export const listLots = defineRoute({
  route: lotRoutes.listLots,
  summary: 'The parts that an account’s available credit is made of, in the order in which they are used',
  tag: 'Statements',
  callers: ['staff', 'client'],
  params: z.strictObject({ accountId: accountIdSchema }),
  query: z.strictObject({ limit: limitSchema(200, 50), cursor: cursorSchema.optional() }),
  responses: {
    200: {
      description:
        'A page: soonest expiry first, at the same expiry what was given before what was bought, then the older. What has expired is not among them.',
      schema: z.object({ lots: z.array(lotReply), nextCursor: z.string().optional() }),
    },
  },
  problems: ['account_not_found'],
})

export const lotsApi = [listLots]
