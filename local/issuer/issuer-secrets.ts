import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import { writeFileWhole } from '../write-file-whole.ts'

export interface IssuerSecrets {
  /** Private RS256 keys, the first signs. */
  signingKeys: JWK[]
  cookieKeys: string[]
  clientSecrets: { staffMachine: string; usageMachine: string }
}

/**
 * Reads `<folder>/issuer.json`, or makes it once with fresh keys and secrets. The file is written whole or not at all,
 * and is readable by its owner alone.
 */
export async function loadIssuerSecrets(folder: string): Promise<IssuerSecrets> {
  const file = join(folder, 'issuer.json')
  try {
    return JSON.parse(await readFile(file, 'utf8')) as IssuerSecrets
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const secrets = await generateSecrets()
  await mkdir(folder, { recursive: true })
  writeFileWhole(file, JSON.stringify(secrets, null, 2))
  return secrets
}

async function generateSecrets(): Promise<IssuerSecrets> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const key = await exportJWK(privateKey)
  const kid = await calculateJwkThumbprint(key)
  return {
    signingKeys: [{ ...key, kid, use: 'sig', alg: 'RS256' }],
    cookieKeys: [secret()],
    clientSecrets: { staffMachine: secret(), usageMachine: secret() },
  }
}

function secret(): string {
  return randomBytes(32).toString('base64url')
}
