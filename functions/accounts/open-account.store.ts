import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import { toAccount } from './account.store.ts'
import type { Account } from './account.ts'
import { ALL_ACCOUNTS, accountKey, PROFILE } from './account-keys.ts'
import { memberItem } from './member.store.ts'

export type Opened = { ok: true; account: Account } | { ok: false; reason: 'idempotency_key_reused' | 'busy' }

export type Opening = {
  account: Account
  ownerEmail: string
  requestHash: string
  /** What opens the account's ledger, in the same transaction. */
  ledgerOpening: WriteItem
}

/**
 * Opens an account once: profile, first owner and ledger in one transaction. The same request again returns the account
 * as it was opened, whatever became of it since; another request for the same id is refused.
 */
export async function openAccount(
  options: { client: DynamoDBDocumentClient; documentsTable: string },
  { account, ownerEmail, requestHash, ledgerOpening }: Opening,
): Promise<Opened> {
  const { client, documentsTable } = options
  const Key = { pk: accountKey(account.accountId), sk: PROFILE }
  const profile = {
    ...Key,
    index1pk: ALL_ACCOUNTS,
    index1sk: `${account.createdAt}#${account.accountId}`,
    ...account,
    ownerCount: 1n,
    opened: account,
    openedBy: requestHash,
  }
  const owner = memberItem({
    accountId: account.accountId,
    email: ownerEmail,
    role: 'owner',
    addedAt: account.createdAt,
  })
  const put = (Item: Record<string, unknown>): WriteItem => ({
    Put: { TableName: documentsTable, Item, ConditionExpression: 'attribute_not_exists(pk)' },
  })
  const written = await writeTogether(client, [put(profile), put(owner), ledgerOpening])
  if (written.ok) return { ok: true, account }
  if (written.reason === 'busy') return { ok: false, reason: 'busy' }
  const { Item } = await client.send(new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }))
  if (!Item) throw new Error(`account ${account.accountId}: something of it is there without its profile`)
  if (Item.openedBy !== requestHash) return { ok: false, reason: 'idempotency_key_reused' }
  return { ok: true, account: toAccount(Item.opened) }
}
