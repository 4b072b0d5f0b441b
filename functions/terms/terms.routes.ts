/** Documents that clients agree to, and their answers. */
export const termsRoutes = {
  listTerms: 'GET /v1/terms',
  publishTerms: 'POST /v1/terms',
  readTerms: 'GET /v1/terms/{document}',
  readTermsVersion: 'GET /v1/terms/{document}/versions/{version}',
  readTermsChanges: 'GET /v1/terms/{document}/versions/{version}/changes',
  listAcceptances: 'GET /v1/accounts/{accountId}/terms-acceptances',
  acceptTerms: 'POST /v1/accounts/{accountId}/terms-acceptances',
} as const

/** Who has answered what, and with which evidence. */
export const evidenceRoutes = {
  readEvidence: 'GET /v1/accounts/{accountId}/terms-acceptances/evidence',
  readCoverage: 'GET /v1/staff/terms/{document}/versions/{version}/coverage',
} as const
