import { BatchGetCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

const LARGEST_BATCH_KEYS = 100

/**
 * The items of these keys that are there, in no order, as they are now (strongly consistent). No key may be named twice.
 * What the database put off is asked for again.
 */
export async function getAll(
  client: DynamoDBDocumentClient,
  TableName: string,
  keys: readonly Record<string, unknown>[],
): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = []
  for (let start = 0; start < keys.length; start += LARGEST_BATCH_KEYS) {
    let Keys: Record<string, unknown>[] = keys.slice(start, start + LARGEST_BATCH_KEYS)
    while (Keys.length > 0) {
      const request = { [TableName]: { Keys, ConsistentRead: true } }
      const reply = await client.send(new BatchGetCommand({ RequestItems: request }))
      items.push(...(reply.Responses?.[TableName] ?? []))
      Keys = reply.UnprocessedKeys?.[TableName]?.Keys ?? []
    }
  }
  return items
}
