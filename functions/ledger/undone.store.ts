import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { NOTHING_UNDONE, type Undone } from './decide-movement.ts'
import type { TransactItem } from './head.store.ts'
import { accountKey, undoneKey } from './ledger-keys.ts'

/** What of each entry has been given back: `UNDONE#<12 digits>`, written in the transaction that gives it back. */
export function createUndoneStore(options: { client: DynamoDBDocumentClient; ledgerTable: string }) {
  const { client, ledgerTable } = options

  /** As it is now (strongly consistent). */
  async function read(accountId: string, sequence: bigint): Promise<Undone> {
    const Key = { pk: accountKey(accountId), sk: undoneKey(sequence) }
    const { Item } = await client.send(new GetCommand({ TableName: ledgerTable, Key, ConsistentRead: true }))
    return Item ? { undoneMicros: Item.undoneMicros, isReversed: Item.isReversed } : NOTHING_UNDONE
  }

  /** Goes from what was read to what is to be, or the whole posting is not written. */
  function write(accountId: string, sequence: bigint, before: Undone, next: Undone): TransactItem {
    const isFirst = before.undoneMicros === 0n && !before.isReversed
    return {
      Put: {
        TableName: ledgerTable,
        Item: { pk: accountKey(accountId), sk: undoneKey(sequence), ...next },
        ...(isFirst
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: 'undoneMicros = :undone AND isReversed = :reversed',
              ExpressionAttributeValues: { ':undone': before.undoneMicros, ':reversed': before.isReversed },
            }),
      },
    }
  }

  return { read, write }
}
