import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { DueAccount } from './find-due.ts'
import { type DueKind, dueKey, dueShardKey, EXPIRY_PREFIX, RING_FENCE } from './plan-keys.ts'

const PAGE_ACCOUNTS = 500

/**
 * The accounts of a shard for which something is due at an instant, longest due first, page by page. One that
 * became due a moment ago may still be missing: the next look finds it.
 */
export function createDueStore(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
  pageAccounts?: number
}) {
  const { client, documentsTable, pageAccounts = PAGE_ACCOUNTS } = options

  async function* listDue(shard: number, at: string): AsyncGenerator<DueAccount[]> {
    let ExclusiveStartKey: Record<string, unknown> | undefined
    do {
      const result = await client.send(
        new QueryCommand({
          TableName: documentsTable,
          IndexName: 'index1',
          KeyConditionExpression: 'index1pk = :shard AND index1sk < :after',
          // The account follows the instant: `~` sorts after every account's id.
          ExpressionAttributeValues: { ':shard': dueShardKey(shard), ':after': `${at}#~` },
          Limit: pageAccounts,
          ExclusiveStartKey,
        }),
      )
      const accounts = (result.Items ?? []).map(toDueAccount)
      if (accounts.length > 0) yield accounts
      ExclusiveStartKey = result.LastEvaluatedKey
    } while (ExclusiveStartKey)
  }

  return { listDue }
}

function toDueAccount(item: Record<string, unknown>): DueAccount {
  const kind = kindOf(item.sk as string)
  const accountId = item.accountId as string
  return kind === 'charge' ? { kind, accountId, period: item.period as string } : { kind, accountId }
}

function kindOf(sk: string): DueKind {
  if (sk.startsWith(EXPIRY_PREFIX)) return 'expiry'
  if (sk === RING_FENCE) return 'ring_fence'
  const kinds = ['charge', 'grace', 'warning'] as const
  return kinds.find((kind) => sk === dueKey(kind)) ?? 'warning'
}
