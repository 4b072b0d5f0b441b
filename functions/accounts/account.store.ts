import { type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { personIdOf } from '../consents/person-key.ts'
import { getAll } from '../edge/get-all.ts'
import { queryAll } from '../edge/query-all.ts'
import { readNewest } from '../edge/read-newest.ts'
import { placeOf } from '../edge/whole-document.ts'
import type { Account, AccountPosition, Member } from './account.ts'
import {
  ALL_ACCOUNTS,
  accountKey,
  formerMemberKey,
  memberKey,
  membershipsKey,
  PROFILE,
} from './account-keys.ts'

export type AccountStoreOptions = { client: DynamoDBDocumentClient; documentsTable: string }
export type AccountStore = ReturnType<typeof createAccountStore>

/** Reads accounts and who may act for them. Writes are in `open-account.store.ts` and `member.store.ts`. */
export function createAccountStore({ client, documentsTable }: AccountStoreOptions) {
  /** The account as it is now (strongly consistent), or undefined. */
  async function read(accountId: string): Promise<Account | undefined> {
    const Key = { pk: accountKey(accountId), sk: PROFILE }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && toAccount(Item)
  }

  /** A member by lower-cased e-mail address, as it is now. */
  async function readMember(accountId: string, email: string): Promise<Member | undefined> {
    const Key = { pk: accountKey(accountId), sk: memberKey(email) }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && toMember(Item)
  }

  /** All members of an account, by e-mail address. */
  async function listMembers(accountId: string): Promise<Member[]> {
    const values = { ':pk': accountKey(accountId), ':prefix': 'MEMBER#' }
    const items = await queryAll(client, {
      TableName: documentsTable,
      ExpressionAttributeValues: values,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ConsistentRead: true,
    })
    return items.map(toMember)
  }

  /** A page of a person's memberships by account id, after the given one. A membership of a moment ago may still be missing. */
  async function listMemberships(email: string, page: { limit: number; after?: string }): Promise<Member[]> {
    const { Items } = await client.send(
      new QueryCommand({
        TableName: documentsTable,
        IndexName: 'index1',
        KeyConditionExpression: 'index1pk = :pk AND index1sk > :after',
        // `ACCOUNT#` sorts before every account's key.
        ExpressionAttributeValues: {
          ':pk': membershipsKey(personIdOf(email)),
          ':after': accountKey(page.after ?? ''),
        },
        Limit: page.limit,
      }),
    )
    return (Items ?? []).map(toMember)
  }

  /** The accounts that a person was once removed from. One of a moment ago may still be missing. */
  async function listFormer(email: string): Promise<string[]> {
    const items = await listFormerItems(personIdOf(email))
    return items.map(({ accountId }) => String(accountId))
  }

  function listFormerItems(personId: string): Promise<Record<string, unknown>[]> {
    return queryAll(client, {
      TableName: documentsTable,
      IndexName: 'index1',
      KeyConditionExpression: 'index1pk = :pk',
      ExpressionAttributeValues: { ':pk': formerMemberKey(personId) },
    })
  }

  /**
   * Whether somebody, known by the hash of the address, is a member of any account, or was one at an instant or later, as
   * far as that is still kept. What changed a moment ago may not count yet.
   */
  async function wasMemberSince(personId: string, instant: string): Promise<boolean> {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: documentsTable,
        IndexName: 'index1',
        KeyConditionExpression: 'index1pk = :pk',
        ExpressionAttributeValues: { ':pk': membershipsKey(personId) },
        Limit: 1,
      }),
    )
    if (Items.length > 0) return true
    return (await listFormerItems(personId)).some(({ leftAt }) => String(leftAt) >= instant)
  }

  /** A page of all accounts, newest first. An account of a moment ago may still be missing. */
  async function listAll(page: { limit: number; after?: AccountPosition }): Promise<Account[]> {
    const after = page.after && placeOf(page.after.createdAt, page.after.accountId)
    const items = await readNewest(client, documentsTable, ALL_ACCOUNTS, { limit: page.limit, after })
    return items.map(toAccount)
  }

  /**
   * A page of all accounts, first opened first, behind a place of that list; `next` is the place behind the page, absent at the
   * end. An account of a moment ago may still be missing.
   */
  async function listFirstOpened(page: {
    limit: number
    after?: string
  }): Promise<{ accounts: Account[]; next?: string }> {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: documentsTable,
        IndexName: 'index1',
        KeyConditionExpression: 'index1pk = :pk AND index1sk > :after',
        // A blank sorts before every place.
        ExpressionAttributeValues: { ':pk': ALL_ACCOUNTS, ':after': page.after ?? ' ' },
        Limit: page.limit,
      }),
    )
    return { accounts: Items.map(toAccount), next: LastEvaluatedKey && String(LastEvaluatedKey.index1sk) }
  }

  /** The named accounts in the order of their names; one that is not there is left out. */
  async function readMany(accountIds: readonly string[]): Promise<Account[]> {
    const keys = accountIds.map((accountId) => ({ pk: accountKey(accountId), sk: PROFILE }))
    const items = await getAll(client, documentsTable, keys)
    const found = new Map(items.map(toAccount).map((account) => [account.accountId, account]))
    return accountIds.flatMap((accountId) => found.get(accountId) ?? [])
  }

  return {
    read,
    readMember,
    listMembers,
    listMemberships,
    listFormer,
    wasMemberSince,
    listAll,
    listFirstOpened,
    readMany,
  }
}

/** Named one by one: the item also carries its keys and counts. */
export function toAccount(item: Record<string, unknown>): Account {
  const account = item as Account
  return {
    accountId: account.accountId,
    name: account.name,
    clientType: account.clientType,
    currency: account.currency,
    timeZone: account.timeZone,
    lowCreditThresholdMicros: account.lowCreditThresholdMicros,
    createdAt: account.createdAt,
  }
}

function toMember(item: Record<string, unknown>): Member {
  const { accountId, email, role, addedAt } = item as Member
  return { accountId, email, role, addedAt }
}
