import { personIdOf } from '../consents/person-key.ts'

/** Whom an export is about, by what is kept of people: an address, its hash in keys of notices, subjects of tokens. */
export type Person = { email: string; emailHash: string; subjects: readonly string[] }

/**
 * Whether an item says something of a person: one of its texts is the address or the subject, or its key ends with either.
 * Of what a person has posted in the ledger that is `person:<sub>`.
 */
export function isAbout(item: Record<string, unknown>, { email, emailHash, subjects }: Person): boolean {
  const wanted = new Set([
    email,
    emailHash,
    personIdOf(email),
    ...subjects,
    ...subjects.map((subject) => `person:${subject}`),
  ])
  const sk = String(item.sk ?? '')
  const inKey = sk.split('#').some((part) => wanted.has(part))
  return inKey || holds(item, wanted)
}

function holds(value: unknown, wanted: ReadonlySet<string>): boolean {
  if (typeof value === 'string') return wanted.has(value) || wanted.has(value.toLowerCase())
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
  return Object.values(value).some((inside) => holds(inside, wanted))
}

/** The subjects under which a person has answered terms: evidence names both the address and the subject. */
export function subjectsIn(item: Record<string, unknown>, email: string): string[] {
  return item.email === email && typeof item.subject === 'string' ? [item.subject] : []
}
