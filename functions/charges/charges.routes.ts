/** Rate and deduct now, or refuse. */
export const chargeRoutes = {
  chargeNow: 'POST /v1/accounts/{accountId}/charges',
} as const
