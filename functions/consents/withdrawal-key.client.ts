import { getSecret } from '@aws-lambda-powertools/parameters/secrets'

const LONGEST_CACHE_SECONDS = 300
const SHORTEST_KEY_CHARACTERS = 32

/** The key that signs links to withdraw, from Secrets Manager, remembered for five minutes. */
export async function readWithdrawalKey(secretName: string): Promise<string> {
  const key = await getSecret(secretName, { maxAge: LONGEST_CACHE_SECONDS })
  if (typeof key !== 'string' || key.length < SHORTEST_KEY_CHARACTERS)
    throw new Error(`secret ${secretName} needs a text of at least ${SHORTEST_KEY_CHARACTERS} characters`)
  return key
}
