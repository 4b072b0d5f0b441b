/** Pages and documents that anyone may read. */
export const portalRoutes = {
  readDocs: 'GET /docs',
  readOpenApi: 'GET /openapi.json',
  readTopUpPage: 'GET /top-up',
} as const
