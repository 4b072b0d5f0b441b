/** Raises that are not payments, and corrections: staff only. */
export const creditRoutes = {
  giveCredit: 'POST /v1/accounts/{accountId}/credits',
  refundEntry: 'POST /v1/accounts/{accountId}/transactions/{sequence}/refunds',
  reverseEntry: 'POST /v1/accounts/{accountId}/transactions/{sequence}/reversals',
} as const
