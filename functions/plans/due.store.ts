import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { type DueKind, dueShardKey } from './plan-keys.ts'

const PAGE_ACCOUNTS = 500

/**
 * The accounts of a shard for which a charge or warning is due at an instant, longest due first, page by page. One that
 * became due a moment ago may still be missing: the next look finds it.
 */
export function createDueStore(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
  pageAccounts?: number
}) {
  const { client, documentsTable, pageAccounts = PAGE_ACCOUNTS } = options

  async function* listDue(kind: DueKind, shard: number, at: string): AsyncGenerator<string[]> {
    let ExclusiveStartKey: Record<string, unknown> | undefined
    do {
      const result = await client.send(
        new QueryCommand({
          TableName: documentsTable,
          IndexName: 'index1',
          KeyConditionExpression: 'index1pk = :shard AND index1sk < :after',
          // The account follows the instant: `~` sorts after every account's id.
          ExpressionAttributeValues: { ':shard': dueShardKey(kind, shard), ':after': `${at}#~` },
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
