import { z } from 'zod'
import { deliveredEventSchema } from '../events/event.ts'

/** A check that another one has asked for. */
const checkSchema = z.object({
  accountId: z.string().min(1),
  topUpId: z.string().optional(),
  period: z.string().optional(),
  isRecheck: z.boolean().optional(),
})
export type CheckMessage = z.output<typeof checkSchema>

/** What the queue of checks carries: events as the bus delivers them, and checks. Each comes out as a check. */
export const checkMessageSchema = z.union([
  checkSchema,
  deliveredEventSchema.transform(({ detailType, detail }): CheckMessage => {
    const topUpId = 'topUpId' in detail ? detail.topUpId : undefined
    const isOfMonth = detailType === 'plan.warning' || detailType === 'plan.automatic_top_up_expected'
    const period = isOfMonth ? detail.period : undefined
    return { accountId: detail.accountId, topUpId, period }
  }),
])
