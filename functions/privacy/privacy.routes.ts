/** An export can be fetched for so many days; the bucket's lifecycle deletes it then. */
export const EXPORT_DAYS = 7

/** What people may ask of the data that is held on them, and how staff keep the deadlines. */
export const privacyRoutes = {
  askPrivacy: 'POST /v1/accounts/{accountId}/privacy-requests',
  listPrivacyRequests: 'GET /v1/accounts/{accountId}/privacy-requests',
  readPrivacyRequest: 'GET /v1/accounts/{accountId}/privacy-requests/{requestId}',
  fetchExport: 'POST /v1/accounts/{accountId}/privacy-requests/{requestId}/download',
  closeAccount: 'POST /v1/accounts/{accountId}/closure',
  listAllPrivacyRequests: 'GET /v1/staff/privacy-requests',
  startPrivacyRequest: 'POST /v1/staff/privacy-requests',
  extendPrivacyRequest: 'POST /v1/staff/accounts/{accountId}/privacy-requests/{requestId}/extension',
} as const
