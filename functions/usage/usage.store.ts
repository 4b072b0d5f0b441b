import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { getAll } from '../edge/get-all.ts'
import { type UsageEventIdentity, usageEventKey } from './usage-event.ts'
import type { UsageRecord } from './usage-record.ts'

export type UsageStore = ReturnType<typeof createUsageStore>

/** Reads what became of usage events. Only a ledger posting writes it. */
export function createUsageStore({
  client,
  usageTable,
}: {
  client: DynamoDBDocumentClient
  usageTable: string
}) {
  /** What was decided about an event (strongly consistent); undefined while nothing is. */
  async function read(event: UsageEventIdentity): Promise<UsageRecord | undefined> {
    const Key = usageEventKey(event)
    const { Item } = await client.send(new GetCommand({ TableName: usageTable, Key, ConsistentRead: true }))
    return Item && toRecord(Item)
  }

  /** The same of several events, in their order; one that is not decided is left out. */
  async function readMany(events: readonly UsageEventIdentity[]): Promise<UsageRecord[]> {
    const keys = new Map(events.map((event) => [usageEventKey(event).pk, usageEventKey(event)]))
    const items = await getAll(client, usageTable, [...keys.values()])
    const found = new Map(items.map((item) => [item.pk, toRecord(item)]))
    return events.flatMap((event) => found.get(usageEventKey(event).pk) ?? [])
  }

  return { read, readMany }
}

function toRecord({ pk, sk, ...record }: Record<string, unknown>): UsageRecord {
  return record as UsageRecord
}
