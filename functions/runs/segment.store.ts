import { randomUUID } from 'node:crypto'
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { Period } from '../accounts/billing-period.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { queryAll } from '../edge/query-all.ts'
import { asRead, withoutKeys } from '../edge/whole-document.ts'
import type { RunStoreOptions } from './run.store.ts'
import { listKey, SEGMENT_PREFIX, segmentKey, segmentsKey } from './run-keys.ts'
import { newSegment, type OutcomeCounts, type Segment, type SegmentPlace } from './segment.ts'

export type SegmentStore = ReturnType<typeof createSegmentStore>

/** The segments of runs, and the lists of their accounts. Reads are strongly consistent. */
export function createSegmentStore({ client, documentsTable }: RunStoreOptions) {
  /**
   * Adds a segment under the next number of its shard, its list first; undefined when somebody else has taken that number,
   * and so knows of accounts that this caller does not. A list whose segment was not written is nobody's.
   */
  async function add(
    place: SegmentPlace,
    accountIds: readonly string[],
    at: string,
  ): Promise<Segment | undefined> {
    const listId = randomUUID()
    const pk = segmentsKey(place.period, place.shard)
    const list = { pk, sk: listKey(listId), accountIds }
    await client.send(new PutCommand({ TableName: documentsTable, Item: list }))
    const segment = newSegment(place, { listId, accountCount: accountIds.length }, at)
    return (await put(segment, undefined)) ? segment : undefined
  }

  /** Writes what a segment has come to, only on the one that was read; undefined when somebody else has written meanwhile. */
  async function checkpoint(before: Segment, next: Segment): Promise<Segment | undefined> {
    const written = { ...next, revision: before.revision + 1n }
    return (await put(written, before.revision)) ? written : undefined
  }

  async function put(segment: Segment, readRevision: bigint | undefined): Promise<boolean> {
    const { period, shard, number } = segment
    const Item = { pk: segmentsKey(period, shard), sk: segmentKey(number), ...segment }
    const put = { TableName: documentsTable, Item, ...asRead(readRevision) }
    return conditionHeld(client.send(new PutCommand(put)))
  }

  async function read({ period, shard, number }: SegmentPlace): Promise<Segment | undefined> {
    const item = await get(segmentsKey(period, shard), segmentKey(number))
    return item && toSegment(item)
  }

  /** The accounts of a segment, in their order. */
  async function readAccounts({ period, shard, listId }: Segment): Promise<string[]> {
    const item = await get(segmentsKey(period, shard), listKey(listId))
    if (!item) throw new Error(`run ${period}: the accounts of a segment of shard ${shard} are not there`)
    return item.accountIds as string[]
  }

  async function get(pk: string, sk: string): Promise<Record<string, unknown> | undefined> {
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key: { pk, sk }, ConsistentRead: true }),
    )
    return Item
  }

  /** All segments of a run that one shard has, in the order of their numbers. */
  async function list(period: Period, shard: number): Promise<Segment[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': segmentsKey(period, shard), ':prefix': SEGMENT_PREFIX },
      ConsistentRead: true,
    })
    return items.map(toSegment)
  }

  return { add, checkpoint, read, readAccounts, list }
}

function toSegment(item: Record<string, unknown>): Segment {
  const segment = withoutKeys(item) as Segment
  const counts = Object.entries(segment.counts).map(([outcome, count]) => [outcome, Number(count)])
  return {
    ...segment,
    shard: Number(segment.shard),
    number: Number(segment.number),
    accountCount: Number(segment.accountCount),
    cursor: Number(segment.cursor),
    counts: Object.fromEntries(counts) as OutcomeCounts,
  }
}
