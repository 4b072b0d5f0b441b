import { BatchGetCommand, GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { isWorthRetrying } from '../edge/dynamodb.ts'
import { retryDelayMilliseconds, sleep } from '../edge/retry-delay.ts'
import { type Entry, genesisHash, type Head } from './entry.ts'
import { openingHead, type TransactItem, toHead } from './head.store.ts'
import { createHeadMemory } from './head-memory.ts'
import { accountKey, HEAD_KEY, idempotencyKey } from './ledger-keys.ts'
import { createLedgerReader, type LedgerReaderOptions } from './ledger-reader.store.ts'
import { createLotStore } from './lot.store.ts'
import { behindMicros, expiredLots, LotsBehindError } from './lot.ts'
import { explainFailure, type Failure, type KeyItem } from './posting-failure.store.ts'
import {
  createPostingTransactions,
  type Note,
  type Posting,
  type Write,
} from './posting-transaction.store.ts'
import { DELAYS, TRIES } from './tries.ts'

export type { TransactItem } from './head.store.ts'
export type { Marker, Note } from './posting-transaction.store.ts'

/** What a decision wants: an entry, with markers and documents that change in the same transaction; or its own refusal. */
export type Decision<Refusal> = Posting | Refusal

export type Posted = { ok: true; entry: Entry; replayed: boolean }
export type Noted = { ok: true; noted: Head }
export type PostingRefusal =
  /** No account of this name has a ledger. */
  | { ok: false; reason: 'account_not_found' }
  /** The key was used for another request. */
  | { ok: false; reason: 'idempotency_key_reused' }
  /** A document that was to change with the money is not as the caller read it: read it again and decide anew. */
  | { ok: false; reason: 'document_changed' }
  /**
   * Others kept winning the race for this account, or no reply came: nothing is known to be written. The same request
   * may be sent again, under its own key or with its own markers.
   */
  | { ok: false; reason: 'busy' }

export type PostingRequest<Refusal> = {
  accountId: string
  /** Idempotency key, permanent; absent only where markers do its work. */
  key?: string
  /** Hash of what was asked: the same key with another hash is refused. */
  requestHash?: string
  /** ISO instant of the posting. */
  at: string
  /** Pure: called again with a newer HEAD after a lost race. `taken` are the markers that exist already, by id. */
  decide: (head: Head, taken: ReadonlyMap<string, Record<string, unknown>>) => Decision<Refusal>
}

/** Like a posting, but what is decided may be to post nothing and only to note how far sources have come. */
export type NumberedRequest<Refusal> = Pick<PostingRequest<Refusal>, 'accountId' | 'at'> & {
  decide: (head: Head) => Decision<Refusal> | Note
}

export type LedgerOptions = LedgerReaderOptions & {
  /** Where markers are written; needed by those that post usage alone. */
  usageTable?: string
}

export type Ledger = ReturnType<typeof createLedger>

/** An account's HEAD as a posting knows it: read for this posting, or remembered from an earlier one. */
type KnownHead = { head: Head; isRead: boolean }

type Step<Refusal> = Write | { refusal: Refusal }
type Request<Refusal> = Omit<PostingRequest<Refusal>, 'decide'> & {
  decide: (head: Head, taken: ReadonlyMap<string, Record<string, unknown>>) => Decision<Refusal> | Note
}

/**
 * The only writer of balances and entries. Every movement is ONE transaction over HEAD, the entry, its key, its markers
 * and the documents that change with it, conditional on HEAD being as it was read.
 */
export function createLedger(options: LedgerOptions) {
  const { client, ledgerTable, usageTable } = options
  const pause = options.sleep ?? sleep
  const memory = createHeadMemory()
  const reader = createLedgerReader(options)
  const transactions = createPostingTransactions({ ledgerTable, usageTable, behind: createLotStore(options) })

  /** Takes what has expired by then, many lots by one entry. Of an account that is parked or closed it takes nothing. */
  async function expireLots(accountId: string, at: string): Promise<void> {
    const decide = () => ({ ok: false as const, reason: 'nothing_left' as const })
    const done = await post<ReturnType<typeof decide>>({ accountId, at, decide })
    if (!done.ok && done.reason !== 'nothing_left')
      throw new Error(`account ${accountId}: its credit could not expire: ${done.reason}`)
  }

  /** What opens an account's ledger at zero: put it into the transaction that writes the account. */
  function openingOf(accountId: string, currency: string): TransactItem {
    const Item = openingHead(accountId, currency, genesisHash(accountId, currency))
    return { Put: { TableName: ledgerTable, Item, ConditionExpression: 'attribute_not_exists(pk)' } }
  }

  /** Each of the two is as it is now, but they are not of one moment: the key may have been written between. */
  async function readHeadAndKey(accountId: string, key: string | undefined) {
    const pk = accountKey(accountId)
    const Keys = [{ pk, sk: HEAD_KEY }, ...(key ? [{ pk, sk: idempotencyKey(key) }] : [])]
    const command = new BatchGetCommand({ RequestItems: { [ledgerTable]: { Keys, ConsistentRead: true } } })
    const reply = await client.send(command).catch((error: unknown) => {
      if (isWorthRetrying(error)) return undefined
      throw error
    })
    if (!reply || Object.keys(reply.UnprocessedKeys ?? {}).length > 0) return 'throttled' as const
    const items = reply.Responses?.[ledgerTable] ?? []
    const head = items.find((item) => item.sk === HEAD_KEY)
    return {
      head: head && toHead(head),
      keyItem: items.find((item) => item.sk !== HEAD_KEY) as KeyItem | undefined,
    }
  }

  async function readKey(accountId: string, key: string): Promise<KeyItem | undefined> {
    const Key = { pk: accountKey(accountId), sk: idempotencyKey(key) }
    const { Item } = await client.send(new GetCommand({ TableName: ledgerTable, Key, ConsistentRead: true }))
    return Item as KeyItem | undefined
  }

  /**
   * Posts at most once per key, and per marker. A replay returns the first entry. `decide` sees a HEAD that is current
   * when it is written, or the write fails and it decides again; a refusal is decided on a HEAD that was read for it.
   * Credit that has expired by then goes first, by entries of its own. A process that dies here has written all or
   * nothing of each.
   */
  async function post<Refusal extends { ok: false; reason: string }>(
    request: PostingRequest<Refusal>,
  ): Promise<Posted | PostingRefusal | Refusal> {
    const outcome = await carryOut(request)
    if ('noted' in outcome) throw new Error('a posting was only noted')
    return outcome
  }

  /**
   * Posts, or only notes, how far sources have come: guarded by HEAD's revision like any write of it. It has no key and no
   * markers, so `decide` has to tell from the watermarks alone what is done already.
   */
  async function postNumbered<Refusal extends { ok: false; reason: string }>(
    request: NumberedRequest<Refusal>,
  ): Promise<Posted | Noted | PostingRefusal | Refusal> {
    return carryOut(request)
  }

  async function carryOut<Refusal extends { ok: false; reason: string }>(
    request: Request<Refusal>,
  ): Promise<Posted | Noted | PostingRefusal | Refusal> {
    const { accountId, key, requestHash = '' } = request
    const taken = new Map<string, Record<string, unknown>>()
    const recalled = memory.recall(accountId)
    let known: KnownHead | undefined = recalled && { head: recalled, isRead: false }
    for (let failures = 0; failures < TRIES; ) {
      if (!known) {
        const read = await readHeadAndKey(accountId, key)
        if (read !== 'throttled') {
          if (read.keyItem) return replay(accountId, read.keyItem, requestHash)
          if (!read.head) return { ok: false, reason: 'account_not_found' }
          memory.noteRead(read.head)
          known = { head: read.head, isRead: true }
        }
      }
      if (known) {
        const step: Step<Refusal> = await nextStep(known.head, request, taken)
        if ('refusal' in step) {
          if (known.isRead) return refuse(request, step.refusal)
          known = undefined
          continue
        }
        const failure = await write(step, known)
        if (!failure) {
          if (step.entry) return { ok: true, entry: step.entry, replayed: false }
          if (step.isNote) return { ok: true, noted: step.next }
          known = { head: step.next, isRead: true }
          continue
        }
        memory.noteLost(accountId, failure.head)
        if (failure.keyItem) return replay(accountId, failure.keyItem, requestHash)
        for (const [id, item] of failure.markers) taken.set(id, item)
        const isDocument = failure.documentChanged && !failure.head && failure.markers.length === 0
        if (isDocument) return { ok: false, reason: 'document_changed' }
        known = failure.head && { head: failure.head, isRead: true }
      }
      failures += 1
      if (failures < TRIES) await pause(retryDelayMilliseconds(failures, DELAYS, options.random))
    }
    return { ok: false, reason: 'busy' }
  }

  /** What is refused may be refused because this very request was done meanwhile: its first reply counts. */
  async function refuse<Refusal>({ accountId, key, requestHash = '' }: Request<Refusal>, refusal: Refusal) {
    const keyItem = key === undefined ? undefined : await readKey(accountId, key)
    return keyItem ? replay(accountId, keyItem, requestHash) : refusal
  }

  /** What has to be written next: expired credit, lots that have to come in, or the posting itself; or its refusal. */
  async function nextStep<Refusal extends { ok: false }>(
    head: Head,
    request: Request<Refusal>,
    taken: ReadonlyMap<string, Record<string, unknown>>,
  ): Promise<Step<Refusal>> {
    const expired = head.status === 'open' ? expiredLots(head, request.at) : []
    if (expired.length > 0) return transactions.ofExpiry(head, expired, request.at)
    try {
      // Behind an empty front there may be more that has expired.
      if (head.status === 'open' && head.lots.length === 0 && behindMicros(head) > 0n)
        throw new LotsBehindError()
      const decision = request.decide(head, taken)
      if (!decision.ok) return { refusal: decision }
      return 'draft' in decision
        ? transactions.ofPosting(head, decision, request)
        : transactions.ofNote(head, decision)
    } catch (error) {
      if (!(error instanceof LotsBehindError)) throw error
      const bringIn = await transactions.ofLotsBehind(head)
      if (bringIn) return bringIn
      // Somebody else has brought them in since this HEAD was read: decide on the one that carries them.
      const current = await reader.readHead(head.accountId)
      if (!current || current.revision === head.revision)
        throw new Error(`account ${head.accountId}: lots are missing`, { cause: error })
      return nextStep(current, request, taken)
    }
  }

  /** The reasons of the failure, or nothing when it is written. */
  async function write({ items, parts, next }: Write, known: KnownHead): Promise<Failure | undefined> {
    try {
      await client.send(new TransactWriteCommand({ TransactItems: items }))
      memory.noteWritten(next)
      return undefined
    } catch (error) {
      return explainFailure(error, parts, known)
    }
  }

  async function replay(
    accountId: string,
    keyItem: KeyItem,
    requestHash: string,
  ): Promise<Posted | PostingRefusal> {
    if (keyItem.requestHash !== requestHash) return { ok: false, reason: 'idempotency_key_reused' }
    const entry = await reader.readEntry(accountId, keyItem.sequence)
    if (!entry)
      throw new Error(`account ${accountId}: a key names entry ${keyItem.sequence}, which is not there`)
    return { ok: true, entry, replayed: true }
  }

  return { ...reader, expireLots, openingOf, post, postNumbered }
}
