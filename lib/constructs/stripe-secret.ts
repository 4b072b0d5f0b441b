import { ArnFormat, Stack } from 'aws-cdk-lib'
import type { Foundation } from './foundation.ts'
import type { HouseFunction } from './house-function.ts'

const stripeApiUrl = 'https://api.stripe.com'

/**
 * Injects where Stripe is and the name of the secret with its keys, for reading that one secret. The operator makes
 * the secret; its keys never pass through a template. Secrets Manager ends each secret's ARN with six characters of
 * its own, which six question marks stand for.
 */
export function letUseStripe(user: HouseFunction, { configuration }: Foundation): void {
  const { stripeSecretName } = configuration
  user.inject('STRIPE_API_URL', stripeApiUrl)
  user.inject('STRIPE_SECRET_NAME', stripeSecretName)
  const secret = Stack.of(user).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${stripeSecretName}-??????`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  })
  user.allow(['secretsmanager:GetSecretValue'], [secret])
}
