/** Parts of top-ups that go back to their cards. */
export const refundRoutes = {
  requestRefund: 'POST /v1/accounts/{accountId}/top-ups/{topUpId}/refunds',
  listRefunds: 'GET /v1/accounts/{accountId}/top-ups/{topUpId}/refunds',
  approveRefund: 'POST /v1/accounts/{accountId}/top-ups/{topUpId}/refunds/{refundId}/approval',
  rejectRefund: 'POST /v1/accounts/{accountId}/top-ups/{topUpId}/refunds/{refundId}/rejection',
} as const
