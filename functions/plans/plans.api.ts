import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { defineRoute } from '../edge/route.ts'
import { chosenServicesSchema, planContentSchema, planIdSchema } from './plan.ts'
import { planPricesApi } from './plan-prices.api.ts'
import { planRoutes } from './plans.routes.ts'
import { accountPlanReply, planReply, planVersionReply, upcomingChargeReply } from './present-plan.ts'

const tag = 'Plans'
const planParams = z.strictObject({ planId: planIdSchema })
const accountParams = z.strictObject({ accountId: accountIdSchema })
const setPlanReply = planVersionReply.extend({ planId: z.string() })

export const listPlans = defineRoute({
  route: planRoutes.listPlans,
  summary: 'The plans on offer, with all versions',
  tag,
  callers: ['staff', 'client'],
  responses: { 200: { description: 'All plans', schema: z.object({ plans: z.array(planReply) }) } },
})

export const readPlan = defineRoute({
  route: planRoutes.readPlan,
  summary: 'A plan: what is in force, and all versions',
  tag,
  callers: ['staff', 'client'],
  params: planParams,
  responses: { 200: { description: 'The plan', schema: planReply } },
  problems: ['plan_not_found'],
})

export const setPlan = defineRoute({
  route: planRoutes.setPlan,
  summary: 'Add a version of a plan; the same content again adds none',
  tag,
  callers: ['staff'],
  params: planParams,
  body: planContentSchema,
  responses: {
    200: { description: 'The newest version says the same already', schema: setPlanReply },
    201: { description: 'The new version', schema: setPlanReply },
  },
  problems: ['busy'],
})

export const readAccountPlan = defineRoute({
  route: planRoutes.readAccountPlan,
  summary: 'An account’s plan: its services and quantities',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  responses: { 200: { description: 'The plan as it was last chosen', schema: accountPlanReply } },
  problems: ['account_not_found', 'plan_not_found'],
})

export const setAccountPlan = defineRoute({
  route: planRoutes.setAccountPlan,
  summary:
    'Choose a plan and quantities, charged from the next calendar month in the account’s time zone on; the month of the choice is free of it',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  body: z.strictObject({ planId: planIdSchema, services: chosenServicesSchema }),
  responses: { 200: { description: 'The plan as it is chosen now', schema: accountPlanReply } },
  problems: ['account_not_found', 'role_not_allowed', 'terms_required', 'changed_meanwhile', 'busy'],
})

export const readUpcomingCharge = defineRoute({
  route: planRoutes.readUpcomingCharge,
  summary: 'The next monthly charge as it would be made now, and what is missing for it',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  responses: { 200: { description: 'The next charge', schema: upcomingChargeReply } },
  problems: ['account_not_found', 'plan_not_found'],
})

export const plansApi = [
  listPlans,
  readPlan,
  setPlan,
  readAccountPlan,
  setAccountPlan,
  readUpcomingCharge,
  ...planPricesApi,
]
