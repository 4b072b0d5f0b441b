import { createHash } from 'node:crypto'

/** Who belongs to the operator's staff where nobody says otherwise: two, as one approves what the other asks for. */
export const STAFF = ['staff@operator.example.com', 'finance@operator.example.com']

export interface Person {
  /** A UUID that is always the same for the same address. */
  sub: string
  email: string
  groups: string[]
}

export interface People {
  /** The person behind an e-mail address, whatever its letter case; undefined when it is no address. */
  signIn(email: string): Person | undefined
  /** Somebody who signed in since this issuer started. */
  find(sub: string): Person | undefined
}

/** Everybody who can be written as an e-mail address can sign in; those named as staff belong to the group `staff`. */
export function createPeople(staffEmails: string[]): People {
  const staff = new Set(staffEmails.map((email) => email.toLowerCase()))
  const known = new Map<string, Person>()
  return {
    signIn(email) {
      const address = email.trim().toLowerCase()
      if (address.length > 254 || !/^[^\s@<>"',;:\\]+@[^\s@<>"',;:\\]+\.[^\s@<>"',;:\\]+$/.test(address))
        return undefined
      const person = { sub: subjectOf(address), email: address, groups: staff.has(address) ? ['staff'] : [] }
      known.set(person.sub, person)
      return person
    },
    find: (sub) => known.get(sub),
  }
}

/** A name-based UUID in the layout of RFC 9562, version 8. */
function subjectOf(email: string): string {
  const bytes = createHash('sha256').update(`drawdown-local-issuer:${email}`).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
