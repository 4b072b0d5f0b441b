import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileWhole } from './write-file-whole.ts'

export type StripeKeys = { apiKey: string; webhookSigningSecret: string }

/** The stand-in's keys, made once per folder. They open nothing anywhere else. */
export function stripeKeysIn(folder: string): StripeKeys {
  const file = join(folder, 'stripe-keys.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as StripeKeys
  const keys = {
    apiKey: `sk_test_${randomBytes(24).toString('hex')}`,
    webhookSigningSecret: `whsec_${randomBytes(24).toString('hex')}`,
  }
  writeFileWhole(file, JSON.stringify(keys))
  return keys
}

/** What stands in a secret that the template has made at random: made once per folder and name. */
export function generatedSecretIn(folder: string, name: string): string {
  const file = join(folder, 'generated-secrets.json')
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {}
  const secret = known[name] ?? randomBytes(48).toString('base64url')
  if (known[name] === undefined) writeFileWhole(file, JSON.stringify({ ...known, [name]: secret }))
  return secret
}

export type Ports = { issuer?: number; stripe?: number }

/** The ports of the servers whose addresses people and tokens keep. */
export function readPorts(folder: string): Ports {
  const file = join(folder, 'ports.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Ports) : {}
}

/** Keeps the ports for the next start. */
export function keepPorts(folder: string, ports: Ports): void {
  writeFileWhole(join(folder, 'ports.json'), JSON.stringify(ports))
}

/** Starts a server on the port it had before, or on a free one when somebody else has that by now. */
export async function onUsualPort<Server>(
  port: number | undefined,
  start: (port: number) => Promise<Server>,
): Promise<Server> {
  try {
    return await start(port ?? 0)
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (!taken || port === undefined) throw error
    return start(0)
  }
}
