/** What an account holds, and every line that led there. */
export const statementRoutes = {
  readBalance: 'GET /v1/accounts/{accountId}/balance',
  listTransactions: 'GET /v1/accounts/{accountId}/transactions',
  readTransaction: 'GET /v1/accounts/{accountId}/transactions/{sequence}',
} as const
