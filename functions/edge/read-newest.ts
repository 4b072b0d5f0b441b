import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'

/** The items of a page of an account’s list (`listKeys`), newest first. One of a moment ago may still be missing. */
export async function readNewest(
  client: DynamoDBDocumentClient,
  TableName: string,
  list: string,
  { limit, after }: { limit: number; after?: { createdAt: string; id: string } },
): Promise<Record<string, unknown>[]> {
  const before = after ? `${after.createdAt}#${after.id}` : '~'
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      IndexName: 'index1',
      KeyConditionExpression: 'index1pk = :list AND index1sk < :before',
      ExpressionAttributeValues: { ':list': list, ':before': before },
      ScanIndexForward: false,
      Limit: limit,
    }),
  )
  return Items
}
