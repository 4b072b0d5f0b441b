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
