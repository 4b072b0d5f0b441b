import { createHash, randomBytes } from 'node:crypto'
import { readAccessToken } from './machine-token.ts'

export interface PersonTokenRequest {
  issuerUrl: string
  email: string
  redirectUri: string
  clientId?: string
  scope?: string
}

/**
 * Signs a person in at the local issuer as a browser would: authorization code with PKCE, the sign-in form filled in with
 * the e-mail address. Throws when the issuer refuses.
 */
export async function fetchPersonToken(request: PersonTokenRequest): Promise<string> {
  const clientId = request.clientId ?? 'portal'
  const verifier = randomBytes(32).toString('base64url')
  const state = randomBytes(16).toString('base64url')
  const code = await signIn(
    new URL(
      `${request.issuerUrl}/auth?${new URLSearchParams({
        client_id: clientId,
        response_type: 'code',
        redirect_uri: request.redirectUri,
        scope: request.scope ?? 'openid email profile',
        state,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      })}`,
    ),
    request,
    state,
  )
  const response = await fetch(`${request.issuerUrl}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: clientId,
      code,
      redirect_uri: request.redirectUri,
      code_verifier: verifier,
    }),
  })
  return readAccessToken(response)
}

/** Follows the redirects from the authorization endpoint through the form to the redirect URI; returns the code. */
async function signIn(start: URL, request: PersonTokenRequest, state: string): Promise<string> {
  const cookies = new Map<string, string>()
  let url = start
  for (let step = 0; step < 10; step++) {
    const isForm = url.pathname.startsWith('/sign-in/')
    const response = await fetch(url, {
      method: isForm ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      body: isForm ? new URLSearchParams({ email: request.email }) : undefined,
    })
    keepCookies(cookies, response)
    const location = response.headers.get('location')
    if (!location) throw new Error(`sign-in stopped with status ${response.status}: ${await response.text()}`)
    url = new URL(location, url)
    if (url.href.startsWith(request.redirectUri)) return codeOf(url, state)
  }
  throw new Error('sign-in did not come to an end')
}

function keepCookies(cookies: Map<string, string>, response: Response): void {
  for (const cookie of response.headers.getSetCookie()) {
    const [pair = ''] = cookie.split(';')
    const separator = pair.indexOf('=')
    const value = pair.slice(separator + 1)
    if (value) cookies.set(pair.slice(0, separator), value)
    else cookies.delete(pair.slice(0, separator))
  }
}

function codeOf(url: URL, state: string): string {
  const error = url.searchParams.get('error')
  if (error) throw new Error(`${error}: ${url.searchParams.get('error_description')}`)
  if (url.searchParams.get('state') !== state) throw new Error('the answer belongs to another sign-in')
  const code = url.searchParams.get('code')
  if (!code) throw new Error('the issuer sent no code')
  return code
}
