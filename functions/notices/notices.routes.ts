/** What becomes of mail to people. */
export const noticeRoutes = {
  clearEmailStatus: 'DELETE /v1/accounts/{accountId}/members/{email}/email-status',
} as const
