import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import type { Period } from '../accounts/billing-period.ts'
import { asRead, withoutKeys } from '../edge/whole-document.ts'
import type { WriteItem } from '../edge/write-together.ts'
import { warningKey } from './plan-keys.ts'
import type { Warning } from './warning.ts'

/** What accounts were told of months that their credit would not cover. */
export function createWarningStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options

  /** As it is now (strongly consistent); undefined for a month of which nothing was told. */
  async function read(accountId: string, period: Period): Promise<Warning | undefined> {
    const Key = { pk: accountKey(accountId), sk: warningKey(period) }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && toWarning(Item)
  }

  /** Puts it in the place of what was read, or where there was none. */
  function put(before: Warning | undefined, next: Omit<Warning, 'revision'>): WriteItem {
    const revision = (before?.revision ?? 0n) + 1n
    const keys = { pk: accountKey(next.accountId), sk: warningKey(next.period) }
    const Item = { ...keys, ...next, event: JSON.stringify(next.event), revision }
    return { Put: { TableName: documentsTable, Item, ...asRead(before?.revision) } }
  }

  return { read, put }
}

/** The event is kept as text: as it is told, whatever the database makes of its numbers. */
function toWarning(item: Record<string, unknown>): Warning {
  const document = withoutKeys(item) as Omit<Warning, 'event'> & { event: string }
  return { ...document, event: JSON.parse(document.event) as Warning['event'] }
}
