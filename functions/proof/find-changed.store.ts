import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { AccountPosition } from '../accounts/account.ts'
import { getAll } from '../edge/get-all.ts'
import type { Head } from '../ledger/entry.ts'
import { accountKey, HEAD_KEY } from '../ledger/ledger-keys.ts'
import { createProofStore } from './proof.store.ts'
import { isProofDue } from './proof-document.ts'

const PAGE_ACCOUNTS = 200

export type FindChangedOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  documentsTable: string
  pageAccounts?: number
}

/** Looks over all accounts for those that the nightly proof has something to do on, page by page, newest account first. */
export function createFindChanged(options: FindChangedOptions) {
  const { pageAccounts = PAGE_ACCOUNTS } = options
  const accounts = createAccountStore(options)
  const proofs = createProofStore(options)

  async function* list(now: string): AsyncGenerator<{ lookedAt: number; due: string[] }> {
    let after: AccountPosition | undefined
    do {
      const page = await accounts.listAll({ limit: pageAccounts, after })
      const accountIds = page.map(({ accountId }) => accountId)
      const [heads, documents] = await Promise.all([
        readHeads(options, accountIds),
        proofs.readMany(accountIds),
      ])
      const due = accountIds.filter((id) => isProofDue(heads.get(id), documents.get(id), now))
      yield { lookedAt: page.length, due }
      after = page.length < pageAccounts ? undefined : page.at(-1)
    } while (after)
  }

  return { list }
}

export type HeadSummary = Pick<
  Head,
  'accountId' | 'currency' | 'status' | 'revision' | 'sequence' | 'availableMicros' | 'heldMicros'
>

/** What HEADs of the named accounts say of them now, also where the rest of one cannot be read; one that is not there is left out. */
export async function readHeads(
  { client, ledgerTable }: { client: DynamoDBDocumentClient; ledgerTable: string },
  accountIds: readonly string[],
): Promise<Map<string, HeadSummary>> {
  const keys = accountIds.map((accountId) => ({ pk: accountKey(accountId), sk: HEAD_KEY }))
  const heads = (await getAll(client, ledgerTable, keys)) as HeadSummary[]
  return new Map(heads.map((head) => [head.accountId, head]))
}
