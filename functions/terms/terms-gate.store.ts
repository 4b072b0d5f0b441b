import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import { Problem } from '../edge/problem.ts'
import { createAcceptanceStore } from './acceptance.store.ts'
import {
  type AnnouncedTerms,
  findAnnouncedTerms,
  findWaitingTerms,
  labelTermsInForce,
  type WaitingTerms,
} from './decide-gate.ts'
import { presentWaitingTerms } from './present-terms.ts'
import { createTermsStore } from './terms.store.ts'
import type { TermsVersion } from './terms.ts'

export type TermsGate = ReturnType<typeof createTermsGate>
type Client = Pick<Account, 'accountId' | 'clientType'>

/** What closes an account to its people, and later to its machines, until somebody has accepted what is in effect. */
export function createTermsGate(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
  /** The versions are read once, for a request or work of some minutes on many accounts. */
  readsOnce?: boolean
}) {
  const terms = createTermsStore(options)
  let remembered: Promise<TermsVersion[]> | undefined
  const acceptances = createAcceptanceStore(options)

  /** What an account has yet to accept; with `closed`, what closes it to its people now. */
  async function waiting(account: Client, now: Date): Promise<WaitingTerms[]> {
    return (await look(account, now)).waiting
  }

  /** What an account's people are told of: what it has yet to accept, and what comes without. */
  async function outstanding(
    account: Client,
    now: Date,
  ): Promise<{ waiting: WaitingTerms[]; announced: AnnouncedTerms[] }> {
    const { versions, answers, waiting } = await look(account, now)
    return { waiting, announced: findAnnouncedTerms(versions, answers, account.clientType, now) }
  }

  /**
   * Lets an account's people through and returns the label of the versions in effect for the entry's `termsVersion`; throws
   * the problem `terms_required` with what is missing.
   */
  async function require(account: Client, now: Date): Promise<string | undefined> {
    const { waiting, label } = await look(account, now)
    refuse(waiting.filter(({ closed }) => closed))
    return label
  }

  /** As `require`, for what machines use: it goes on while the days of grace last. */
  async function requireForUsage(account: Client, now: Date): Promise<string | undefined> {
    const { waiting, label } = await look(account, now)
    refuse(waiting.filter(({ usageClosesAt }) => usageClosesAt <= now.toISOString()))
    return label
  }

  /** The label of the versions in effect for an account, without asking for an acceptance. */
  async function inForce(account: Client, now: Date): Promise<string | undefined> {
    return labelTermsInForce(await listVersions(), account.clientType, now)
  }

  function listVersions(): Promise<TermsVersion[]> {
    if (!options.readsOnce) return terms.listAllVersions()
    remembered ??= terms.listAllVersions().catch((error: unknown) => {
      remembered = undefined
      throw error
    })
    return remembered
  }

  async function look(account: Client, now: Date) {
    const [versions, answers] = await Promise.all([listVersions(), acceptances.list(account.accountId)])
    return {
      ...{ versions, answers },
      waiting: findWaitingTerms(versions, answers, account.clientType, now),
      label: labelTermsInForce(versions, account.clientType, now),
    }
  }

  return { require, requireForUsage, inForce, waiting, outstanding }
}

function refuse(closing: readonly WaitingTerms[]): void {
  if (closing.length === 0) return
  const missing = closing.map(presentWaitingTerms)
  const names = missing.map(({ document, version }) => `${document} ${version}`).join(', ')
  const detail = `An owner or billing member of the account must accept ${names} first.`
  throw new Problem('terms_required', detail, { extra: { missing } })
}
