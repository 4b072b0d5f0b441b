import { z } from 'zod'

/** How a person signed in, in evidence of what they decided. */
export const signInReply = z.object({ issuer: z.string(), clientId: z.string(), at: z.string().optional() })

/** Who sends a request, from the claims that the gateway's JWT authorizer has checked. */
export type Caller = {
  kind: 'staff' | 'usage' | 'client'
  /** What entries and evidence name: `person:<sub>` or `machine:<client id>`. */
  actor: string
  subject: string
  /** Verified, in lower case; people only. */
  email?: string
  /** How a person came by the token, for evidence; people only. */
  signIn?: z.infer<typeof signInReply>
}

type Claims = Record<string, unknown>

/**
 * Staff are people in the group `staff` or machines with the scope `drawdown/staff`; usage machines have the scope
 * `drawdown/usage`; everyone else is a client, known by a verified e-mail address.
 */
export function callerOf(claims: Claims): Caller {
  const scopes = text(claims.scope).split(' ')
  const email =
    text(claims.email_verified) === 'true' ? text(claims.email).toLowerCase() || undefined : undefined
  const subject = text(claims.sub) || text(claims.client_id)
  const isPerson = email !== undefined
  const actor = isPerson ? `person:${subject}` : `machine:${text(claims.client_id) || subject}`
  const signIn = isPerson ? signInOf(claims) : undefined
  if (scopes.includes('drawdown/staff') || groupsOf(claims['cognito:groups']).includes('staff')) {
    return { kind: 'staff', actor, subject, email, signIn }
  }
  if (scopes.includes('drawdown/usage')) return { kind: 'usage', actor, subject }
  return { kind: 'client', actor, subject, email, signIn }
}

/** `auth_time` (OpenID Connect Core, section 2) in seconds; gateways hand it over as a number or its digits. */
function signInOf(claims: Claims): Caller['signIn'] {
  const seconds = /^\d{1,11}$/.test(text(claims.auth_time)) ? Number(text(claims.auth_time)) : undefined
  const at = seconds === undefined ? undefined : new Date(seconds * 1000).toISOString()
  return { issuer: text(claims.iss), clientId: text(claims.client_id), at }
}

/** HTTP APIs hand a list claim over as one text, `[staff billing]`. */
function groupsOf(claim: unknown): string[] {
  if (Array.isArray(claim)) return claim.map(String)
  return text(claim)
    .replace(/^\[|\]$/g, '')
    .split(/[\s,]+/)
}

function text(claim: unknown): string {
  return claim === undefined || claim === null ? '' : String(claim)
}
