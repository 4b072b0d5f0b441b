/** What an account sets aside for its plan. */
export const ringFenceRoutes = {
  readRingFence: 'GET /v1/accounts/{accountId}/ring-fence',
  setRingFence: 'PUT /v1/accounts/{accountId}/ring-fence',
} as const
