import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { readNewest } from '../edge/read-newest.ts'
import { asRead, listKeys, placeOf, withoutKeys } from '../edge/whole-document.ts'
import { mayBecome, type TopUp, type TopUpStatus, watchOf } from './top-up.ts'
import { watchKeys } from './watch-list.ts'

export type TopUpStore = ReturnType<typeof createTopUpStore>

/** Where a list goes on: after this top-up. */
export type TopUpPosition = Pick<TopUp, 'topUpId' | 'createdAt'>

type Changes = Partial<Omit<TopUp, 'topUpId' | 'accountId' | 'status' | 'changedAt' | 'revision'>>

const keyOf = (accountId: string, topUpId: string) => ({
  pk: accountKey(accountId),
  sk: `TOP_UP#${topUpId}`,
})
const listKey = (accountId: string) => `TOP_UPS#${accountId}`

/** The documents of top-ups. */
export function createTopUpStore({
  client,
  paymentsTable,
}: {
  client: DynamoDBDocumentClient
  paymentsTable: string
}) {
  /** A top-up as it is now (strongly consistent), or undefined. */
  async function read(accountId: string, topUpId: string): Promise<TopUp | undefined> {
    const Key = keyOf(accountId, topUpId)
    const { Item } = await client.send(
      new GetCommand({ TableName: paymentsTable, Key, ConsistentRead: true }),
    )
    return Item && toTopUp(Item)
  }

  /** Writes a new top-up; when there is one of its id already, that one comes back instead. */
  async function create(topUp: TopUp): Promise<TopUp> {
    const { accountId, topUpId } = topUp
    if (await conditionHeld(client.send(new PutCommand(creationOf(topUp))))) return topUp
    const found = await read(accountId, topUpId)
    if (!found) throw new Error(`top-up ${topUpId} was there and is not any more`)
    return found
  }

  /** The same put as an item for a transaction. */
  function creationOf(topUp: TopUp) {
    return { ...putOf(topUp), ...asRead(undefined) }
  }

  /**
   * Moves a top-up to another status, if that may be reached from where it is and nothing else has written it since it was
   * read, and returns it as it is then; else it comes back as it is.
   */
  async function move(topUp: TopUp, status: TopUpStatus, at: string, changes: Changes = {}): Promise<TopUp> {
    if (!mayBecome(topUp, status)) return reread(topUp)
    return (await write(topUp, { ...topUp, ...changes, status, changedAt: at })) ?? reread(topUp)
  }

  /**
   * Notes something of a top-up whose status stays, with when it happened where that is to be told; undefined when something
   * else has written it since it was read.
   */
  function note(topUp: TopUp, changes: Changes, changedAt = topUp.changedAt): Promise<TopUp | undefined> {
    return write(topUp, { ...topUp, ...changes, changedAt })
  }

  /** The same move as an item for a transaction. Throws when it is not allowed from there. */
  function changeOf(topUp: TopUp, status: TopUpStatus, at: string, changes: Changes) {
    if (!mayBecome(topUp, status))
      throw new Error(`a top-up that is ${topUp.status} does not become ${status}`)
    return replacementOf(topUp, { ...topUp, ...changes, status, changedAt: at })
  }

  /** The same note as an item for a transaction. */
  function noteOf(topUp: TopUp, changes: Changes) {
    return replacementOf(topUp, { ...topUp, ...changes })
  }

  async function write(before: TopUp, next: TopUp): Promise<TopUp | undefined> {
    const replacement = replacementOf(before, next)
    const isWritten = await conditionHeld(client.send(new PutCommand(replacement)))
    return isWritten ? toTopUp(replacement.Item) : undefined
  }

  function replacementOf(before: TopUp, next: TopUp) {
    return { ...putOf({ ...next, revision: before.revision + 1n }), ...asRead(before.revision) }
  }

  function putOf(topUp: TopUp) {
    const { accountId, topUpId, createdAt } = topUp
    const list = listKeys(listKey(accountId), createdAt, topUpId)
    const watch = watchKeys(watchOf(topUp), topUp.changedAt, accountId, topUpId, topUp.resolution)
    const Item: Record<string, unknown> = { ...keyOf(accountId, topUpId), ...list, ...watch, ...topUp }
    return { TableName: paymentsTable, Item }
  }

  async function reread({ accountId, topUpId }: TopUp): Promise<TopUp> {
    const found = await read(accountId, topUpId)
    if (!found) throw new Error(`top-up ${topUpId} is not there`)
    return found
  }

  /** A page of an account's top-ups, newest first. One of a moment ago may still be missing. */
  async function list(accountId: string, page: { limit: number; after?: TopUpPosition }): Promise<TopUp[]> {
    const after = page.after && placeOf(page.after.createdAt, page.after.topUpId)
    const items = await readNewest(client, paymentsTable, listKey(accountId), { limit: page.limit, after })
    return items.map(toTopUp)
  }

  return { read, create, creationOf, move, changeOf, note, noteOf, list }
}

function toTopUp(item: Record<string, unknown>): TopUp {
  return withoutKeys(item) as TopUp
}
