/** What is done with personal data when its time is over. */
export type AtEnd = 'delete' | 'pseudonymise' | 'keep'

/**
 * A place where personal data is kept. `type` is an item type of `item-types.ts`, or what is no item; `fields` are the
 * attributes of it (`key` for what stands in its keys) in which there is any.
 */
export type RetentionRow = {
  type: string
  fields: readonly string[]
  data: string
  purpose: string
  basis: string
  period: string
  atEnd: AtEnd
  /** By whom: the daily schedule (`daily`), an erasure alone (`request`), AWS's own expiry (`service`), or the operator by hand. */
  by: 'daily' | 'request' | 'service' | 'operator'
}

/** Days, counted from what the row says. Usage's is the operator's to choose. */
export const RETENTION_DAYS = {
  /** What a usage event said beyond its amount, from when it was decided. */
  usage: 180,
  /** That somebody was sent an e-mail. */
  notices: 400,
  /** Who read an announcement and who takes part, from when it is over. */
  announcements: 30,
  /** That mail to an address came back or was called spam, from when its person was a member for the last time. */
  undeliverable: 400,
  /** People of an account that was closed. */
  closedMembers: 365,
  /**
   * Evidence of what was agreed to, from the account's end, or of consents from the end of the last membership: claims are
   * time-barred by then.
   */
  evidence: 6 * 365,
  /** Who asked what of their data, from its end. */
  requests: 3 * 365,
} as const

export type RetentionDays = { [Name in keyof typeof RETENTION_DAYS]: number }

const CONTRACT = 'contract, art. 6(1)(b)'
const LAW = 'legal obligation, art. 6(1)(c): books of account'
const CLAIMS = 'legitimate interest, art. 6(1)(f), and art. 17(3)(e): legal claims'
const PROOF_OF_CONSENT = 'art. 7(1) and 17(3)(e): the burden of proof is the operator’s'
const ACCOUNTABILITY = 'legal obligation, art. 6(1)(c) with art. 5(2) and 12(3)'
const LEDGER = 'as long as the ledger'

/** The one table of how long personal data is kept. docs/retention.md is written from it. */
export const RETENTION_ROWS: readonly RetentionRow[] = [
  {
    ...{ type: 'MEMBER', fields: ['key', 'email'] },
    data: 'e-mail address and role of a person who acts for an account',
    purpose: 'to let them in and to tell them',
    basis: CONTRACT,
    period: `until the person is removed or asks for erasure; ${RETENTION_DAYS.closedMembers} days after the account was closed`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'FORMER_MEMBER', fields: ['key'] },
    data: 'that a person, known by the hash of the address, was a member once',
    purpose: 'a person’s own request leads to the evidence that stays there',
    basis: ACCOUNTABILITY,
    period: `as the evidence: ${RETENTION_DAYS.evidence} days after the account was closed`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'PROFILE', fields: ['name', 'opened'] },
    data: 'the account’s name, where it is a person’s',
    purpose: 'to address the client',
    basis: CONTRACT,
    period: 'until the account is erased',
    ...{ atEnd: 'pseudonymise', by: 'request' },
  },
  {
    ...{
      type: 'ACCEPTANCE',
      fields: ['key', 'email', 'subject', 'sourceIp', 'userAgent', 'signIn', 'pressed'],
    },
    data: 'who answered terms: address, subject, IP address, browser',
    purpose: 'evidence of what was agreed to',
    basis: PROOF_OF_CONSENT,
    period: `${RETENTION_DAYS.evidence} days after the account was closed; the browser until the person’s erasure`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'CONSENT', fields: ['key', 'email', 'subject', 'sourceIp', 'userAgent', 'signIn', 'pressed'] },
    data: 'what a person wants to be written to about: address, subject, IP address, browser',
    purpose: 'evidence of each consent and of its withdrawal',
    basis: PROOF_OF_CONSENT,
    period: `address, subject, IP address and browser ${RETENTION_DAYS.evidence} days after the last decision and after the person was a member of any account; that somebody, known by a hash, consented and withdrew, for good`,
    ...{ atEnd: 'pseudonymise', by: 'daily' },
  },
  {
    ...{ type: 'SIGN_UP', fields: ['key', 'email'] },
    data: 'who takes part in a webinar: address and account',
    purpose: 'to confirm it, to remind of it, to say what changes',
    basis: CONTRACT,
    period: `until the person takes part no more; ${RETENTION_DAYS.announcements} days after the webinar and its banner are over. How many took part stays`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'TAKES_PART', fields: ['key'] },
    data: 'the same, by the hash of the address',
    purpose: 'to find it for an export or an erasure',
    basis: CONTRACT,
    period: 'as the sign-up',
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'ANNOUNCEMENT_SEEN', fields: ['key'] },
    data: 'that a person, known by a hash, read or dismissed an announcement',
    purpose: 'to show it no more, and to count each person once',
    basis: CONTRACT,
    period: `${RETENTION_DAYS.announcements} days after the announcement is over; the count stays`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'ANNOUNCEMENT_MAIL', fields: ['key', 'note'] },
    data: 'that an address, known by its hash, was sent an announcement',
    purpose: 'to send it once, and to prove that it was sent',
    basis: CLAIMS,
    period: `${RETENTION_DAYS.notices} days; the count stays`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'ANNOUNCEMENT', fields: ['createdBy', 'changedBy'] },
    data: 'who of the staff announced it: `person:<sub>`',
    purpose: 'to account for it',
    basis: CLAIMS,
    period: 'as long as the announcement',
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'NOTICE', fields: ['key', 'note'] },
    data: 'that an address, known by its hash, was sent a notice',
    purpose: 'to send it once, and to prove that it was sent',
    basis: CLAIMS,
    period: `${RETENTION_DAYS.notices} days`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'PERSON_NOTICE', fields: ['key', 'note'] },
    data: 'that a person, known by the hash of the address, was told of a version of the terms',
    purpose: 'to send it once, and to prove that it was sent',
    basis: CLAIMS,
    period: `${RETENTION_DAYS.notices} days`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'EMAIL_STATUS', fields: ['key'] },
    data: 'that mail to an address, known by its hash, came back or was called spam',
    purpose: 'not to write to it again',
    basis: CLAIMS,
    period: `until staff lift it; ${RETENTION_DAYS.undeliverable} days after it was noted and after the person was a member of any account`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'EVENT', fields: ['key', 'explanation', 'contentHash', 'id', 'source'] },
    data: 'what a usage event said: numbers called and calling, as the switch sent them',
    purpose: 'to explain each charge',
    basis: CONTRACT,
    period: `${RETENTION_DAYS.usage} days (deploy configuration \`usageDetailDays\`); amount, time and verdict stay as long as the ledger`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'ENTRY', fields: ['packed'] },
    data: 'the same of numbered usage, packed in its entry; the hash covers a digest of it',
    purpose: 'to explain each charge',
    basis: CONTRACT,
    period: `${RETENTION_DAYS.usage} days (\`usageDetailDays\`); of entries from before the digest, ${LEDGER}`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'ENTRY', fields: ['detail', 'reason'] },
    data: 'of a charge or a session that was rated at once, the number called; what staff wrote as a reason; event ids',
    purpose: 'books of account that prove themselves',
    basis: LAW,
    period: 'as long as the ledger: ten years from the end of the year',
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'ENTRY', fields: ['actor', 'key'] },
    data: 'who posted it: `person:<sub>`, never a name or an address',
    purpose: 'books of account that prove themselves',
    basis: LAW,
    period: 'as long as the ledger: ten years from the end of the year',
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'KEY', fields: ['key'] },
    data: 'the caller’s own idempotency key, where it names somebody',
    purpose: 'nothing is charged twice',
    basis: CONTRACT,
    period: LEDGER,
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'STATUS', fields: ['actor', 'reason'] },
    data: 'who of the staff or the client changed an account’s status, and why',
    purpose: 'to account for it',
    basis: CLAIMS,
    period: LEDGER,
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'GAP', fields: ['source'] },
    data: 'the name of a machine that sends usage',
    purpose: 'to tell that events are missing',
    basis: CONTRACT,
    period: LEDGER,
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'NUMBERED', fields: ['source'] },
    data: 'the name of a machine that sends usage',
    purpose: 'to find a numbered event',
    basis: CONTRACT,
    period: LEDGER,
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'SOURCES', fields: ['source'] },
    data: 'the name of a machine that sends usage',
    purpose: 'to find a numbered event',
    basis: CONTRACT,
    period: LEDGER,
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'EVENTS', fields: ['packed', 'source'] },
    data: 'usage that waits for missing numbers: numbers called and calling',
    purpose: 'to charge it in order',
    basis: CONTRACT,
    period: 'until it is charged or given up, or the account is erased',
    ...{ atEnd: 'delete', by: 'request' },
  },
  {
    ...{ type: 'HOLD', fields: ['use', 'session', 'actor'] },
    data: 'of a session: the number called, its name, who began it',
    purpose: 'to charge the session',
    basis: CONTRACT,
    period: `the number called ${RETENTION_DAYS.usage} days after its end (\`usageDetailDays\`); the rest as long as the ledger`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'PLAN', fields: ['terms', 'changedBy'] },
    data: 'who chose the plan: `person:<sub>`',
    purpose: 'to account for it',
    basis: CONTRACT,
    period: LEDGER,
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{
      type: 'TOP_UP',
      fields: ['actor', 'customerId', 'paymentMethodId', 'refundedByMicros', 'resolution'],
    },
    data: 'who paid, as subject and as the provider’s ids; who of the staff looked at it',
    purpose: 'payments, refunds, disputes',
    basis: LAW,
    period: LEDGER,
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'REFUND', fields: ['requestedBy', 'decidedBy', 'reason', 'resolution'] },
    data: 'who of the staff refunded, and why',
    purpose: 'payments, refunds, disputes',
    basis: LAW,
    period: LEDGER,
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'DISPUTE', fields: ['resolution'] },
    data: 'who of the staff looked at it',
    purpose: 'payments, refunds, disputes',
    basis: LAW,
    period: LEDGER,
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'RESOLUTION', fields: ['actor', 'note', 'by'] },
    data: 'who of the staff took a payment off the list, with which note',
    purpose: 'to account for it',
    basis: LAW,
    period: LEDGER,
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'CARDS', fields: ['cards', 'customerId', 'goneCustomerId'] },
    data: 'what a card is recognised by: brand, last four digits, last month; never its number',
    purpose: 'to pay with it',
    basis: CONTRACT,
    period: 'until the card is removed or the account is erased',
    ...{ atEnd: 'delete', by: 'request' },
  },
  {
    ...{ type: 'CARD', fields: ['key'] },
    data: 'the provider’s id of a card, and whose account it was',
    purpose: 'the provider’s news of a card does not say',
    basis: CLAIMS,
    period: LEDGER,
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'AUTO_TOP_UP', fields: ['consent'] },
    data: 'who agreed to automatic charges: subject, address, IP address, browser',
    purpose: 'evidence of the mandate',
    basis: PROOF_OF_CONSENT,
    period: `${RETENTION_DAYS.evidence} days after the account was closed; the browser until the person’s erasure`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'PRIVACY', fields: ['subject', 'replyTo', 'note', 'askedBy', 'extension'] },
    data: 'who asked what of their data',
    purpose: 'to answer in time, and to prove it',
    basis: ACCOUNTABILITY,
    period: `address and note until an erasure was answered; the request ${RETENTION_DAYS.requests} days from its end`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'PRIVACY_RECORD', fields: ['by', 'detail'] },
    data: 'what was done with a request, by whom: subjects, no address',
    purpose: 'to prove that it was answered',
    basis: ACCOUNTABILITY,
    period: `${RETENTION_DAYS.requests} days from the request’s end`,
    ...{ atEnd: 'delete', by: 'daily' },
  },
  {
    ...{ type: 'PRIVACY_OPEN', fields: ['key'] },
    data: 'the hash of an address that a request is open about',
    purpose: 'one at a time',
    basis: ACCOUNTABILITY,
    period: 'until the request is done',
    ...{ atEnd: 'delete', by: 'request' },
  },
  {
    ...{ type: 'CATALOGUE', fields: ['actor', 'setBy', 'by'] },
    data: 'who of the staff set a price',
    purpose: 'to account for it',
    basis: CLAIMS,
    period: LEDGER,
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'TERMS', fields: ['publishedBy'] },
    data: 'who of the staff published a text',
    purpose: 'to account for it',
    basis: CLAIMS,
    period: LEDGER,
    ...{ atEnd: 'keep', by: 'operator' },
  },
  {
    ...{ type: 'file: exports', fields: ['key', 'body'] },
    data: 'an export: all of the above of an account or a person',
    purpose: 'to hand it over',
    basis: ACCOUNTABILITY,
    period:
      '7 days, by the bucket’s lifecycle; at once when its subject is erased. The states of its writing until it is done',
    ...{ atEnd: 'delete', by: 'service' },
  },
  {
    ...{ type: 'logs', fields: [] },
    data: 'IP address and subject of each call of the API; ids of accounts, never addresses or numbers',
    purpose: 'security, and to mend faults',
    basis: 'legitimate interest, art. 6(1)(f)',
    period: 'deploy configuration `logRetentionDays` (90)',
    ...{ atEnd: 'delete', by: 'service' },
  },
  {
    ...{ type: 'queues and streams', fields: [] },
    data: 'usage and events on their way',
    purpose: 'to be worked off',
    basis: CONTRACT,
    period: 'streams a day, queues 4 days, dead-letter queues 14 days',
    ...{ atEnd: 'delete', by: 'service' },
  },
  {
    ...{ type: 'backups', fields: [] },
    data: 'all items as they were: point-in-time recovery of the tables',
    purpose: 'to recover from faults',
    basis: 'legal obligation, art. 32(1)(c)',
    period: '35 days; a restore has to be followed by the erasures of that time (docs/operations.md)',
    ...{ atEnd: 'delete', by: 'service' },
  },
  {
    ...{ type: 'sign-in (user pool)', fields: [] },
    data: 'e-mail address and password’s hash of a person',
    purpose: 'to let them in',
    basis: CONTRACT,
    period: 'until the person or staff delete the user: one person may have several accounts',
    ...{ atEnd: 'delete', by: 'operator' },
  },
  {
    ...{ type: 'payment provider', fields: [] },
    data: 'the customer with its cards; payments with the card that paid',
    purpose: 'payments, refunds, disputes; the provider’s own duties',
    basis: LAW,
    period: 'the customer until the account is erased; payments for as long as the provider has to keep them',
    ...{ atEnd: 'delete', by: 'request' },
  },
]

/** Whether the table has a row for a field of an item type. */
export function hasRetention(type: string, field: string): boolean {
  return RETENTION_ROWS.some((row) => row.type === type && row.fields.includes(field))
}
