import { DeleteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

/** Deletes items of a table, known by `pk` and `sk`, one after the other; how many they were. */
export async function deleteEach(
  client: DynamoDBDocumentClient,
  TableName: string,
  items: readonly Record<string, unknown>[],
): Promise<bigint> {
  for (const { pk, sk } of items) await client.send(new DeleteCommand({ TableName, Key: { pk, sk } }))
  return BigInt(items.length)
}
