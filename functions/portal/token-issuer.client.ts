import { z } from 'zod'
import type { SignInEndpoints } from './configure-page.ts'

const TIMEOUT_MILLISECONDS = 3000

const webAddress = z.url({ protocol: /^https?$/ })
const discoverySchema = z.object({
  issuer: z.string(),
  authorization_endpoint: webAddress,
  token_endpoint: webAddress,
  end_session_endpoint: webAddress.optional(),
})

/** Asks the issuer once per Lambda; undefined while it does not answer, and then asks again next time. */
export function createTokenIssuer({ issuer }: { issuer: string }) {
  let known: SignInEndpoints | undefined

  async function readEndpoints(): Promise<SignInEndpoints | undefined> {
    known ??= await discover(issuer)
    return known
  }

  return { readEndpoints }
}

async function discover(issuer: string): Promise<SignInEndpoints | undefined> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) })
    const found = discoverySchema.parse(await response.json())
    // Section 4.3 of the specification: another issuer's document is no answer.
    if (found.issuer !== issuer) return undefined
    return {
      authorizationEndpoint: found.authorization_endpoint,
      tokenEndpoint: found.token_endpoint,
      endSessionEndpoint: found.end_session_endpoint,
    }
  } catch {
    return undefined
  }
}
