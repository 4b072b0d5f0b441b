/** Where people sign in and out, from OpenID Connect Discovery 1.0; not every issuer names where they sign out. */
export type SignInEndpoints = {
  authorizationEndpoint: string
  tokenEndpoint: string
  endSessionEndpoint?: string
}

export type PageConfiguration = SignInEndpoints & {
  clientId: string
  /** Where on this origin the sign-in service comes back to; one of the deployment's callback addresses. */
  callbackPath: string
}

const PLACE = '<script type="application/json" id="configuration">{}</script>'

/** A page with its configuration in a data block, which no browser runs and whose text cannot end the block. */
export function configurePage(page: string, configuration: PageConfiguration): string {
  if (!page.includes(PLACE)) throw new Error('the page has no place for its configuration')
  const json = JSON.stringify(configuration).replaceAll('<', '\\u003c')
  return page.replace(PLACE, () => PLACE.replace('{}', () => json))
}
