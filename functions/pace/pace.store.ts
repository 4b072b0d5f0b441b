import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { asRead, withoutKeys } from '../edge/whole-document.ts'
import type { UsageDays } from './pace.ts'

const PACE = 'PACE'

/** What usage took of an account's credit on its last days: one document, a kilobyte at most. */
export function createPaceStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options

  /** As it is now (strongly consistent); undefined before the first usage. */
  async function read(accountId: string): Promise<UsageDays | undefined> {
    const Key = { pk: accountKey(accountId), sk: PACE }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && (withoutKeys(Item) as UsageDays)
  }

  /** Puts the days in the place of those that were read; false when others have counted meanwhile. */
  async function replace(before: UsageDays | undefined, next: UsageDays): Promise<boolean> {
    const put = new PutCommand({
      TableName: documentsTable,
      Item: { pk: accountKey(next.accountId), sk: PACE, ...next },
      ...asRead(before?.countedSequence, 'countedSequence'),
    })
    return conditionHeld(client.send(put))
  }

  return { read, replace }
}
