/** The portal's page of an account's privacy requests: it asks for a sign-in of now before it hands anything out. */
export function privacyLink(portalUrl: string, accountId: string, requestId: string): string {
  const link = new URL('/portal/privacy', portalUrl)
  link.searchParams.set('account', accountId)
  link.searchParams.set('request', requestId)
  return link.href
}
