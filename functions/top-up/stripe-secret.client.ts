import { getSecret } from '@aws-lambda-powertools/parameters/secrets'
import { z } from 'zod'

const stripeSecretSchema = z.object({ apiKey: z.string().min(1), webhookSigningSecret: z.string().min(1) })

/** A rotated secret is in use after this long; so is the old one. */
const LONGEST_CACHE_SECONDS = 300

export type StripeSecret = z.infer<typeof stripeSecretSchema>

/** Stripe's API key and webhook signing secret from Secrets Manager, remembered for five minutes. */
export async function readStripeSecret(secretName: string): Promise<StripeSecret> {
  const value = await getSecret(secretName, { maxAge: LONGEST_CACHE_SECONDS, transform: 'json' })
  const result = stripeSecretSchema.safeParse(value)
  if (!result.success) throw new Error(`secret ${secretName} needs the texts apiKey and webhookSigningSecret`)
  return result.data
}
