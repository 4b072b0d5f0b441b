/** What clients and staff check the books by. */
export const proofRoutes = {
  readStatementProof: 'GET /v1/accounts/{accountId}/statement-proof',
  readTrialBalance: 'GET /v1/trial-balance',
  proveAccount: 'POST /v1/accounts/{accountId}/proofs',
} as const
