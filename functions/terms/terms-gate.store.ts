import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import { Problem } from '../edge/problem.ts'
import { createAcceptanceStore } from './acceptance.store.ts'
import { findWaitingTerms, labelTermsInForce, type WaitingTerms } from './decide-gate.ts'
import { presentWaitingTerms } from './present-terms.ts'
import { createTermsStore } from './terms.store.ts'
import type { TermsVersion } from './terms.ts'

export type TermsGate = ReturnType<typeof createTermsGate>
type Client = Pick<Account, 'accountId' | 'clientType'>

/** What closes the money routes to an account until its people have accepted what is in effect. */
export function createTermsGate(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
  /** The versions are read once, for work of some minutes on many accounts. */
  readsOnce?: boolean
}) {
  const terms = createTermsStore(options)
  let remembered: TermsVersion[] | undefined
  const acceptances = createAcceptanceStore(options)

  /** What an account has yet to accept; with `closed`, what closes the money routes now. */
  async function waiting(account: Client, now: Date): Promise<WaitingTerms[]> {
    return (await look(account, now)).waiting
  }

  /**
   * Lets an account through and returns the label of the versions in effect for the entry's `termsVersion`; throws the
   * problem `terms_required` with what is missing.
   */
  async function require(account: Client, now: Date): Promise<string | undefined> {
    const { waiting, label } = await look(account, now)
    const missing = waiting.filter(({ closed }) => closed).map(presentWaitingTerms)
    if (missing.length === 0) return label
    const names = missing.map(({ document, version }) => `${document} ${version}`).join(', ')
    throw new Problem(
      'terms_required',
      `An owner or billing member of the account must accept ${names} first.`,
      {
        extra: { missing },
      },
    )
  }

  /** The label of the versions in effect for an account, without asking for an acceptance. */
  async function inForce(account: Client, now: Date): Promise<string | undefined> {
    return labelTermsInForce(await listVersions(), account.clientType, now)
  }

  async function listVersions(): Promise<TermsVersion[]> {
    const versions = remembered ?? (await terms.listAllVersions())
    if (options.readsOnce) remembered = versions
    return versions
  }

  async function look(account: Client, now: Date) {
    const [versions, answers] = await Promise.all([listVersions(), acceptances.list(account.accountId)])
    return {
      waiting: findWaitingTerms(versions, answers, account.clientType, now),
      label: labelTermsInForce(versions, account.clientType, now),
    }
  }

  return { require, inForce, waiting }
}
