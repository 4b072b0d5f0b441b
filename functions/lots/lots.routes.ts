/** The parts that an account's credit is made of. */
export const lotRoutes = {
  listLots: 'GET /v1/accounts/{accountId}/lots',
} as const
