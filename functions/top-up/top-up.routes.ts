/** Payments that raise a balance, and the provider's word on them. */
export const topUpRoutes = {
  createTopUp: 'POST /v1/accounts/{accountId}/top-ups',
  listTopUps: 'GET /v1/accounts/{accountId}/top-ups',
  readTopUp: 'GET /v1/accounts/{accountId}/top-ups/{topUpId}',
  receivePaymentEvent: 'POST /v1/webhooks/stripe',
} as const
