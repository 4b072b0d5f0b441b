/** Who I am, the accounts, and who may act for them. */
export const accountRoutes = {
  readMe: 'GET /v1/me',
  openAccount: 'POST /v1/accounts',
  listAccounts: 'GET /v1/accounts',
  readAccount: 'GET /v1/accounts/{accountId}',
  changeAccount: 'PATCH /v1/accounts/{accountId}',
  setStatus: 'PUT /v1/accounts/{accountId}/status',
  listMembers: 'GET /v1/accounts/{accountId}/members',
  addMember: 'POST /v1/accounts/{accountId}/members',
  changeMember: 'PATCH /v1/accounts/{accountId}/members/{email}',
  removeMember: 'DELETE /v1/accounts/{accountId}/members/{email}',
} as const
