import { type DynamoDBDocumentClient, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { ClientType } from '../accounts/account.ts'
import { ALL_ACCOUNTS } from '../accounts/account-keys.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { queryAll } from '../edge/query-all.ts'
import { AT_LAST, type Telling, type TellingName } from './telling.ts'
import { TELLINGS, tellingKey } from './terms-keys.ts'

const PAGE_ACCOUNTS = 500

/** A page of the list of all accounts, oldest first, and the place behind which the next one begins. */
export type AccountPage = { accounts: { accountId: string; clientType: ClientType }[]; last: string }

/** Which rounds of telling clients of versions are to be done, and how far each has come. */
export function createTellingStore(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
  pageAccounts?: number
}) {
  const { client, documentsTable, pageAccounts = PAGE_ACCOUNTS } = options

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

  /** Accounts in the order in which they were opened, behind a place. One that was opened a moment ago may still be missing. */
  async function listAccounts(after: string): Promise<AccountPage> {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: documentsTable,
        IndexName: 'index1',
        KeyConditionExpression: 'index1pk = :pk AND index1sk > :after',
        ExpressionAttributeValues: { ':pk': ALL_ACCOUNTS, ':after': after },
        Limit: pageAccounts,
      }),
    )
    const accounts = Items.map(({ accountId, clientType }) => ({ accountId, clientType }))
    return {
      accounts: accounts as AccountPage['accounts'],
      last: (Items.at(-1)?.index1sk as string) ?? AT_LAST,
    }
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

  return { listDue, read, listAccounts, moveOn }
}

function toTelling(item: Record<string, unknown>): Telling {
  const { document, version, round, dueAt, after } = item as Telling
  return { document, version, round, dueAt, after }
}
