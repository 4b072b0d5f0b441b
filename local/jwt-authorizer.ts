import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'

export interface JwtAuthorizerOptions {
  /** The authorizer's issuer; its discovery document names the keys. */
  issuer: string
  /** The authorizer's audience list; for Cognito access tokens these are client ids. */
  audience: string[]
}

export type JwtDecision =
  | {
      ok: true
      /** What Lambda gets as `requestContext.authorizer.jwt.claims`: strings only. */
      claims: Record<string, string>
      /** `requestContext.authorizer.jwt.scopes`: the token's scopes, or null when the route asks for none. */
      scopes: string[] | null
    }
  | {
      ok: false
      status: 401 | 403
      /** The body's `message`. */
      message: 'Unauthorized' | 'Forbidden'
      /** The `www-authenticate` header, which carries the reason. */
      wwwAuthenticate: string
    }

export interface JwtAuthorizer {
  /**
   * Decides one request: `authorization` is its Authorization header, `authorizationScopes` the route's scopes, of which
   * the token must have at least one (an empty list asks for none).
   */
  authorize(authorization: string | undefined, authorizationScopes?: string[]): Promise<JwtDecision>
}

/**
 * The check of an HTTP API's JWT authorizer, as AWS documents it ("Control access to HTTP APIs with JWT authorizers"):
 * the header names a key (`kid`) of the issuer's JWKS and the signature is RSA; `iss` is the issuer; `aud`, or `client_id`
 * only when there is no `aud`, is in the audience list; `exp` is ahead, `nbf` and `iat` are not; `scope` or `scp` has one
 * of the route's scopes. A bad token is 401 with the reason in `www-authenticate`, a missing scope is 403.
 */
export function createJwtAuthorizer(options: JwtAuthorizerOptions): JwtAuthorizer {
  let keys: Promise<JWTVerifyGetKey> | undefined
  const findKeys = () => {
    keys ??= discoverKeys(options.issuer).catch((error) => {
      keys = undefined
      throw error
    })
    return keys
  }
  return {
    async authorize(authorization, authorizationScopes = []) {
      // The identity source may be the bare token or the token after "Bearer ".
      const token = authorization?.replace(/^Bearer\s+/i, '').trim()
      if (!token) return unauthorized()
      const verified = await verify(token, options, findKeys)
      if (!verified.ok) return unauthorized(verified.reason)
      const scopes = scopesOf(verified.payload)
      if (authorizationScopes.length > 0 && !authorizationScopes.some((scope) => scopes.includes(scope))) {
        return forbidden(authorizationScopes)
      }
      return {
        ok: true,
        claims: claimsForLambda(verified.payload),
        scopes: authorizationScopes.length > 0 ? scopes : null,
      }
    },
  }
}

type Verified = { ok: true; payload: JWTPayload } | { ok: false; reason: string }

async function verify(
  token: string,
  options: JwtAuthorizerOptions,
  findKeys: () => Promise<JWTVerifyGetKey>,
): Promise<Verified> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, await findKeys(), {
      algorithms: ['RS256'],
      issuer: options.issuer,
      requiredClaims: ['exp'],
      currentDate: new Date(),
    })
    // With a single key in the set, a token that names none would still be matched.
    if (!protectedHeader.kid) return { ok: false, reason: 'the token does not name its key' }
    const nowSeconds = Math.floor(Date.now() / 1000)
    if (payload.iat !== undefined && payload.iat > nowSeconds) {
      return { ok: false, reason: 'the token was issued in the future' }
    }
    if (!hasAudience(payload, options.audience)) {
      return { ok: false, reason: 'the token does not have a valid audience' }
    }
    return { ok: true, payload }
  } catch (error) {
    if (error instanceof errors.JOSEError) return { ok: false, reason: reasonOf(error) }
    throw error
  }
}

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired'
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the token does not have a valid ${error.claim}`
  if (error instanceof errors.JWKSNoMatchingKey) return 'the token is signed by an unknown key'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'the token is not signed with RS256'
  return 'the token is not valid'
}

function hasAudience(payload: JWTPayload, accepted: string[]): boolean {
  const presented = payload.aud ?? payload.client_id
  const audiences = Array.isArray(presented) ? presented : [presented]
  return audiences.some((audience) => typeof audience === 'string' && accepted.includes(audience))
}

function scopesOf(payload: JWTPayload): string[] {
  const scope = payload.scope ?? payload.scp
  if (typeof scope === 'string') return scope.split(' ').filter(Boolean)
  return Array.isArray(scope) ? scope.filter((entry) => typeof entry === 'string') : []
}

/**
 * API Gateway hands every claim to Lambda as a string. An array comes in brackets, its parts separated by spaces and not
 * quoted: `"cognito:groups": ["staff", "billing"]` arrives as `"[staff billing]"`. It looks like JSON and is not.
 */
export function claimsForLambda(payload: JWTPayload): Record<string, string> {
  return Object.fromEntries(
    Object.entries(payload)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [name, renderClaim(value)]),
  )
}

function renderClaim(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(renderClaim).join(' ')}]`
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

async function discoverKeys(issuer: string): Promise<JWTVerifyGetKey> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(address)
  if (!response.ok) throw new Error(`The issuer's discovery document answered ${response.status}: ${address}`)
  const { jwks_uri: jwksUri } = (await response.json()) as { jwks_uri: string }
  return createRemoteJWKSet(new URL(jwksUri))
}

function unauthorized(reason?: string): JwtDecision {
  const detail = reason ? ` scope="" error="invalid_token" error_description="${reason}"` : ''
  return { ok: false, status: 401, message: 'Unauthorized', wwwAuthenticate: `Bearer${detail}` }
}

function forbidden(scopes: string[]): JwtDecision {
  const scope = scopes.join(' ')
  const wwwAuthenticate = `Bearer scope="${scope}" error="insufficient_scope" error_description="the token does not have any of the scopes"`
  return { ok: false, status: 403, message: 'Forbidden', wwwAuthenticate }
}
