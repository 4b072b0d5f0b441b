/** Credit that is topped up by itself, with a card that is kept. */
export const autoTopUpRoutes = {
  readAutoTopUp: 'GET /v1/accounts/{accountId}/auto-top-up',
  setAutoTopUp: 'PUT /v1/accounts/{accountId}/auto-top-up',
  switchOffAutoTopUp: 'DELETE /v1/accounts/{accountId}/auto-top-up',
} as const
