import { createHash } from 'node:crypto'
import { hashOf, type Json } from './canonical-json.ts'
import { applyLotChanges, drawLots, type Lot, type LotChange } from './lot.ts'

/** DynamoDB takes so many items in one transaction. */
export const LARGEST_TRANSACTION_ITEMS = 100

/** How many markers fit into one posting beside HEAD, the entry and a key. */
export const LARGEST_MARKERS_PER_POSTING = LARGEST_TRANSACTION_ITEMS - 3

/** What an entry records; corrections are entries of kind `reversal` that name the entry they undo. */
export const ENTRY_KINDS = [
  'top_up',
  'usage',
  'charge',
  'plan',
  'plan_short',
  'plan_change',
  'plan_credit',
  'plan_stop',
  'plan_resume',
  'ring_fence',
  'credit',
  'reversal',
  'refund',
  'hold',
  'capture',
  'release',
  'expiry',
  'gap_release',
  'top_up_refund',
  'top_up_refund_failed',
  'dispute',
  'dispute_won',
] as const
export type EntryKind = (typeof ENTRY_KINDS)[number]

/** The client's own side of a posting: credit that may be spent now, and credit that holds set aside. */
export const AVAILABLE = 'client:available'
export const HELD = 'client:held'

/**
 * The operator's side: `cash:stripe`, `revenue:usage`, `revenue:plan`, `tax:<place>`, `payable:<vendor>`, `credit:goodwill`,
 * `receivable:payments` …
 */
export type ContraAccount = `${'cash' | 'revenue' | 'tax' | 'payable' | 'credit' | 'receivable'}:${string}`

/** What clients owe because a payment of theirs was taken back after its credit was used. */
export const RECEIVABLE = 'receivable:payments' satisfies ContraAccount

/** Credits are positive, debits negative: money received stands below zero. The lines of a posting sum to zero. */
export type PostingLine = { account: typeof AVAILABLE | typeof HELD | ContraAccount; amountMicros: bigint }

export type AccountStatus = 'open' | 'parked' | 'closed'

/** What has been counted of a service in a period, for prices with tiers. */
export type Counter = { period: string; quantity: bigint }

/** How far a source that numbers its events has come on an account; `isWaiting` while later events wait for a missing one. */
export type Watermark = { last: bigint; isWaiting: boolean }

/** HEAD carries the watermarks of so many sources; those of others are found in the index of their batches. */
export const MOST_WATERMARKS_IN_HEAD = 8

/** An account's state: the one contended item. It stays under 1 KB so that a write of it costs one unit. */
export type Head = {
  accountId: string
  currency: string
  status: AccountStatus
  /** When it was last opened again, or parked, after it had been closed; absent where it never was. */
  reopenedAt?: string
  availableMicros: bigint
  heldMicros: bigint
  /** What the client owes: the next payment pays it before it raises credit. */
  receivableMicros: bigint
  sequence: bigint
  tip: string
  counters: Record<string, Counter>
  /** Raised by every write of this item, also by those that post nothing. */
  revision: bigint
  /** The first lots in their order of use; what is available beyond them waits in items of its own. */
  lots: Lot[]
  /** By the hash of the source's name. */
  watermarks: Record<string, Watermark>
}

/** What a decision wants written; the ledger adds number, balances and hashes. */
export type EntryDraft = {
  kind: EntryKind
  postings: PostingLine[]
  reason: string
  actor: string
  /** What explains the line, as plain JSON: price version, quantity, rounding, provider reference. */
  detail: { [key: string]: Json }
  /** What there would be too much of as text: the events of a numbered batch. */
  packed?: Uint8Array
  termsVersion?: string
  reverses?: bigint
  /** Which lots change. Left out where credit is simply taken: then they are drawn in their order of use. */
  lots?: LotChange[]
  counters?: Record<string, Counter>
  watermarks?: Record<string, Watermark>
}

export type Entry = Omit<EntryDraft, 'detail' | 'counters' | 'watermarks'> & {
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
  /** Their changes sum to that of available credit, what they hold to that of held credit. */
  lots: LotChange[]
  previousHash: string
  hash: string
  /**
   * What the hash covers of `packed`, so that personal data in it can go when its time is over and the chain still proves.
   * Entries of before it have none: their hash covers the bytes themselves.
   */
  packedSha256?: string
  /** When `packed` was erased; no part of the hash. */
  packedErasedAt?: string
}

/** The digest by which an entry's hash covers its packed events. */
export function digestOfPacked(packed: Uint8Array): string {
  return createHash('sha256').update(packed).digest('base64url')
}

/** Where an account's chain begins. */
export function genesisHash(accountId: string, currency: string): string {
  return hashOf({ genesis: accountId, currency })
}

/** The hash of everything that an entry says, its predecessor's hash included; of packed events their digest. */
export function hashEntry(entry: Omit<Entry, 'hash'>): string {
  const { postings, lots, packed, packedErasedAt: _, ...rest } = entry
  return hashOf({
    ...rest,
    packed: rest.packedSha256 === undefined ? packed : undefined,
    postings: postings.map((line) => ({ ...line })),
    lots: lots.map((change) => ({ ...change })),
  })
}

/** The lines of a posting, without those that come to nothing. */
export function linesThatMove(lines: readonly [PostingLine['account'], bigint][]): PostingLine[] {
  return lines
    .filter(([, amountMicros]) => amountMicros !== 0n)
    .map(([account, amountMicros]) => ({ account, amountMicros }))
}

function sumOf(postings: readonly PostingLine[], account: PostingLine['account']): bigint {
  return postings
    .filter((line) => line.account === account)
    .reduce((sum, line) => sum + line.amountMicros, 0n)
}

/** By how much an entry changed what the account owes for payments that were taken back: below zero for what it paid. */
export function owedChangeOf({ postings }: Pick<Entry, 'postings'>): bigint {
  return -sumOf(postings, RECEIVABLE)
}

/** As many lots as one posting moves out of HEAD when there are many. */
const MOST_LOTS_MOVED = 20

export type ChainedEntry = {
  entry: Entry
  next: Head
  /** What is to be added to the lots that wait behind those in HEAD. */
  lotsBehind: Lot[]
}

/**
 * Numbers and chains a draft onto HEAD: the entry, HEAD as it will be, and the lots that move behind it (at most
 * `roomForLots`). Throws when the lines do not sum to zero, when the lots do not change as available and held do, or when
 * either would fall below zero: a decision must have refused before it came here.
 */
export function chainEntry(
  head: Head,
  draft: EntryDraft,
  key: string,
  at: string,
  roomForLots = MOST_LOTS_MOVED,
): ChainedEntry {
  const { detail, counters, watermarks, ...said } = draft
  const total = draft.postings.reduce((sum, line) => sum + line.amountMicros, 0n)
  if (total !== 0n) throw new Error(`postings sum to ${total} micros, not to zero`)
  const change = {
    availableMicros: sumOf(draft.postings, AVAILABLE),
    heldMicros: sumOf(draft.postings, HELD),
  }
  const availableAfterMicros = head.availableMicros + change.availableMicros
  const heldAfterMicros = head.heldMicros + change.heldMicros
  const receivableMicros = head.receivableMicros + owedChangeOf(draft)
  if (availableAfterMicros < 0n || heldAfterMicros < 0n || receivableMicros < 0n)
    throw new Error('a posting would take credit, or what is owed, below zero')

  const lots = draft.lots ?? lotsOf(head, change)
  checkLots(lots, change)
  const { front, behind } = applyLotChanges(head, lots, Math.min(roomForLots, MOST_LOTS_MOVED))
  const sequence = head.sequence + 1n
  const unhashed: Omit<Entry, 'hash'> = {
    ...said,
    accountId: head.accountId,
    sequence,
    currency: head.currency,
    at,
    key,
    amountMicros: change.availableMicros + change.heldMicros,
    availableBeforeMicros: head.availableMicros,
    availableAfterMicros,
    heldBeforeMicros: head.heldMicros,
    heldAfterMicros,
    detail: JSON.stringify(detail),
    lots,
    previousHash: head.tip,
    ...(draft.packed && { packedSha256: digestOfPacked(draft.packed) }),
  }
  const entry = { ...unhashed, hash: hashEntry(unhashed) }
  const next: Head = {
    ...head,
    availableMicros: availableAfterMicros,
    heldMicros: heldAfterMicros,
    receivableMicros,
    sequence,
    tip: entry.hash,
    counters: currentCounters({ ...head.counters, ...counters }),
    revision: head.revision + 1n,
    lots: front,
    watermarks: currentWatermarks(head.watermarks, watermarks),
  }
  return { entry, next, lotsBehind: behind }
}

/** HEAD with watermarks that moved though nothing is posted. */
export function moveWatermarks(head: Head, moved: Record<string, Watermark>): Head {
  const watermarks = currentWatermarks(head.watermarks, moved)
  return { ...head, revision: head.revision + 1n, watermarks }
}

type Change = { availableMicros: bigint; heldMicros: bigint }

function lotsOf(head: Head, { availableMicros, heldMicros }: Change): LotChange[] {
  if (availableMicros > 0n || heldMicros !== 0n)
    throw new Error('a posting that raises or holds credit has to say of which lots')
  return drawLots(head, -availableMicros)
}

function checkLots(lots: readonly LotChange[], { availableMicros, heldMicros }: Change): void {
  const changed = lots.reduce((sum, { changeMicros }) => sum + changeMicros, 0n)
  const held = lots.reduce((sum, { heldMicros = 0n }) => sum + heldMicros, 0n)
  if (changed !== availableMicros || held !== heldMicros)
    throw new Error(`lots change by ${changed} and hold ${held}, the posting says otherwise`)
}

/** Those that this write moved, and of the others as many as HEAD has room for, first those that wait. */
function currentWatermarks(
  before: Record<string, Watermark>,
  moved: Record<string, Watermark> = {},
): Record<string, Watermark> {
  const others = Object.entries(before)
    .filter(([source]) => !Object.hasOwn(moved, source))
    .sort(([, left], [, right]) => Number(right.isWaiting) - Number(left.isWaiting))
  return Object.fromEntries([...Object.entries(moved), ...others].slice(0, MOST_WATERMARKS_IN_HEAD))
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
