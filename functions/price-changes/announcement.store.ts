import { type DynamoDBDocumentClient, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { conditionHeld } from '../edge/dynamodb.ts'
import { queryAll } from '../edge/query-all.ts'
import { ANNOUNCEMENTS, announcementKey, planKey, subscribersKey } from '../plans/plan-keys.ts'
import { type Announcement, AT_LAST } from './announcement.ts'

const PAGE_ACCOUNTS = 500

/** What versions are to be announced, and how far that has come. */
export function createAnnouncementStore(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
  pageAccounts?: number
}) {
  const { client, documentsTable, pageAccounts = PAGE_ACCOUNTS } = options
  const keyOf = ({ planId, version }: Pick<Announcement, 'planId' | 'version'>) => ({
    pk: planKey(planId),
    sk: announcementKey(version),
  })

  /** All that are not done, of each plan in the order of its versions. One of a moment ago may still be missing. */
  async function listPending(): Promise<Announcement[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      IndexName: 'index1',
      KeyConditionExpression: 'index1pk = :pk',
      ExpressionAttributeValues: { ':pk': ANNOUNCEMENTS },
    })
    return items.map(toAnnouncement)
  }

  async function read(planId: string, version: number): Promise<Announcement | undefined> {
    const Key = keyOf({ planId, version })
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && toAnnouncement(Item)
  }

  /** The accounts of a shard whose latest choice is the plan, by id, after the given one. One that chose a moment ago may still be missing. */
  async function listSubscribers(planId: string, shard: number, after: string): Promise<string[]> {
    const { Items } = await client.send(
      new QueryCommand({
        TableName: documentsTable,
        IndexName: 'index1',
        KeyConditionExpression: 'index1pk = :pk AND index1sk > :after',
        ExpressionAttributeValues: { ':pk': subscribersKey(planId, shard), ':after': after },
        Limit: pageAccounts,
      }),
    )
    return (Items ?? []).map(({ accountId }) => accountId as string)
  }

  /** Moves a shard on, only from where it was; false when another has moved it meanwhile. */
  async function moveOn(
    announcement: Announcement,
    shard: number,
    from: string,
    to: string,
  ): Promise<boolean> {
    return update(announcement, {
      UpdateExpression: 'SET #progress.#shard = :to',
      ConditionExpression: '#progress.#shard = :from',
      ExpressionAttributeNames: { '#progress': 'progress', '#shard': String(shard) },
      ExpressionAttributeValues: { ':from': from, ':to': to },
    })
  }

  /** Takes an announcement off the list when all of its shards are at their end. */
  async function finish(planId: string, version: number): Promise<boolean> {
    const announcement = await read(planId, version)
    if (!announcement || !isDone(announcement)) return false
    return update(announcement, { UpdateExpression: 'REMOVE index1pk, index1sk' })
  }

  async function update(
    announcement: Announcement,
    change: Omit<ConstructorParameters<typeof UpdateCommand>[0], 'TableName' | 'Key'>,
  ): Promise<boolean> {
    const update = new UpdateCommand({ TableName: documentsTable, Key: keyOf(announcement), ...change })
    return conditionHeld(client.send(update))
  }

  return { listPending, read, listSubscribers, moveOn, finish }
}

function isDone({ progress }: Announcement): boolean {
  return Object.values(progress).every((position) => position === AT_LAST)
}

function toAnnouncement({ planId, version, progress }: Record<string, unknown>): Announcement {
  return {
    planId: planId as string,
    version: Number(version),
    progress: progress as Record<string, string>,
  }
}
