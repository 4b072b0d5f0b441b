import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { defineRoute } from '../edge/route.ts'
import { lineSchema } from '../edge/text.ts'
import { money, moneyReply, parseAmount } from '../ledger/money.ts'
import { serviceNameSchema } from '../prices/price.ts'
import type { AgreedPrice } from './agreed-price.ts'
import type { WishedPrice } from './decide-agreed-prices.ts'
import { feeSchema } from './plan.ts'
import { planRoutes } from './plans.routes.ts'

const tag = 'Plans'
const MOST_PRICES = 100
const params = z.strictObject({ accountId: accountIdSchema })
const monthSchema = z
  .string()
  .regex(/^20\d{2}-(0[1-9]|1[0-2])$/, 'must be a calendar month such as "2026-12"')
  .meta({ examples: ['2026-12'] })

const priceBody = z.strictObject({
  service: serviceNameSchema.meta({ description: 'a service of a plan, or `base-fee`' }),
  unitFee: feeSchema,
  fromPeriod: monthSchema.meta({
    description:
      'the first month that is priced by it: the next one or later; a month that has begun keeps its prices',
  }),
  throughPeriod: monthSchema.optional().meta({ description: 'the last; absent: until it is changed' }),
  reason: lineSchema(500).meta({ description: 'what was agreed; the client sees it' }),
})

export const planPricesBody = z
  .strictObject({ prices: z.array(priceBody).max(MOST_PRICES) })
  .meta({ id: 'PlanPrices' })

export const planPricesReply = z
  .object({
    accountId: z.string(),
    prices: z.array(
      z.object({
        service: z.string(),
        unitFee: moneyReply.meta({ description: 'for a whole month' }),
        fromPeriod: z.string(),
        throughPeriod: z.string().optional(),
        reason: z.string(),
        setAt: z.string(),
        setBy: z.string(),
      }),
    ),
  })
  .meta({ id: 'AgreedPlanPrices' })

export const readPlanPrices = defineRoute({
  route: planRoutes.readPlanPrices,
  summary: 'The monthly fees that were agreed with an account, in place of its plan’s',
  tag,
  callers: ['staff', 'client'],
  params,
  responses: {
    200: {
      description: 'All that hold, or will, and such as months may still be charged by',
      schema: planPricesReply,
    },
  },
  problems: ['account_not_found', 'terms_required'],
})

export const setPlanPrices = defineRoute({
  route: planRoutes.setPlanPrices,
  summary:
    'Set the monthly fees that were agreed with an account: the whole list. One that has begun and is left out ends with the current month',
  tag,
  callers: ['staff'],
  params,
  body: planPricesBody,
  responses: { 200: { description: 'The list as it is now', schema: planPricesReply } },
  problems: ['account_not_found', 'busy'],
})

export const planPricesApi = [readPlanPrices, setPlanPrices]

/** Amounts of a request as micros. */
export function toWishes({ prices }: z.output<typeof planPricesBody>): WishedPrice[] {
  return prices.map(({ unitFee, ...price }) => ({ ...price, unitFeeMicros: parseAmount(unitFee)! }))
}

export function presentPlanPrices(
  accountId: string,
  overrides: readonly AgreedPrice[],
  currency: string,
): z.infer<typeof planPricesReply> {
  return {
    accountId,
    prices: overrides.map(({ service, unitFeeMicros, fromPeriod, throughPeriod, reason, setAt, setBy }) => ({
      ...{
        service,
        unitFee: money(unitFeeMicros, currency),
        fromPeriod,
        throughPeriod,
        reason,
        setAt,
        setBy,
      },
    })),
  }
}
