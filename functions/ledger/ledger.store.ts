import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { isWorthRetrying } from '../edge/dynamodb.ts'
import { retryDelayMilliseconds, sleep } from '../edge/retry-delay.ts'
import {
  chainEntry,
  type Entry,
  type EntryDraft,
  genesisHash,
  type Head,
  LARGEST_TRANSACTION_ITEMS,
} from './entry.ts'
import { explainFailure, type KeyItem, toHead } from './posting-failure.store.ts'

export type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number]

/** A permanent marker that something was decided: written with the entry, refused if it is there already. */
export type Marker = { id: string; item: Record<string, unknown> }

/** What a decision wants: an entry, with markers and documents that change in the same transaction; or its own refusal. */
export type Decision<Refusal> =
  | { ok: true; draft: EntryDraft; markers?: Marker[]; documents?: TransactItem[] }
  | Refusal

export type Posted = { ok: true; entry: Entry; replayed: boolean }
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

export type LedgerOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  /** Where markers are written; needed by those that post usage alone. */
  usageTable?: string
  /** For the jitter between tries; injected so that a run can be repeated. */
  random?: () => number
  sleep?: (milliseconds: number) => Promise<void>
}

export type Ledger = ReturnType<typeof createLedger>

const TRIES = 14
const DELAYS = { firstMilliseconds: 8, longestMilliseconds: 400 }
const SORT_KEY_DIGITS = 12

const accountKey = (accountId: string) => `ACCOUNT#${accountId}`
const entryKey = (sequence: bigint) => `ENTRY#${sequence.toString().padStart(SORT_KEY_DIGITS, '0')}`

/**
 * The only writer of balances and entries. Every movement is ONE transaction over HEAD, the entry, its key, its markers
 * and the documents that change with it, conditional on HEAD being as it was read.
 */
export function createLedger(options: LedgerOptions) {
  const { client, ledgerTable, usageTable } = options
  const pause = options.sleep ?? sleep

  /** HEAD as it is now (strongly consistent), or undefined. */
  async function readHead(accountId: string): Promise<Head | undefined> {
    const { Item } = await client.send(
      new GetCommand({
        TableName: ledgerTable,
        Key: { pk: accountKey(accountId), sk: 'HEAD' },
        ConsistentRead: true,
      }),
    )
    return Item && toHead(Item)
  }

  async function readEntry(accountId: string, sequence: bigint): Promise<Entry | undefined> {
    const Key = { pk: accountKey(accountId), sk: entryKey(sequence) }
    const { Item } = await client.send(new GetCommand({ TableName: ledgerTable, Key, ConsistentRead: true }))
    return Item && toEntry(Item)
  }

  /** A page of an account's history, newest first unless `ascending`; `after` excludes that number and all before it in reading order. */
  async function listEntries(
    accountId: string,
    page: { limit: number; ascending?: boolean; after?: bigint },
  ): Promise<Entry[]> {
    const bounds = page.ascending
      ? { ':from': entryKey((page.after ?? 0n) + 1n), ':to': 'ENTRY#~' }
      : { ':from': 'ENTRY#', ':to': page.after === undefined ? 'ENTRY#~' : entryKey(page.after - 1n) }
    if (!page.ascending && page.after === 0n) return []
    const entries: Entry[] = []
    let ExclusiveStartKey: Record<string, unknown> | undefined
    do {
      const result = await client.send(
        new QueryCommand({
          TableName: ledgerTable,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: { ':pk': accountKey(accountId), ...bounds },
          ScanIndexForward: page.ascending ?? false,
          ConsistentRead: true,
          Limit: page.limit - entries.length,
          ExclusiveStartKey,
        }),
      )
      entries.push(...(result.Items ?? []).map(toEntry))
      ExclusiveStartKey = result.LastEvaluatedKey
    } while (ExclusiveStartKey && entries.length < page.limit)
    return entries
  }

  /** What opens an account's ledger at zero: put it into the transaction that writes the account. */
  function openingOf(accountId: string, currency: string): TransactItem {
    const Item = {
      pk: accountKey(accountId),
      sk: 'HEAD',
      accountId,
      currency,
      status: 'open',
      availableMicros: 0n,
      heldMicros: 0n,
      sequence: 0n,
      tip: genesisHash(accountId, currency),
      counters: {},
    }
    return { Put: { TableName: ledgerTable, Item, ConditionExpression: 'attribute_not_exists(pk)' } }
  }

  /** Each of the two is as it is now, but they are not of one moment: the key may have been written between. */
  async function readHeadAndKey(accountId: string, key: string | undefined) {
    const pk = accountKey(accountId)
    const Keys = [{ pk, sk: 'HEAD' }, ...(key ? [{ pk, sk: `KEY#${key}` }] : [])]
    const command = new BatchGetCommand({ RequestItems: { [ledgerTable]: { Keys, ConsistentRead: true } } })
    const reply = await client.send(command).catch((error: unknown) => {
      if (isWorthRetrying(error)) return undefined
      throw error
    })
    if (!reply || Object.keys(reply.UnprocessedKeys ?? {}).length > 0) return 'throttled' as const
    const items = reply.Responses?.[ledgerTable] ?? []
    const head = items.find((item) => item.sk === 'HEAD')
    return {
      head: head && toHead(head),
      keyItem: items.find((item) => item.sk !== 'HEAD') as KeyItem | undefined,
    }
  }

  async function readKey(accountId: string, key: string): Promise<KeyItem | undefined> {
    const Key = { pk: accountKey(accountId), sk: `KEY#${key}` }
    const { Item } = await client.send(new GetCommand({ TableName: ledgerTable, Key, ConsistentRead: true }))
    return Item as KeyItem | undefined
  }

  /**
   * Posts at most once per key, and per marker. A replay returns the first entry. `decide` sees a HEAD that is current
   * when it is written, or the write fails and it decides again. A process that dies here has written all or nothing.
   */
  async function post<Refusal extends { ok: false; reason: string }>(
    request: PostingRequest<Refusal>,
  ): Promise<Posted | PostingRefusal | Refusal> {
    const { accountId, key, requestHash = '' } = request
    const taken = new Map<string, Record<string, unknown>>()
    let known: Head | undefined
    for (let attempt = 0; attempt < TRIES; attempt++) {
      if (attempt > 0) await pause(retryDelayMilliseconds(attempt, DELAYS, options.random))
      let head = known
      if (!head) {
        const read = await readHeadAndKey(accountId, key)
        if (read === 'throttled') continue
        if (read.keyItem) return replay(accountId, read.keyItem, requestHash)
        head = read.head
      }
      if (!head) return { ok: false, reason: 'account_not_found' }

      const decision = request.decide(head, taken)
      if (!decision.ok) {
        // What is refused may be refused because this very request was done meanwhile: its first reply counts.
        const keyItem = key === undefined ? undefined : await readKey(accountId, key)
        return keyItem ? replay(accountId, keyItem, requestHash) : decision
      }
      const write = transactionOf(head, decision, request)
      try {
        await client.send(new TransactWriteCommand({ TransactItems: write.items }))
        return { ok: true, entry: write.entry, replayed: false }
      } catch (error) {
        const outcome = explainFailure(error, write.parts)
        if (outcome.keyItem) return replay(accountId, outcome.keyItem, requestHash)
        if (outcome.markers.length > 0) for (const [id, item] of outcome.markers) taken.set(id, item)
        else if (outcome.documentChanged && !outcome.head) return { ok: false, reason: 'document_changed' }
        known = outcome.head
      }
    }
    return { ok: false, reason: 'busy' }
  }

  async function replay(
    accountId: string,
    keyItem: KeyItem,
    requestHash: string,
  ): Promise<Posted | PostingRefusal> {
    if (keyItem.requestHash !== requestHash) return { ok: false, reason: 'idempotency_key_reused' }
    const entry = await readEntry(accountId, keyItem.sequence)
    if (!entry)
      throw new Error(`account ${accountId}: a key names entry ${keyItem.sequence}, which is not there`)
    return { ok: true, entry, replayed: true }
  }

  function transactionOf(
    head: Head,
    decision: { draft: EntryDraft; markers?: Marker[]; documents?: TransactItem[] },
    request: { key?: string; requestHash?: string; at: string },
  ) {
    const markers = decision.markers ?? []
    const documents = decision.documents ?? []
    const { entry, next } = chainEntry(head, decision.draft, request.key ?? '', request.at)
    const pk = accountKey(head.accountId)
    const putOnce = (TableName: string, Item: Record<string, unknown>): TransactItem => ({
      Put: {
        TableName,
        Item,
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    })
    const items: TransactItem[] = [
      headUpdate(ledgerTable, head, next),
      putOnce(ledgerTable, { pk, sk: entryKey(entry.sequence), ...entry }),
    ]
    if (request.key) {
      const keyItem = { requestHash: request.requestHash ?? '', sequence: entry.sequence, at: request.at }
      items.push(putOnce(ledgerTable, { pk, sk: `KEY#${request.key}`, ...keyItem }))
    }
    const firstMarker = items.length
    for (const marker of markers) {
      if (!usageTable) throw new Error('markers need a table')
      items.push(putOnce(usageTable, { ...marker.item, entrySequence: entry.sequence }))
    }
    items.push(...documents)
    if (items.length > LARGEST_TRANSACTION_ITEMS)
      throw new Error(`a posting of ${items.length} items does not fit a transaction`)
    return { items, entry, parts: { hasKey: Boolean(request.key), firstMarker, markers } }
  }

  return { readHead, readEntry, listEntries, openingOf, post }
}

function headUpdate(ledgerTable: string, head: Head, next: Head): TransactItem {
  return {
    Update: {
      TableName: ledgerTable,
      Key: { pk: accountKey(head.accountId), sk: 'HEAD' },
      // `sequence` guards what postings change, `status` what staff do; the comparisons hold whatever the code believes.
      ConditionExpression:
        '#sequence = :read AND #status = :status AND availableMicros >= :leaving AND heldMicros >= :leavingHeld',
      UpdateExpression:
        'SET availableMicros = :available, heldMicros = :held, #sequence = :sequence, tip = :tip, #counters = :counters',
      ExpressionAttributeNames: { '#sequence': 'sequence', '#counters': 'counters', '#status': 'status' },
      ExpressionAttributeValues: {
        ':read': head.sequence,
        ':status': head.status,
        ':leaving': lowering(head.availableMicros, next.availableMicros),
        ':leavingHeld': lowering(head.heldMicros, next.heldMicros),
        ':available': next.availableMicros,
        ':held': next.heldMicros,
        ':sequence': next.sequence,
        ':tip': next.tip,
        ':counters': next.counters,
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  }
}

function lowering(beforeMicros: bigint, afterMicros: bigint): bigint {
  return beforeMicros > afterMicros ? beforeMicros - afterMicros : 0n
}

function toEntry({ pk, sk, ...entry }: Record<string, unknown>): Entry {
  return entry as Entry
}
