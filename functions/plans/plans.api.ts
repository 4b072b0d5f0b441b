import { z } from 'zod'
import { accountIdSchema } from '../accounts/account.ts'
import { defineRoute } from '../edge/route.ts'
import { explainedTransactionReply } from '../statements/present-entry.ts'
import { chosenServicesSchema, planContentSchema, planIdSchema, stopOrderSchema } from './plan.ts'
import { planPricesApi } from './plan-prices.api.ts'
import { planChangeRoutes, planRoutes } from './plans.routes.ts'
import { accountPlanReply, planReply, planVersionReply, upcomingChargeReply } from './present-plan.ts'
import { planChangePreviewReply } from './present-plan-change.ts'

const tag = 'Plans'
const planParams = z.strictObject({ planId: planIdSchema })
const accountParams = z.strictObject({ accountId: accountIdSchema })
/** What a client wants of a plan. */
const planChoice = z
  .strictObject({
    planId: planIdSchema.nullable().meta({ description: 'null: the plan ends', examples: ['hosted-basic'] }),
    services: chosenServicesSchema,
  })
  .meta({ id: 'PlanChoice' })
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
  problems: ['account_not_found', 'terms_required', 'plan_not_found'],
})

export const setAccountPlan = defineRoute({
  route: planRoutes.setAccountPlan,
  summary:
    'Choose a plan and quantities, charged from the next calendar month in the account’s time zone on; the month of the choice is free of it',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  body: planChoice,
  responses: { 200: { description: 'The plan as it is chosen now', schema: accountPlanReply } },
  problems: ['account_not_found', 'role_not_allowed', 'terms_required', 'changed_meanwhile', 'busy'],
})

export const setStopOrder = defineRoute({
  route: planRoutes.setStopOrder,
  summary:
    'Rank services in the order in which they stop when the plan is owed beyond its days of grace; those that are not named stop before them, the base fee after all',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  body: z.strictObject({ services: stopOrderSchema }).meta({ id: 'StopOrder' }),
  responses: { 200: { description: 'The plan with the order', schema: accountPlanReply } },
  problems: ['account_not_found', 'terms_required', 'role_not_allowed', 'plan_not_found', 'busy'],
})

const changeProblems = [
  'account_not_found',
  'role_not_allowed',
  'terms_required',
  'account_parked',
  'account_closed',
  'plan_owed',
  'too_many_changes',
  'busy',
] as const

export const previewPlanChange = defineRoute({
  route: planChangeRoutes.previewPlanChange,
  summary: 'What a change of plan would charge or give back if it were made now; changes nothing',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  body: planChoice,
  responses: { 200: { description: 'The change as it would be made now', schema: planChangePreviewReply } },
  problems: [...changeProblems],
})

export const changeAccountPlan = defineRoute({
  route: planChangeRoutes.changeAccountPlan,
  summary:
    'Change plan and quantities now: this month is paid by day, additions from today on, removals from tomorrow on; the difference is charged or given back at once',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  body: planChoice,
  idempotent: true,
  responses: { 201: { description: 'The transaction', schema: explainedTransactionReply } },
  problems: [...changeProblems, 'insufficient_credit', 'idempotency_key_reused'],
})

export const readUpcomingCharge = defineRoute({
  route: planRoutes.readUpcomingCharge,
  summary: 'The next monthly charge as it would be made now, and what is missing for it',
  tag,
  callers: ['staff', 'client'],
  params: accountParams,
  responses: { 200: { description: 'The next charge', schema: upcomingChargeReply } },
  problems: ['account_not_found', 'terms_required', 'plan_not_found'],
})

export const plansApi = [
  listPlans,
  readPlan,
  setPlan,
  readAccountPlan,
  setAccountPlan,
  setStopOrder,
  previewPlanChange,
  changeAccountPlan,
  readUpcomingCharge,
  ...planPricesApi,
]
