import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { AccountPosition } from '../accounts/account.ts'
import { getAll } from '../edge/get-all.ts'
import { createHoldStore } from '../holds/hold.store.ts'
import type { Head } from '../ledger/entry.ts'
import { accountKey, HEAD_KEY } from '../ledger/ledger-keys.ts'
import { createProofStore } from './proof.store.ts'
import { isProofDue } from './proof-document.ts'

const PAGE_ACCOUNTS = 200
/** A hold's own timer, and whoever touches the account, end it long before. */
const LEFT_AFTER_MILLISECONDS = 3_600_000

export type FindChangedOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  documentsTable: string
  pageAccounts?: number
}

export type LeftHold = { accountId: string; holdId: string; expiresAt: string }
export type ChangedPage = { lookedAt: number; due: string[]; leftHolds: LeftHold[] }

/** Looks over all accounts for those that the nightly proof has something to do on, page by page, newest account first. */
export function createFindChanged(options: FindChangedOptions) {
  const { pageAccounts = PAGE_ACCOUNTS } = options
  const accounts = createAccountStore(options)
  const proofs = createProofStore(options)
  const holds = createHoldStore(options)

  async function* list(now: string): AsyncGenerator<ChangedPage> {
    let after: AccountPosition | undefined
    do {
      const page = await accounts.listAll({ limit: pageAccounts, after })
      const accountIds = page.map(({ accountId }) => accountId)
      const [heads, documents] = await Promise.all([
        readHeads(options, accountIds),
        proofs.readMany(accountIds),
      ])
      const due = accountIds.filter((id) => isProofDue(heads.get(id), documents.get(id), now))
      const holding = accountIds.filter((id) => (heads.get(id)?.heldMicros ?? 0n) > 0n)
      yield { lookedAt: page.length, due, leftHolds: await findLeftHolds(holding, now) }
      after = page.length < pageAccounts ? undefined : page.at(-1)
    } while (after)
  }

  /** The oldest hold of each account that should have ended an hour ago and has not. */
  async function findLeftHolds(accountIds: readonly string[], now: string): Promise<LeftHold[]> {
    const dueAt = new Date(Date.parse(now) - LEFT_AFTER_MILLISECONDS).toISOString()
    const left = await Promise.all(
      accountIds.map((accountId) => holds.listOpen(accountId, { limit: 1, dueAt })),
    )
    return left.flat().map(({ accountId, holdId, expiresAt }) => ({ accountId, holdId, expiresAt }))
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
