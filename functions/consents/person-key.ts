import { createHash } from 'node:crypto'

/**
 * A person as keys and links name one: 128 bits of the SHA-256 of the lower-cased e-mail address, in hexadecimal digits, so
 * that no address stands in a key or a link.
 */
export function personIdOf(email: string): string {
  return createHash('sha256').update(email.toLowerCase()).digest('hex').slice(0, 32)
}

/** What is kept of a person beside the accounts. */
export const personKey = (personId: string) => `PERSON#${personId}`

/**
 * An address in keys of notices and in what is left of an erased person: 132 bits of its SHA-256, base64url. The person's id is
 * the beginning of the same hash.
 */
export function hashOfAddress(email: string): string {
  return createHash('sha256').update(email).digest('base64url').slice(0, 22)
}

/** The person as keys name one, from what is left of an address. */
export function personIdOfHash(emailHash: string): string {
  return Buffer.from(emailHash, 'base64url').toString('hex').slice(0, 32)
}
