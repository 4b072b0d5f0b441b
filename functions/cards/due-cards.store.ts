import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { LocalDay } from '../accounts/local-day.ts'
import { CARD_DUE_SHARDS, cardDueShardKey } from './card-calendar.ts'

const PAGE_ACCOUNTS = 200

/** The accounts with whose cards something is to be done by a day, longest due first in each shard, page by page. */
export function createDueCardStore(options: {
  client: DynamoDBDocumentClient
  paymentsTable: string
  pageAccounts?: number
}) {
  const { client, paymentsTable, pageAccounts = PAGE_ACCOUNTS } = options

  async function* listDue(day: LocalDay): AsyncGenerator<string[]> {
    for (let shard = 0; shard < CARD_DUE_SHARDS; shard++) yield* listShard(shard, day)
  }

  async function* listShard(shard: number, day: LocalDay): AsyncGenerator<string[]> {
    let ExclusiveStartKey: Record<string, unknown> | undefined
    do {
      const result = await client.send(
        new QueryCommand({
          TableName: paymentsTable,
          IndexName: 'index2',
          KeyConditionExpression: 'index2pk = :shard AND index2sk < :after',
          // The account follows the day: `~` sorts after every account's id.
          ExpressionAttributeValues: { ':shard': cardDueShardKey(shard), ':after': `${day}#~` },
          Limit: pageAccounts,
          ExclusiveStartKey,
        }),
      )
      const accountIds = (result.Items ?? []).map((item) => item.accountId as string)
      if (accountIds.length > 0) yield accountIds
      ExclusiveStartKey = result.LastEvaluatedKey
    } while (ExclusiveStartKey)
  }

  return { listDue }
}
