/** Raises that are not payments, and corrections: staff only. */
export const creditRoutes = {
  giveCredit: 'POST /v1/accounts/{accountId}/credits',
  reverseEntry: 'POST /v1/accounts/{accountId}/transactions/{sequence}/reversals',
} as const
