import { join } from 'node:path'
import { createMissingTables, startDynamoDb } from './dynamodb.ts'
import { type RunningIssuer, startIssuer } from './issuer.ts'
import { type S3, startS3 } from './s3.ts'
import { type SecretsManager, startSecretsManager } from './secrets-manager.ts'
import { type Ses, startSes } from './ses.ts'
import { type Sqs, startSqs } from './sqs.ts'
import { generatedSecretIn, keepPorts, onUsualPort, readPorts, stripeKeysIn } from './stack-files.ts'
import { declareQueues } from './stack-targets.ts'
import { type DeliveryDisorder, type RunningStripe, startStripe } from './stripe.ts'
import type { LocalTemplate } from './template.ts'
import { realNowMillis } from './virtual-date.ts'

/** The stand-ins that know nothing of functions. */
export type Services = {
  databaseUrl: string
  sqs: Sqs
  s3: S3
  ses: Ses
  secrets: SecretsManager
  issuer: RunningIssuer
  stripe: RunningStripe
}

/** Starts them over one folder; `starting` closes them in the end. */
export async function startServices(
  options: { folder: string; webhooks?: DeliveryDisorder },
  template: LocalTemplate,
  starting: AsyncDisposableStack,
): Promise<Services> {
  const { folder } = options
  const closing = <Part extends { close(): Promise<void> }>(part: Part): Part => {
    starting.defer(() => part.close())
    return part
  }
  const database = closing(await startDynamoDb({ folder }))
  await createMissingTables(database.url, template.tables)
  const sqs = closing(
    await startSqs({ folder, queues: declareQueues(template), region: template.region, now: realNowMillis }),
  )
  const s3 = closing(await startS3({ folder: join(folder, 'files'), buckets: template.buckets }))
  const senders = [...template.functions.values()].map(({ environment }) => environment.SENDER_ADDRESS)
  const verifiedIdentities = [
    ...template.mailIdentities,
    ...senders.filter((address) => address !== undefined),
  ]
  const ses = closing(
    await startSes({ folder: join(folder, 'mailbox'), verifiedIdentities, inboxPath: '/local/inbox' }),
  )
  const keys = stripeKeysIn(folder)
  const secrets = closing(
    await startSecretsManager({ secrets: secretsOf(folder, template, JSON.stringify(keys)) }),
  )
  const ports = readPorts(folder)
  const issuer = closing(await onUsualPort(ports.issuer, (port) => startIssuer({ port, folder })))
  const stripe = closing(
    await onUsualPort(ports.stripe, (port) =>
      startStripe({ port, folder, ...keys, delivery: options.webhooks }),
    ),
  )
  keepPorts(folder, { issuer: Number(new URL(issuer.url).port), stripe: Number(new URL(stripe.url).port) })
  return { databaseUrl: database.url, sqs, s3, ses, secrets, issuer, stripe }
}

/** The Stripe keys under the name that the functions look for; every other secret of the template is a random text. */
function secretsOf(folder: string, template: LocalTemplate, stripeKeys: string): Record<string, string> {
  const others = template.secrets.map(({ name }) => [name, generatedSecretIn(folder, name)] as const)
  const stripe = [...template.functions.values()].flatMap(({ environment }) =>
    environment.STRIPE_SECRET_NAME === undefined
      ? []
      : [[environment.STRIPE_SECRET_NAME, stripeKeys] as const],
  )
  return Object.fromEntries([...others, ...stripe])
}
