import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type SecretsManager, startSecretsManager } from '../../local/secrets-manager.ts'

let manager: SecretsManager
let client: SecretsManagerClient
let secrets: Record<string, string>

beforeEach(async () => {
  secrets = { 'drawdown/stripe': '{"apiKey":"sk_test"}' }
  manager = await startSecretsManager({ secrets })
  client = new SecretsManagerClient({
    endpoint: manager.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  })
})

afterEach(async () => {
  client.destroy()
  await manager.close()
})

const read = (SecretId: string, VersionStage?: string) =>
  client.send(new GetSecretValueCommand({ SecretId, VersionStage }))

test('gives a secret by its name, its ARN and its ARN without suffix', async () => {
  const arn = manager.secretArn('drawdown/stripe')
  for (const id of ['drawdown/stripe', arn, arn.slice(0, -7)]) {
    expect(await read(id, 'AWSCURRENT')).toMatchObject({
      ARN: arn,
      Name: 'drawdown/stripe',
      SecretString: '{"apiKey":"sk_test"}',
      VersionStages: ['AWSCURRENT'],
    })
  }
})

test('gives a changed value at once, as another version', async () => {
  const before = await read('drawdown/stripe')
  secrets['drawdown/stripe'] = 'other'
  const after = await read('drawdown/stripe')
  expect(after.SecretString).toBe('other')
  expect(after.VersionId).not.toBe(before.VersionId)
})

test('does not find what is not there', async () => {
  for (const id of ['none', '__proto__', manager.secretArn('none')]) {
    await expect(read(id)).rejects.toBeInstanceOf(ResourceNotFoundException)
  }
  await expect(read('drawdown/stripe', 'AWSPREVIOUS')).rejects.toBeInstanceOf(ResourceNotFoundException)
})
