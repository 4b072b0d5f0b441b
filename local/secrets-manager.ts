// Stands in for AWS Secrets Manager: `GetSecretValue` by name, full ARN or ARN without its random suffix.
// Leaves out: writing, rotation, versions other than AWSCURRENT, binary secrets, resource policies, encryption keys.
import { createHash } from 'node:crypto'
import { AwsError, type JsonObject, startAwsJsonServer } from './aws-json.ts'

export type SecretsManagerOptions = {
  /** Secret strings by name; read at every call, so a changed value is served at once. */
  secrets: Readonly<Record<string, string>>
  port?: number
  region?: string
  accountId?: string
}

export type SecretsManager = { url: string; close(): Promise<void>; secretArn(name: string): string }

/** Serves the given secrets on loopback. An unknown name or version answers ResourceNotFoundException. */
export async function startSecretsManager(options: SecretsManagerOptions): Promise<SecretsManager> {
  const arnPrefix = `arn:aws:secretsmanager:${options.region ?? 'us-east-1'}:${options.accountId ?? '000000000000'}:secret:`
  // AWS ends a secret's ARN in six random characters; here they follow from the name, so that they stay the same across restarts.
  const secretArn = (name: string) => `${arnPrefix}${name}-${digest(name).slice(0, 6)}`
  const server = await startAwsJsonServer(
    { targetPrefix: 'secretsmanager', jsonVersion: '1.1', port: options.port ?? 0 },
    { GetSecretValue: (input) => getSecretValue(input, options.secrets, arnPrefix, secretArn) },
  )
  return { url: server.url, close: server.close, secretArn }
}

function getSecretValue(
  input: JsonObject,
  secrets: Readonly<Record<string, string>>,
  arnPrefix: string,
  secretArn: (name: string) => string,
): JsonObject {
  const id = input.SecretId
  if (typeof id !== 'string' || id === '') {
    throw new AwsError('ValidationException', "1 validation error detected: 'secretId' must not be null.")
  }
  const name = Object.keys(secrets).find(
    (key) => id === key || id === secretArn(key) || id === `${arnPrefix}${key}`,
  )
  if (name === undefined) {
    throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
  }
  const value = secrets[name]!
  const versionId = versionIdOf(value)
  const wantsOther =
    (input.VersionStage !== undefined && input.VersionStage !== 'AWSCURRENT') ||
    (input.VersionId !== undefined && input.VersionId !== versionId)
  if (wantsOther) {
    throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret value.")
  }
  return {
    ARN: secretArn(name),
    Name: name,
    VersionId: versionId,
    VersionStages: ['AWSCURRENT'],
    SecretString: value,
  }
}

function versionIdOf(value: string): string {
  return digest(value).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
