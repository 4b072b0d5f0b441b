import type { PreTokenGenerationV2TriggerEvent } from 'aws-lambda'
import { claimsOf } from './add-claims.ts'

/** Cognito asks before it issues a person's tokens; the rest of the token stays as it is. */
export const handler = async (
  event: PreTokenGenerationV2TriggerEvent,
): Promise<PreTokenGenerationV2TriggerEvent> => {
  const claims = claimsOf(event.request.userAttributes)
  if (claims) {
    event.response.claimsAndScopeOverrideDetails = {
      accessTokenGeneration: { claimsToAddOrOverride: { ...claims } },
    }
  }
  return event
}
