import { createHash } from 'node:crypto'
import { hashOf, type Json } from '../ledger/canonical-json.ts'

/**
 * A document's id from who asks and the idempotency key: the same request sent twice names the same document, so that a
 * conditional put is all the bookkeeping it needs. 128 bits, base64url.
 */
export function idFromKey(prefix: string, scope: string, idempotencyKey: string): string {
  const digest = createHash('sha256').update(`${prefix}\n${scope}\n${idempotencyKey}`).digest()
  return `${prefix}_${digest.subarray(0, 16).toString('base64url')}`
}

/** What tells whether a repeated key carries the same request. */
export function requestHash(request: Json): string {
  return hashOf(request)
}
