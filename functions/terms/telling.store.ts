import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { conditionHeld } from '../edge/dynamodb.ts'
import { queryAll } from '../edge/query-all.ts'
import { AT_LAST, type Telling, type TellingName } from './telling.ts'
import { TELLINGS, tellingKey } from './terms-keys.ts'

/** Which rounds of telling clients of versions are to be done, and how far each has come. */
export function createTellingStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options

  /** All rounds that are due and not done. One of a moment ago may still be missing. */
  async function listDue(now: Date): Promise<Telling[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      IndexName: 'index1',
      KeyConditionExpression: 'index1pk = :pk AND index1sk <= :now',
      // Behind every key of this instant: `$` comes after `#`.
      ExpressionAttributeValues: { ':pk': TELLINGS, ':now': `${now.toISOString()}$` },
    })
    return items.map(toTelling)
  }

  async function read(name: TellingName): Promise<Telling | undefined> {
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key: tellingKey(name), ConsistentRead: true }),
    )
    return Item && toTelling(Item)
  }

  /** Moves a round on, only from where it was read; at its end it leaves the list. False when another has moved it meanwhile. */
  async function moveOn(telling: Telling, to: string): Promise<boolean> {
    const move = new UpdateCommand({
      TableName: documentsTable,
      Key: tellingKey(telling),
      UpdateExpression: `SET #after = :to${to === AT_LAST ? ' REMOVE index1pk, index1sk' : ''}`,
      ConditionExpression: '#after = :from',
      ExpressionAttributeNames: { '#after': 'after' },
      ExpressionAttributeValues: { ':from': telling.after, ':to': to },
    })
    return conditionHeld(client.send(move))
  }

  return { listDue, read, moveOn }
}

function toTelling(item: Record<string, unknown>): Telling {
  const { document, version, round, dueAt, after } = item as Telling
  return { document, version, round, dueAt, after }
}
