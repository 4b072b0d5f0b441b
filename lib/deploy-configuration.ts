import { RetentionDays } from 'aws-cdk-lib/aws-logs'
import { z } from 'zod'

export type Context = Record<string, unknown>

/** What is wrong with the deploy configuration: one line per field, each naming it. */
export class ConfigurationError extends Error {}

const retentionDays = Object.values(RetentionDays).filter((days) => typeof days === 'number' && days < 9999)
const domain = z
  .string()
  .regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, 'must be a domain name, as in billing.example.com')
const webAddress = z.url({ protocol: /^https$/, error: 'must be a web address that starts with https://' })

const deployConfiguration = z
  .strictObject({
    stage: z
      .string()
      .regex(/^[a-z][a-z0-9-]{1,19}$/, 'must be 2 to 20 of a-z, 0-9 and -, starting with a letter')
      .default('production'),
    account: z
      .string()
      .regex(/^\d{12}$/, 'must be the 12 digits of an AWS account')
      .optional(),
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region, as in eu-west-1')
      .optional(),
    domainName: domain.optional(),
    hostedZoneId: z
      .string()
      .regex(/^Z[A-Z0-9]+$/, 'must be the id of a Route 53 hosted zone, as in Z0123456789')
      .optional(),
    portalUrl: webAddress.transform((url) => url.replace(/\/+$/, '')),
    portalCallbackUrls: z.preprocess(splitAtCommas, z.array(webAddress).min(1).max(100)).optional(),
    senderAddress: z.email({ error: 'must be an e-mail address, as in billing@example.com' }),
    senderIdentity: z
      .enum(['create', 'existing'], { error: "must be 'create' or 'existing'" })
      .default('create'),
    alarmEmail: z.email({ error: 'must be an e-mail address' }).optional(),
    stripeSecretName: z
      .string()
      .regex(/^[\w/+=.@-]{1,512}$/, 'must be the name of a secret in Secrets Manager, as in drawdown/stripe'),
    removalPolicy: z
      .enum(['retain', 'destroy'], { error: "must be 'retain' or 'destroy'" })
      .default('retain'),
    priceChangeNoticeDays: z.coerce
      .number({ error: 'must be a whole number of days from 0 to 365' })
      .int('must be a whole number of days from 0 to 365')
      .min(0, 'must be a whole number of days from 0 to 365')
      .max(365, 'must be a whole number of days from 0 to 365')
      .default(32),
    planGraceDays: z.coerce
      .number({ error: 'must be a whole number of days from 0 to 27' })
      .int('must be a whole number of days from 0 to 27')
      .min(0, 'must be a whole number of days from 0 to 27')
      .max(27, 'must be a whole number of days from 0 to 27')
      .default(7),
    usageDetailDays: z.coerce
      .number({ error: 'must be a whole number of days from 30 to 3650' })
      .int('must be a whole number of days from 30 to 3650')
      .min(30, 'must be a whole number of days from 30 to 3650')
      .max(3650, 'must be a whole number of days from 30 to 3650')
      .default(180),
    pacedMailsPerSecond: z.coerce
      .number({ error: 'must be a whole number from 1 to 100' })
      .int('must be a whole number from 1 to 100')
      .min(1, 'must be a whole number from 1 to 100')
      .max(100, 'must be a whole number from 1 to 100')
      .default(8),
    logRetentionDays: z.coerce
      .number({ error: `must be one of ${retentionDays.join(', ')}` })
      .refine((days) => retentionDays.includes(days), `must be one of ${retentionDays.join(', ')}`)
      .default(90),
    logLevel: z
      .enum(['DEBUG', 'INFO', 'WARN', 'ERROR'], { error: 'must be DEBUG, INFO, WARN or ERROR' })
      .default('INFO'),
  })
  .refine((fields) => fields.domainName === undefined || fields.hostedZoneId !== undefined, {
    path: ['hostedZoneId'],
    message: 'is needed with domainName: the zone gets its records',
  })
  .transform((fields) => ({
    ...fields,
    portalCallbackUrls: fields.portalCallbackUrls ?? [
      `${fields.portalUrl}/top-up`,
      `${fields.portalUrl}/portal`,
    ],
  }))

/** Where and how one installation of Drawdown is deployed; docs of each field are in its schema's message. */
export type DeployConfiguration = z.output<typeof deployConfiguration>

/**
 * The deploy configuration out of the CDK context: the key `drawdown` of cdk.json, each field overridden by
 * `-c drawdown.<field>=<value>` (a list is separated by commas; an empty value unsets the field).
 * Throws `ConfigurationError` with a line per wrong field; a field that does not exist is one.
 */
export function readDeployConfiguration(context: Context): DeployConfiguration {
  const fields: Context = { ...(context.drawdown as Context | undefined) }
  for (const [key, value] of Object.entries(context)) {
    if (key.startsWith('drawdown.')) fields[key.slice('drawdown.'.length)] = value === '' ? undefined : value
  }
  const result = deployConfiguration.safeParse(fields)
  if (result.success) return result.data
  throw new ConfigurationError(result.error.issues.flatMap((issue) => lines(issue, fields)).join('\n'))
}

function lines(issue: z.core.$ZodIssue, fields: Context): string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => line(key, 'is not a field'))
  const field = String(issue.path[0] ?? '')
  return [line(field, fields[field] === undefined && issue.code !== 'custom' ? 'is missing' : issue.message)]
}

function line(field: string, message: string): string {
  return `deploy configuration: ${field}: ${message}`
}

function splitAtCommas(value: unknown): unknown {
  return typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value
}
