import { join } from 'node:path'
import { awsQueueUrlPrefix } from './template/intrinsics.ts'
import type { LocalFunction, LocalTemplate } from './template.ts'

type Addresses = {
  databaseUrl: string
  apiUrl: string
  eventBridgeUrl: string
  sqs: { url: string }
  s3: { url: string }
  ses: { url: string }
  secrets: { url: string }
  issuer: { url: string; clients: { portal: { clientId: string } } }
  stripe: { url: string }
}

/**
 * A function's environment: the template's, with the addresses of the stand-ins in place of AWS's. Nothing of this process's own
 * environment gets in, above all no credentials and no AWS profile.
 */
export function functionEnvironment(options: {
  definition: LocalFunction
  template: LocalTemplate
  folder: string
  services: Addresses
}): Record<string, string> {
  const { definition, template, folder, services } = options
  const awsQueues = awsQueueUrlPrefix({ stacks: [], ...template })
  const given = Object.fromEntries(
    Object.entries(definition.environment).map(([name, value]) => [
      name,
      value.replaceAll(awsQueues, `${services.sqs.url}/`),
    ]),
  )
  const replacements: Record<string, string> = {
    STRIPE_API_URL: services.stripe.url,
    TOKEN_ISSUER: services.issuer.url,
    PORTAL_URL: services.apiUrl,
    API_URL: services.apiUrl,
    PORTAL_CLIENT_ID: services.issuer.clients.portal.clientId,
  }
  for (const [name, value] of Object.entries(replacements)) if (name in given) given[name] = value
  return {
    ...given,
    PATH: process.env.PATH ?? '',
    TZ: 'UTC',
    AWS_REGION: template.region,
    AWS_DEFAULT_REGION: template.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(folder, 'no-aws-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'no-aws-credentials'),
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMegabytes),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_ENDPOINT_URL_DYNAMODB: services.databaseUrl,
    AWS_ENDPOINT_URL_SQS: services.sqs.url,
    AWS_ENDPOINT_URL_EVENTBRIDGE: services.eventBridgeUrl,
    AWS_ENDPOINT_URL_SESV2: services.ses.url,
    AWS_ENDPOINT_URL_S3: services.s3.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: services.secrets.url,
    // The database stamps its answers with real time: the SDK would take the test clock for a wrong one and repeat every refused call.
    AWS_DISABLE_CLOCK_SKEW_CORRECTION: 'true',
    // There is no X-Ray here to take traces.
    POWERTOOLS_TRACE_ENABLED: 'false',
    AWS_XRAY_CONTEXT_MISSING: 'IGNORE_ERROR',
  }
}
