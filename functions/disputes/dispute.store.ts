import { type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { asRead, withoutKeys } from '../edge/whole-document.ts'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import { watchKeys } from '../top-up/watch-list.ts'
import { type Dispute, watchOf } from './dispute.ts'

export type DisputeStore = ReturnType<typeof createDisputeStore>

const PREFIX = 'DISPUTE#'
const keyOf = (accountId: string, disputeId: string) => ({
  pk: accountKey(accountId),
  sk: `${PREFIX}${disputeId}`,
})

/** The documents of disputes. */
export function createDisputeStore({
  client,
  paymentsTable,
}: {
  client: DynamoDBDocumentClient
  paymentsTable: string
}) {
  /** A dispute as it is now (strongly consistent), or undefined. */
  async function read(accountId: string, disputeId: string): Promise<Dispute | undefined> {
    const Key = keyOf(accountId, disputeId)
    const { Item } = await client.send(
      new GetCommand({ TableName: paymentsTable, Key, ConsistentRead: true }),
    )
    return Item && toDispute(Item)
  }

  /**
   * Replaces a dispute as it was read, or writes it where there was none, as an item for a transaction: it fails when anything
   * else has written it since.
   */
  function replacementOf(known: Dispute | undefined, next: Dispute) {
    const { accountId, disputeId, changedAt } = next
    const revision = known ? known.revision + 1n : 0n
    const watch = watchKeys(watchOf(next), changedAt, accountId, disputeId, next.resolution)
    const Item: Record<string, unknown> = { ...keyOf(accountId, disputeId), ...watch, ...next, revision }
    return { Put: { TableName: paymentsTable, Item, ...asRead(known?.revision) } }
  }

  /** Writes a dispute, and what changes with it; false when one of them has changed since it was read. */
  async function write(
    known: Dispute | undefined,
    next: Dispute,
    others: WriteItem[] = [],
  ): Promise<boolean> {
    const written = await writeTogether(client, [replacementOf(known, next), ...others])
    if (written.ok || written.reason === 'condition_failed') return written.ok
    throw new Error(`dispute ${next.disputeId} could not be written: ${written.reason}`)
  }

  /** A page of an account's disputes, in the order of their ids. */
  async function list(accountId: string, page: { limit: number; after?: string }): Promise<Dispute[]> {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: paymentsTable,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :disputes)',
        ExpressionAttributeValues: { ':pk': accountKey(accountId), ':disputes': PREFIX },
        ExclusiveStartKey: page.after === undefined ? undefined : keyOf(accountId, page.after),
        Limit: page.limit,
        ConsistentRead: true,
      }),
    )
    return Items.map(toDispute)
  }

  return { read, replacementOf, write, list }
}

function toDispute(item: Record<string, unknown>): Dispute {
  return withoutKeys(item) as Dispute
}
