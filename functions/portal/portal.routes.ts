/** Pages and documents that anyone may read. */
export const portalRoutes = {
  readDocs: 'GET /docs',
  readOpenApi: 'GET /openapi.json',
  readTopUpPage: 'GET /top-up',
  readPortalPage: 'GET /portal',
  readPortalTermsPage: 'GET /portal/terms',
  readPortalPrivacyPage: 'GET /portal/privacy',
  readSignedOutPage: 'GET /portal/signed-out',
} as const
