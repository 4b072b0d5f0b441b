import type { Caller } from '../edge/caller.ts'
import { Problem } from '../edge/problem.ts'

/** A sign-in counts as fresh for so long. */
export const FRESH_MINUTES = 10
/** The issuer's clock may be ahead of ours by so much. */
const SKEW_MILLISECONDS = 60_000

/**
 * Lets nobody through who has not signed in within the last minutes, by the token's `auth_time` (OpenID Connect Core,
 * section 2): a token that was renewed, or a browser that somebody left open, does not do. Machines never signed in. Throws
 * `sign_in_again`.
 */
export function requireFreshSignIn({ signIn }: Pick<Caller, 'signIn'>, now: Date): void {
  const at = signIn?.at === undefined ? Number.NaN : Date.parse(signIn.at)
  const age = now.getTime() - at
  if (age <= FRESH_MINUTES * 60_000 && age >= -SKEW_MILLISECONDS) return
  const detail = `This asks for a sign-in of the last ${FRESH_MINUTES} minutes. Sign in again, with prompt=login at the authorization endpoint, and send the same request with the new token.`
  throw new Problem('sign_in_again', detail, {
    extra: { withinMinutes: FRESH_MINUTES, signedInAt: signIn?.at },
  })
}
