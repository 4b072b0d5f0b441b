import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { Account } from '../accounts/account.ts'
import { concerns } from '../accounts/concerned-clients.ts'
import { inParallel } from '../edge/in-parallel.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { createAddressStatusStore } from '../notices/address-status.store.ts'
import { createAcceptanceStore } from './acceptance.store.ts'
import {
  type CoverageCounts,
  type CoverageLine,
  type CoveragePage,
  countAccount,
  coverAccount,
} from './decide-coverage.ts'
import { BINDING_ROLES, type TermsVersion } from './terms.ts'

const ACCOUNTS_AT_ONCE = 8

/** Who has answered a version and who has not, page by page over all accounts in the order in which they were opened. */
export function createCoverageStore(options: {
  client: DynamoDBDocumentClient
  ledgerTable: string
  documentsTable: string
}) {
  const accounts = createAccountStore(options)
  const ledger = createLedgerReader(options)
  const acceptances = createAcceptanceStore(options)
  const addresses = createAddressStatusStore(options)

  /** The page of at most `limit` accounts behind a place; accounts that the version does not concern, and closed ones, are left out of it. */
  async function readPage(
    version: TermsVersion,
    from: { after?: string; counts: CoverageCounts; limit: number },
    now: Date,
  ): Promise<CoveragePage> {
    const page = await accounts.listFirstOpened({ limit: from.limit, after: from.after })
    const concerned = page.accounts.filter(({ clientType }) => concerns(version, clientType))
    const looked = await inParallel(concerned, ACCOUNTS_AT_ONCE, (account) => lookAt(account, version, now))
    let counts = from.counts
    for (const look of looked) {
      counts =
        look === 'closed'
          ? { ...counts, leftOutAsClosed: counts.leftOutAsClosed + 1 }
          : countAccount(counts, look.coverage, look.isUnreachable)
    }
    const lines = looked.filter((look) => look !== 'closed')
    return { lines, counts, next: page.next }
  }

  async function lookAt(
    account: Account,
    version: TermsVersion,
    now: Date,
  ): Promise<(CoverageLine & { isUnreachable: boolean }) | 'closed'> {
    const { accountId } = account
    const [head, answers, members] = await Promise.all([
      ledger.readHead(accountId),
      acceptances.list(accountId),
      accounts.listMembers(accountId),
    ])
    if (head?.status === 'closed') return 'closed'
    const binding = members.filter(({ role }) => (BINDING_ROLES as readonly string[]).includes(role))
    const statuses = await addresses.read(binding.map(({ email }) => email))
    const coverage = coverAccount(version, answers, now)
    const cannotBeReached = [...statuses].map(([email, status]) => ({ email, status }))
    return { account, coverage, cannotBeReached, isUnreachable: statuses.size === binding.length }
  }

  return { readPage }
}
