import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { NOTHING_UNDONE, type Undone } from './decide-movement.ts'
import type { TransactItem } from './head.store.ts'
import { accountKey, undoneKey } from './ledger-keys.ts'
import type { Lot } from './lot.ts'

/**
 * What of each entry has been undone: `UNDONE#<12 digits>`, written in the transaction that undoes it; and what has expired
 * of the credit that it gave, written with the expiry.
 */
export function createUndoneStore(options: { client: DynamoDBDocumentClient; ledgerTable: string }) {
  const { client, ledgerTable } = options

  /** As it is now (strongly consistent). */
  async function read(accountId: string, sequence: bigint): Promise<Undone> {
    const Key = { pk: accountKey(accountId), sk: undoneKey(sequence) }
    const { Item } = await client.send(new GetCommand({ TableName: ledgerTable, Key, ConsistentRead: true }))
    return { ...NOTHING_UNDONE, ...(Item && onlyUndone(Item)) }
  }

  /** Goes from what was read to what is to be, or the whole posting is not written. */
  function write(accountId: string, sequence: bigint, before: Undone, next: Undone): TransactItem {
    const isFirst = before.undoneMicros === 0n && !before.isReversed && before.expiredMicros === 0n
    return {
      Put: {
        TableName: ledgerTable,
        Item: { pk: accountKey(accountId), sk: undoneKey(sequence), ...next },
        ...(isFirst
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression:
                'undoneMicros = :undone AND isReversed = :reversed AND expiredMicros = :expired',
              ExpressionAttributeValues: {
                ':undone': before.undoneMicros,
                ':reversed': before.isReversed,
                ':expired': before.expiredMicros,
              },
            }),
      },
    }
  }

  return { read, write }
}

/** Adds to what has expired of the lot that an entry made. The write of HEAD in the same transaction guards it. */
export function expiryOfLot(
  ledgerTable: string,
  accountId: string,
  { lot, remainingMicros }: Lot,
): TransactItem {
  return {
    Update: {
      TableName: ledgerTable,
      Key: { pk: accountKey(accountId), sk: undoneKey(lot) },
      UpdateExpression:
        'SET undoneMicros = if_not_exists(undoneMicros, :none), isReversed = if_not_exists(isReversed, :no) ADD expiredMicros :expired',
      ExpressionAttributeValues: { ':none': 0n, ':no': false, ':expired': remainingMicros },
    },
  }
}

function onlyUndone({ pk, sk, ...undone }: Record<string, unknown>): Partial<Undone> {
  return undone as Partial<Undone>
}
