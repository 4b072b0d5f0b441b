/** What people want to hear of by e-mail beyond what they must know: given, withdrawn, and what it stands on. */
export const consentRoutes = {
  readMyConsents: 'GET /v1/me/consents',
  decideConsent: 'PUT /v1/me/consents/{purpose}',
  readConsentHistory: 'GET /v1/staff/consents/{email}',
} as const

/** Where a link in an e-mail leads: no sign-in. */
export const withdrawalRoutes = {
  readWithdrawalPage: 'GET /v1/consents/withdrawals',
  withdrawByLink: 'POST /v1/consents/withdrawals',
} as const
