import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { readNewest } from '../edge/read-newest.ts'
import { asRead, listKeys, placeOf, withoutKeys } from '../edge/whole-document.ts'
import { watchKeys } from '../top-up/watch-list.ts'
import { mayBecome, type Refund, type RefundStatus, watchOf } from './refund.ts'

export type RefundStore = ReturnType<typeof createRefundStore>

/** Where a list goes on: after this refund. */
export type RefundPosition = Pick<Refund, 'refundId' | 'createdAt'>

type Changes = Partial<Omit<Refund, 'refundId' | 'accountId' | 'status' | 'changedAt' | 'revision'>>

const keyOf = (accountId: string, refundId: string) => ({
  pk: accountKey(accountId),
  sk: `REFUND#${refundId}`,
})
const listKey = (accountId: string, topUpId: string) => `REFUNDS#${accountId}#${topUpId}`

/** The documents of refunds: each is replaced whole, on the condition of its revision. */
export function createRefundStore({
  client,
  paymentsTable,
}: {
  client: DynamoDBDocumentClient
  paymentsTable: string
}) {
  /** A refund as it is now (strongly consistent), or undefined. */
  async function read(accountId: string, refundId: string): Promise<Refund | undefined> {
    const Key = keyOf(accountId, refundId)
    const { Item } = await client.send(
      new GetCommand({ TableName: paymentsTable, Key, ConsistentRead: true }),
    )
    return Item && toRefund(Item)
  }

  /** Writes a new refund; undefined when there is one of its id already. */
  function create(refund: Refund): Promise<Refund | undefined> {
    return write(creationOf(refund))
  }

  /** The same put as an item for a transaction. */
  function creationOf(refund: Refund) {
    return { ...putOf(refund), ...asRead(undefined) }
  }

  /**
   * Moves a refund to another status and returns it as it is then; undefined when something else has written it since it
   * was read. Throws when there is no such way.
   */
  function move(refund: Refund, status: RefundStatus, at: string, changes: Changes = {}) {
    return write(changeOf(refund, status, at, changes))
  }

  /** The same move as an item for a transaction. */
  function changeOf(refund: Refund, status: RefundStatus, at: string, changes: Changes = {}) {
    if (!mayBecome(refund, status))
      throw new Error(`a refund that is ${refund.status} does not become ${status}`)
    return replacementOf(refund, { ...refund, ...changes, status, changedAt: at })
  }

  /** Notes something of a refund whose status stays; undefined when something else has written it since it was read. */
  function note(refund: Refund, changes: Changes): Promise<Refund | undefined> {
    return write(replacementOf(refund, { ...refund, ...changes }))
  }

  function replacementOf(before: Refund, next: Refund) {
    return { ...putOf({ ...next, revision: before.revision + 1n }), ...asRead(before.revision) }
  }

  function putOf(refund: Refund) {
    const { accountId, topUpId, refundId, createdAt, changedAt } = refund
    const list = listKeys(listKey(accountId, topUpId), createdAt, refundId)
    const watch = watchKeys(watchOf(refund), changedAt, accountId, refundId, refund.resolution)
    const Item: Record<string, unknown> = { ...keyOf(accountId, refundId), ...list, ...watch, ...refund }
    return { TableName: paymentsTable, Item }
  }

  async function write(put: ReturnType<typeof putOf>): Promise<Refund | undefined> {
    return (await conditionHeld(client.send(new PutCommand(put)))) ? toRefund(put.Item) : undefined
  }

  /** A page of the refunds of a top-up, newest first. One of a moment ago may still be missing. */
  async function list(
    accountId: string,
    topUpId: string,
    page: { limit: number; after?: RefundPosition },
  ): Promise<Refund[]> {
    const after = page.after && placeOf(page.after.createdAt, page.after.refundId)
    const items = await readNewest(client, paymentsTable, listKey(accountId, topUpId), {
      limit: page.limit,
      after,
    })
    return items.map(toRefund)
  }

  return { read, create, creationOf, move, changeOf, note, list }
}

function toRefund(item: Record<string, unknown>): Refund {
  return withoutKeys(item) as Refund
}
