/** How far the charge of a month has come, for all accounts. */
export const runRoutes = {
  listRuns: 'GET /v1/staff/runs',
  readRun: 'GET /v1/staff/runs/{period}',
} as const
