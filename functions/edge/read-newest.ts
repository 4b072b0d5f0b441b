import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'

/** The items of a page of a list by age (`listKeys`), newest first, behind a place of it. One of a moment ago may still be missing. */
export async function readNewest(
  client: DynamoDBDocumentClient,
  TableName: string,
  list: string,
  { limit, after }: { limit: number; after?: string },
): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      IndexName: 'index1',
      KeyConditionExpression: 'index1pk = :list AND index1sk < :before',
      ExpressionAttributeValues: { ':list': list, ':before': after ?? '~' },
      ScanIndexForward: false,
      Limit: limit,
    }),
  )
  return Items
}
