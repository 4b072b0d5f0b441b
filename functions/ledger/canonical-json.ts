import { createHash } from 'node:crypto'

export type Json =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Uint8Array
  | Json[]
  | { [key: string]: Json }

/**
 * One text for one value: object keys in code-unit order, no white space, undefined members left out, as RFC 8785
 * orders them. Bigints are written as decimal digits in a string, bytes as base64url without padding; fractions and unsafe numbers are refused, because
 * they would not read back as they were.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === 'bigint') return `"${value}"`
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Error(`canonical JSON holds whole numbers only, not ${value}`)
    return String(value)
  }
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null)
  if (value instanceof Uint8Array)
    return `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64url')}"`
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`)
  return `{${members.join(',')}}`
}

/** SHA-256 of the canonical text, in base64url. */
export function hashOf(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('base64url')
}
