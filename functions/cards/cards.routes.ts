/** The cards that an account pays with. */
export const cardRoutes = {
  listCards: 'GET /v1/accounts/{accountId}/payment-methods',
  saveCard: 'POST /v1/accounts/{accountId}/payment-methods',
  chooseCardRole: 'PUT /v1/accounts/{accountId}/payment-methods/{paymentMethodId}/role',
  removeCard: 'DELETE /v1/accounts/{accountId}/payment-methods/{paymentMethodId}',
} as const
