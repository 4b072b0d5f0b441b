import { type DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { withoutKeys } from '../edge/whole-document.ts'
import { type Watch, watchListKey } from './watch-list.ts'

/** A document on a list: since when, and where on the list it stands. */
export type Watched = {
  accountId: string
  id: string
  since: string
  position: string
  document: Record<string, unknown>
}

/** Where a walk of a list has come to, absent at its end; and when it began. */
export type WalkPosition = { after?: string; beganAt?: string }

export type WatchListStore = ReturnType<typeof createWatchListStore>

/** What sorts before everything that stands on a list. */
const BEGINNING = ' '

/** The lists of what somebody has to look at. */
export function createWatchListStore({
  client,
  paymentsTable,
}: {
  client: DynamoDBDocumentClient
  paymentsTable: string
}) {
  /**
   * A page of what is on a list since before an instant, oldest first. What was put there or taken away a moment ago may
   * still be missing or stand there: who acts on it reads the document itself.
   */
  async function page(
    watch: Watch,
    { before, after, limit }: { before: string; after?: string; limit: number },
  ): Promise<Watched[]> {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: paymentsTable,
        IndexName: 'index2',
        KeyConditionExpression: 'index2pk = :list AND index2sk BETWEEN :after AND :before',
        ExpressionAttributeValues: {
          ':list': watchListKey(watch),
          ':after': after === undefined ? BEGINNING : `${after}${BEGINNING}`,
          ':before': before,
        },
        Limit: limit,
      }),
    )
    return Items.map(toWatched)
  }

  const positionKey = (watch: Watch) => ({ pk: 'RECONCILING', sk: watch })

  /** Where the last walk of a list came to. */
  async function readPosition(watch: Watch): Promise<WalkPosition> {
    const { Item } = await client.send(
      new GetCommand({ TableName: paymentsTable, Key: positionKey(watch), ConsistentRead: true }),
    )
    return { after: Item?.after, beganAt: Item?.beganAt }
  }

  async function writePosition(watch: Watch, position: WalkPosition): Promise<void> {
    const Item = { ...positionKey(watch), ...position }
    await client.send(new PutCommand({ TableName: paymentsTable, Item }))
  }

  return { page, readPosition, writePosition }
}

function toWatched(item: Record<string, unknown>): Watched {
  const position = String(item.index2sk)
  const [since = '', accountId = '', id = ''] = position.split('#')
  return { accountId, id, since, position, document: withoutKeys(item) }
}
