/** The plans on offer, an account's own plan, the fees that were agreed with it, and its next charge. */
export const planRoutes = {
  listPlans: 'GET /v1/plans',
  readPlan: 'GET /v1/plans/{planId}',
  setPlan: 'PUT /v1/plans/{planId}',
  readAccountPlan: 'GET /v1/accounts/{accountId}/plan',
  setAccountPlan: 'PUT /v1/accounts/{accountId}/plan',
  setStopOrder: 'PUT /v1/accounts/{accountId}/plan/stop-order',
  readPlanPrices: 'GET /v1/accounts/{accountId}/plan-prices',
  setPlanPrices: 'PUT /v1/accounts/{accountId}/plan-prices',
  readUpcomingCharge: 'GET /v1/accounts/{accountId}/upcoming-charge',
} as const

/** Changes of an account's plan within a month: what one would cost, and the change itself. */
export const planChangeRoutes = {
  changeAccountPlan: 'POST /v1/accounts/{accountId}/plan-changes',
  previewPlanChange: 'POST /v1/accounts/{accountId}/plan-changes/preview',
} as const
