import { hashOf, type Json } from './canonical-json.ts'

/** DynamoDB takes so many items in one transaction. */
export const LARGEST_TRANSACTION_ITEMS = 100

/** How many markers fit into one posting beside HEAD, the entry and a key. */
export const LARGEST_MARKERS_PER_POSTING = LARGEST_TRANSACTION_ITEMS - 3

/** What an entry records; corrections are entries of kind `reversal` that name the entry they undo. */
export const ENTRY_KINDS = ['top_up', 'usage', 'charge', 'plan', 'plan_short', 'credit', 'reversal'] as const
export type EntryKind = (typeof ENTRY_KINDS)[number]

/** The client's own side of a posting: credit that may be spent now, and credit that holds set aside. */
export const AVAILABLE = 'client:available'
export const HELD = 'client:held'

/** The operator's side: `cash:stripe`, `revenue:usage`, `revenue:plan`, `tax:<place>`, `payable:<vendor>`, `credit:goodwill` … */
export type ContraAccount = `${'cash' | 'revenue' | 'tax' | 'payable' | 'credit'}:${string}`

/** A raise of the account that it names is positive; the lines of a posting sum to zero. */
export type PostingLine = { account: typeof AVAILABLE | typeof HELD | ContraAccount; amountMicros: bigint }

export type AccountStatus = 'open' | 'parked' | 'closed'

/** What has been counted of a service in a period, for prices with tiers. */
export type Counter = { period: string; quantity: bigint }

/** An account's state: the one contended item. It stays under 1 KB so that a write of it costs one unit. */
export type Head = {
  accountId: string
  currency: string
  status: AccountStatus
  availableMicros: bigint
  heldMicros: bigint
  sequence: bigint
  tip: string
  counters: Record<string, Counter>
}

/** What a decision wants written; the ledger adds number, balances and hashes. */
export type EntryDraft = {
  kind: EntryKind
  postings: PostingLine[]
  reason: string
  actor: string
  /** What explains the line, as plain JSON: price version, quantity, rounding, provider reference. */
  detail: { [key: string]: Json }
  termsVersion?: string
  reverses?: bigint
  counters?: Record<string, Counter>
}

export type Entry = Omit<EntryDraft, 'detail' | 'counters'> & {
  accountId: string
  sequence: bigint
  currency: string
  at: string
  key: string
  /** Sum of the client's lines. */
  amountMicros: bigint
  availableBeforeMicros: bigint
  availableAfterMicros: bigint
  heldBeforeMicros: bigint
  heldAfterMicros: bigint
  /** JSON text, kept as it was hashed. */
  detail: string
  previousHash: string
  hash: string
}

/** Where an account's chain begins. */
export function genesisHash(accountId: string, currency: string): string {
  return hashOf({ genesis: accountId, currency })
}

/** The hash of everything that an entry says, its predecessor's hash included. */
export function hashEntry(entry: Omit<Entry, 'hash'>): string {
  const { postings, ...rest } = entry
  return hashOf({ ...rest, postings: postings.map((line) => ({ ...line })) })
}

function sumOf(postings: readonly PostingLine[], account: string): bigint {
  return postings
    .filter((line) => line.account === account)
    .reduce((sum, line) => sum + line.amountMicros, 0n)
}

/**
 * Numbers and chains a draft onto HEAD: the entry, and HEAD as it will be. Throws when the lines do not sum to zero or
 * would take available or held below zero: a decision must have refused before it came here.
 */
export function chainEntry(
  head: Head,
  draft: EntryDraft,
  key: string,
  at: string,
): { entry: Entry; next: Head } {
  const { detail, counters, ...said } = draft
  const total = draft.postings.reduce((sum, line) => sum + line.amountMicros, 0n)
  if (total !== 0n) throw new Error(`postings sum to ${total} micros, not to zero`)
  const availableAfterMicros = head.availableMicros + sumOf(draft.postings, AVAILABLE)
  const heldAfterMicros = head.heldMicros + sumOf(draft.postings, HELD)
  if (availableAfterMicros < 0n || heldAfterMicros < 0n)
    throw new Error('a posting would take credit below zero')

  const sequence = head.sequence + 1n
  const unhashed: Omit<Entry, 'hash'> = {
    ...said,
    accountId: head.accountId,
    sequence,
    currency: head.currency,
    at,
    key,
    amountMicros: sumOf(draft.postings, AVAILABLE) + sumOf(draft.postings, HELD),
    availableBeforeMicros: head.availableMicros,
    availableAfterMicros,
    heldBeforeMicros: head.heldMicros,
    heldAfterMicros,
    detail: JSON.stringify(detail),
    previousHash: head.tip,
  }
  const entry = { ...unhashed, hash: hashEntry(unhashed) }
  const next = {
    ...head,
    availableMicros: availableAfterMicros,
    heldMicros: heldAfterMicros,
    sequence,
    tip: entry.hash,
    counters: currentCounters({ ...head.counters, ...counters }),
  }
  return { entry, next }
}

/** Counters of the newest period alone: what an earlier one counted is over, and HEAD has no room for it. */
function currentCounters(counters: Record<string, Counter>): Record<string, Counter> {
  const newest = countingPeriod(counters, '')
  return Object.fromEntries(Object.entries(counters).filter(([, { period }]) => period === newest))
}

/** The period to count in: the given one, unless another clock has begun a later one already. It never runs back. */
export function countingPeriod(counters: Record<string, Counter>, period: string): string {
  return [period, ...Object.values(counters).map((counter) => counter.period)].toSorted().at(-1)!
}

/** What was counted of a service in this period; a counter of an earlier period counts nothing. */
export function countedBefore(
  head: Head,
  newer: Record<string, Counter>,
  service: string,
  period: string,
): bigint {
  const counter = [newer, head.counters].find((counters) => Object.hasOwn(counters, service))?.[service]
  return counter?.period === period ? counter.quantity : 0n
}
