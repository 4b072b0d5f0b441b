import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { getAll } from '../edge/get-all.ts'
import { queryAll } from '../edge/query-all.ts'
import type { Entry, Head } from '../ledger/entry.ts'
import type { Ledger, TransactItem } from '../ledger/ledger.store.ts'
import { accountKey } from '../ledger/ledger-keys.ts'
import {
  batchPartition,
  batchSortKey,
  gapKey,
  parkedPrefix,
  parkedSortKey,
  sourceHash,
  sourcesPartition,
} from './numbered-keys.ts'
import { type PlainRow, packColumns, unpackColumns } from './pack-columns.ts'
import { type PackedDecision, unpackUsageDecisions } from './packed-usage.ts'
import {
  MOST_EVENTS_PER_BATCH,
  type ParkedRun,
  type SourceStanding,
  type Standing,
} from './place-numbered.ts'
import type { NumberedEvent } from './usage-event.ts'

/** A batch in the index of its source: where its events are. */
export type BatchItem = {
  source: string
  first: bigint
  last: bigint
  entrySequence: bigint
  at: string
  /** The numbers were given up, so there are no events. */
  released?: true
}

/** What stands under a number of a source: a decided event with its entry, or a release. */
export type FoundNumber = { batch: BatchItem; entry?: Entry; decision?: PackedDecision }

export type NumberedStore = ReturnType<typeof createNumberedStore>

/**
 * What belongs to numbered usage beside HEAD and entries: the index of batches, the parked events, the gaps. All of it is
 * written in transactions over HEAD, so that HEAD's revision guards it.
 */
export function createNumberedStore(options: {
  client: DynamoDBDocumentClient
  ledger: Pick<Ledger, 'readEntry'>
  ledgerTable: string
  usageTable: string
  waitingTable: string
}) {
  const { client, ledger, ledgerTable, usageTable, waitingTable } = options

  /**
   * Where a source stands by a HEAD that was read before this, with what one posting can take up. `from` and `to` bound
   * the events that are to be placed.
   */
  async function look(head: Head, source: string, from: number, to: number): Promise<Standing> {
    const hash = sourceHash(source)
    const known = head.watermarks[hash]
    const last = known ? Number(known.last) : await readLast(head.accountId, hash)
    if (known && !known.isWaiting) return { last, isWaiting: false, parked: [] }
    const { parked, hasMore } = await readParked(head.accountId, hash, last)
    const standing = { last, isWaiting: parked.length > 0, parked }
    if (!hasMore) return standing
    return { ...standing, parkedBeyond: await listParkedNumbers(head.accountId, hash, from, to) }
  }

  /** How far a source has come, and whether it waits: mostly HEAD says so. */
  async function lastOf(head: Head, source: string): Promise<{ last: number; isWaiting: boolean }> {
    const hash = sourceHash(source)
    const known = head.watermarks[hash]
    if (known) return { last: Number(known.last), isWaiting: known.isWaiting }
    const [last, run] = await Promise.all([
      readLast(head.accountId, hash),
      walkParked(head.accountId, source, 1).next(),
    ])
    return { last, isWaiting: !run.done }
  }

  /** The last number of a source by the newest item of its index; 0 before the first. */
  async function readLast(accountId: string, hash: string): Promise<number> {
    const { Items } = await client.send(
      new QueryCommand({
        TableName: usageTable,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': batchPartition(accountId, hash) },
        ScanIndexForward: false,
        Limit: 1,
        ConsistentRead: true,
      }),
    )
    return Number((Items?.[0] as BatchItem | undefined)?.last ?? 0n)
  }

  /** The first parked runs, up to somewhat more than a batch. */
  async function readParked(accountId: string, hash: string, last: number) {
    const parked: ParkedRun[] = []
    let events = 0
    let ExclusiveStartKey: Record<string, unknown> | undefined
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: waitingTable,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: {
            ':pk': accountKey(accountId),
            ':from': parkedSortKey(hash, last + 1),
            ':to': `${parkedPrefix(hash)}~`,
          },
          ConsistentRead: true,
          ExclusiveStartKey,
        }),
      )
      for (const item of page.Items ?? []) {
        if (events >= MOST_EVENTS_PER_BATCH) return { parked, hasMore: true }
        const run = toRun(accountId, item)
        parked.push(run)
        events += run.events.length
      }
      ExclusiveStartKey = page.LastEvaluatedKey
    } while (ExclusiveStartKey)
    return { parked, hasMore: false }
  }

  /** The parked numbers that fall into a range. A run is no longer than a batch, so it begins no earlier than that before. */
  async function listParkedNumbers(accountId: string, hash: string, from: number, to: number) {
    const items = await queryAll(client, {
      TableName: waitingTable,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: {
        ':pk': accountKey(accountId),
        ':from': parkedSortKey(hash, Math.max(0, from - MOST_EVENTS_PER_BATCH)),
        ':to': parkedSortKey(hash, to),
      },
      ProjectionExpression: '#first, #last',
      ExpressionAttributeNames: { '#first': 'first', '#last': 'last' },
      ConsistentRead: true,
    })
    return items.map(({ first, last }) => ({ first: Number(first), last: Number(last) }))
  }

  /** What waits under numbers of a source, with its run; one read per run, however much waits. */
  async function findParked(
    accountId: string,
    source: string,
    numbers: readonly number[],
  ): Promise<Map<number, { event: NumberedEvent; run: ParkedRun }>> {
    const found = new Map<number, { event: NumberedEvent; run: ParkedRun }>()
    let run: ParkedRun | undefined
    for (const number of numbers.toSorted((left, right) => left - right)) {
      if (!run || run.last < number) run = await readRun(accountId, source, number)
      const event = run?.events[number - run.first]
      if (run && event) found.set(number, { event, run })
    }
    return found
  }

  /** The last run that begins at or before a number, and near enough to hold it. */
  async function readRun(accountId: string, source: string, number: number): Promise<ParkedRun | undefined> {
    const hash = sourceHash(source)
    const { Items } = await client.send(
      new QueryCommand({
        TableName: waitingTable,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: {
          ':pk': accountKey(accountId),
          ':from': parkedSortKey(hash, Math.max(0, number - MOST_EVENTS_PER_BATCH)),
          ':to': parkedSortKey(hash, number),
        },
        ScanIndexForward: false,
        Limit: 1,
        ConsistentRead: true,
      }),
    )
    return Items?.[0] && toRun(accountId, Items[0])
  }

  /** The runs of a source that wait, in the order of their numbers, read page by page as they are asked for. */
  async function* walkParked(accountId: string, source: string, Limit?: number): AsyncGenerator<ParkedRun> {
    const prefix = parkedPrefix(sourceHash(source))
    let ExclusiveStartKey: Record<string, unknown> | undefined
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: waitingTable,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': accountKey(accountId), ':prefix': prefix },
          ConsistentRead: true,
          Limit,
          ExclusiveStartKey,
        }),
      )
      for (const item of page.Items ?? []) yield toRun(accountId, item)
      ExclusiveStartKey = page.LastEvaluatedKey
    } while (ExclusiveStartKey)
  }

  /** Lays a run of events aside. */
  function park(
    accountId: string,
    source: string,
    { first, last, events, since }: ParkedRun,
    at: string,
  ): TransactItem {
    const rows = events.map(({ accountId, source, ...said }) => said)
    const key = { pk: accountKey(accountId), sk: parkedSortKey(sourceHash(source), first) }
    const packed = packColumns([rows as PlainRow[]], null)
    return {
      Put: { TableName: waitingTable, Item: { ...key, source, first, last, packed, at: since ?? at } },
    }
  }

  function takeUp(accountId: string, source: string, { first }: ParkedRun): TransactItem {
    const Key = { pk: accountKey(accountId), sk: parkedSortKey(sourceHash(source), first) }
    return { Delete: { TableName: waitingTable, Key } }
  }

  /** The index item of a batch. */
  function batchOf(
    accountId: string,
    batch: Omit<BatchItem, 'first' | 'last'> & { first: number; last: number },
  ) {
    const pk = batchPartition(accountId, sourceHash(batch.source))
    const Item = { pk, sk: batchSortKey(batch.last), ...batch }
    return { Put: { TableName: usageTable, Item, ConditionExpression: 'attribute_not_exists(pk)' } }
  }

  /** Lists a source under its account, the first time that it sends numbered events there. */
  function listing(accountId: string, source: string, since: string): TransactItem {
    const Item = { pk: sourcesPartition(accountId), sk: sourceHash(source), source, since }
    return { Put: { TableName: usageTable, Item } }
  }

  /** Tells the stream of the ledger's table that a gap opened. */
  function gap(
    accountId: string,
    gap: { source: string; missingFrom: number; missingTo: number; at: string },
  ) {
    const key = gapKey(accountId, sourceHash(gap.source), gap.missingFrom)
    return { Put: { TableName: ledgerTable, Item: { ...key, accountId, ...gap } } }
  }

  /** What stands under numbers of a source that are at or below its last; one look-up per batch, not per number. */
  async function find(
    accountId: string,
    source: string,
    numbers: readonly number[],
    mostBatches = Number.POSITIVE_INFINITY,
  ): Promise<Map<number, FoundNumber>> {
    const found = new Map<number, FoundNumber>()
    let batches = 0
    let current: { batch: BatchItem; entry?: Entry; decisions: Map<number, PackedDecision> } | undefined
    for (const number of numbers.toSorted((left, right) => left - right)) {
      if (!current || current.batch.last < number) {
        if (batches === mostBatches) break
        batches += 1
        current = await readBatch(accountId, source, number)
      }
      if (!current || current.batch.first > number) continue
      const { batch, entry, decisions } = current
      found.set(number, { batch, entry, decision: decisions.get(number) })
    }
    return found
  }

  async function readBatch(accountId: string, source: string, number: number) {
    const { Items } = await client.send(
      new QueryCommand({
        TableName: usageTable,
        KeyConditionExpression: 'pk = :pk AND sk >= :number',
        ExpressionAttributeValues: {
          ':pk': batchPartition(accountId, sourceHash(source)),
          ':number': batchSortKey(number),
        },
        Limit: 1,
        ConsistentRead: true,
      }),
    )
    const batch = Items?.[0] as BatchItem | undefined
    if (!batch) return undefined
    const entry = await ledger.readEntry(accountId, batch.entrySequence)
    const own = entry ? unpackUsageDecisions(entry).filter(({ event }) => event.source === source) : []
    return { batch, entry, decisions: new Map(own.map((decision) => [decision.event.number, decision])) }
  }

  /** Which of these sources number their events on an account. */
  async function numbersEvents(accountId: string, sources: readonly string[]): Promise<string[]> {
    const keys = sources.map((source) => ({ pk: sourcesPartition(accountId), sk: sourceHash(source) }))
    const items = await getAll(client, usageTable, keys)
    return items.map(({ source }) => String(source))
  }

  /** An account's sources with where each stands, by the hashes of their names, after a position. */
  async function listSources(
    head: Head,
    page: { limit: number; after?: string },
  ): Promise<{ sources: SourceStanding[]; next?: string }> {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: usageTable,
        KeyConditionExpression: 'pk = :pk AND sk > :after',
        ExpressionAttributeValues: { ':pk': sourcesPartition(head.accountId), ':after': page.after ?? ' ' },
        Limit: page.limit,
        ConsistentRead: true,
      }),
    )
    const sources: SourceStanding[] = []
    for (const { source, since } of Items as { source: string; since: string }[])
      sources.push({ source, since, ...(await look(head, source, 0, 0)) })
    const next = LastEvaluatedKey ? (Items.at(-1)?.sk as string | undefined) : undefined
    return { sources, next }
  }

  return {
    look,
    lastOf,
    findParked,
    walkParked,
    park,
    takeUp,
    batchOf,
    listing,
    gap,
    find,
    numbersEvents,
    listSources,
  }
}

function toRun(accountId: string, item: Record<string, unknown>): ParkedRun {
  const { source, first, last, packed } = item as {
    source: string
    first: bigint
    last: bigint
    packed: Uint8Array
  }
  const { tables } = unpackColumns<[Omit<NumberedEvent, 'accountId' | 'source'>[]], null>(packed)
  const [rows] = tables
  const events = rows.map((row) => ({ ...row, source, accountId }))
  return { first: Number(first), last: Number(last), events, since: String(item.at) }
}
