export type PersonClaims = { email: string; email_verified: 'true' | 'false' }

/**
 * The claims that an access token gets from a person's attributes: the e-mail address, by which memberships go, and
 * whether Cognito verified it (attributes are strings, and so are added claims). Without an address there are none.
 */
export function claimsOf(attributes: Readonly<Record<string, string>>): PersonClaims | undefined {
  const { email, email_verified: verified } = attributes
  return email ? { email, email_verified: verified === 'true' ? 'true' : 'false' } : undefined
}
