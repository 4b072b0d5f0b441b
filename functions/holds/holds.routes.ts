/** Credit set aside for a live session: begun, extended, ended. */
export const holdRoutes = {
  authoriseHold: 'POST /v1/accounts/{accountId}/holds',
  listHolds: 'GET /v1/accounts/{accountId}/holds',
  readHold: 'GET /v1/accounts/{accountId}/holds/{holdId}',
  extendHold: 'POST /v1/accounts/{accountId}/holds/{holdId}/extend',
  captureHold: 'POST /v1/accounts/{accountId}/holds/{holdId}/capture',
  releaseHold: 'POST /v1/accounts/{accountId}/holds/{holdId}/release',
} as const
