/** Usage events in, and what became of one. */
export const usageRoutes = {
  takeUsage: 'POST /v1/usage',
  findUsage: 'GET /v1/usage',
  readUsage: 'GET /v1/usage/{source}/{id}',
  listUsageSources: 'GET /v1/accounts/{accountId}/usage-sources',
  releaseGap: 'POST /v1/accounts/{accountId}/usage-sources/releases',
} as const
