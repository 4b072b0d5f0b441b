import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { accountKey } from '../accounts/account-keys.ts'
import { isConditionFailed } from '../edge/dynamodb.ts'
import { statusesBefore, type TopUp, type TopUpStatus } from './top-up.ts'

export type TopUpStore = ReturnType<typeof createTopUpStore>

/** Where a list goes on: after this top-up. */
export type TopUpPosition = Pick<TopUp, 'topUpId' | 'createdAt'>

type Changes = Partial<Omit<TopUp, 'topUpId' | 'accountId' | 'status'>>

const keyOf = (accountId: string, topUpId: string) => ({
  pk: accountKey(accountId),
  sk: `TOP_UP#${topUpId}`,
})
const listKey = (accountId: string) => `TOP_UPS#${accountId}`

/** The documents of top-ups. */
export function createTopUpStore({
  client,
  documentsTable,
}: {
  client: DynamoDBDocumentClient
  documentsTable: string
}) {
  /** A top-up as it is now (strongly consistent), or undefined. */
  async function read(accountId: string, topUpId: string): Promise<TopUp | undefined> {
    const Key = keyOf(accountId, topUpId)
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && toTopUp(Item)
  }

  /** Writes a new top-up; when there is one of its id already, that one comes back instead. */
  async function create(topUp: TopUp): Promise<TopUp> {
    const { accountId, topUpId, createdAt } = topUp
    const index = { index1pk: listKey(accountId), index1sk: `${createdAt}#${topUpId}` }
    try {
      await client.send(
        new PutCommand({
          TableName: documentsTable,
          Item: { ...keyOf(accountId, topUpId), ...index, ...topUp },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      )
      return topUp
    } catch (error) {
      if (!isConditionFailed(error)) throw error
      const found = await read(accountId, topUpId)
      if (!found) throw new Error(`top-up ${topUpId} was there and is not any more`)
      return found
    }
  }

  /**
   * Moves a top-up to another status, if it is in one from which that may be reached, and returns it as it is then; when
   * something else moved it first, it comes back as that left it.
   */
  async function move(topUp: TopUp, status: TopUpStatus, changes: Changes = {}): Promise<TopUp> {
    const change = changeOf(topUp, status, changes)
    try {
      const { Attributes } = await client.send(new UpdateCommand({ ...change, ReturnValues: 'ALL_NEW' }))
      return toTopUp(Attributes!)
    } catch (error) {
      if (!isConditionFailed(error)) throw error
      const found = await read(topUp.accountId, topUp.topUpId)
      if (!found) throw new Error(`top-up ${topUp.topUpId} is not there`)
      return found
    }
  }

  /** The same move as an item for a transaction with the ledger. */
  function changeOf(topUp: TopUp, status: TopUpStatus, changes: Changes) {
    const set = Object.entries({ ...changes, status }).filter(([, value]) => value !== undefined)
    const before = statusesBefore(status)
    return {
      TableName: documentsTable,
      Key: keyOf(topUp.accountId, topUp.topUpId),
      UpdateExpression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}`,
      ConditionExpression: `#status IN (${before.map((_, index) => `:before${index}`).join(', ')})`,
      ExpressionAttributeNames: Object.fromEntries(set.map(([name]) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries([
        ...set.map(([name, value]) => [`:${name}`, value]),
        ...before.map((from, index) => [`:before${index}`, from]),
      ]) as Record<string, unknown>,
    }
  }

  /** A page of an account's top-ups, newest first. One of a moment ago may still be missing. */
  async function list(accountId: string, page: { limit: number; after?: TopUpPosition }): Promise<TopUp[]> {
    const before = page.after ? `${page.after.createdAt}#${page.after.topUpId}` : '~'
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: documentsTable,
        IndexName: 'index1',
        KeyConditionExpression: 'index1pk = :pk AND index1sk < :before',
        ExpressionAttributeValues: { ':pk': listKey(accountId), ':before': before },
        ScanIndexForward: false,
        Limit: page.limit,
      }),
    )
    return Items.map(toTopUp)
  }

  return { read, create, move, changeOf, list }
}

function toTopUp({ pk, sk, index1pk, index1sk, ...topUp }: Record<string, unknown>): TopUp {
  return topUp as TopUp
}
