/** Payments that their payers' banks want back. */
export const disputeRoutes = {
  listDisputes: 'GET /v1/accounts/{accountId}/disputes',
  readDispute: 'GET /v1/accounts/{accountId}/disputes/{disputeId}',
} as const
