import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { Account } from '../accounts/account.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import type { SignUp } from './sign-up.ts'

/** So many of a person's other accounts are looked at for one that is open. */
const MOST_OTHER_ACCOUNTS = 100

/** By way of which account a person may still be told of what they have signed up for. */
export function createOpenMemberships(options: {
  client: DynamoDBDocumentClient
  ledgerTable: string
  documentsTable: string
}) {
  const accounts = createAccountStore(options)
  const ledger = createLedgerReader(options)

  /** The account by which they signed up, else another of theirs; undefined where they are a member of no open one any more. */
  async function find({
    email,
    accountId,
  }: Pick<SignUp, 'email' | 'accountId'>): Promise<Account | undefined> {
    const first = await openAccountOf(email, accountId)
    if (first) return first
    for (const other of await accounts.listMemberships(email, { limit: MOST_OTHER_ACCOUNTS })) {
      const account = other.accountId === accountId ? undefined : await openAccountOf(email, other.accountId)
      if (account) return account
    }
    return undefined
  }

  async function openAccountOf(email: string, accountId: string): Promise<Account | undefined> {
    const [account, member, head] = await Promise.all([
      accounts.read(accountId),
      accounts.readMember(accountId, email),
      ledger.readHead(accountId),
    ])
    return member && head && head.status !== 'closed' ? account : undefined
  }

  return { find }
}
