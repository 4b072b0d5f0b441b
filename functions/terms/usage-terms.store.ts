import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import { createAcceptanceStore } from './acceptance.store.ts'
import { findWaitingTerms, labelTermsInForce } from './decide-gate.ts'
import { createTermsStore } from './terms.store.ts'
import type { TermsVersion } from './terms.ts'

/** What usage of an account goes by: the versions in effect, and from when on nothing may be used without an answer to them. */
export type UsageTerms = { termsVersion?: string; closesAt?: string }
export type ReadUsageTerms = (
  account: Pick<Account, 'accountId' | 'clientType'>,
  now: Date,
) => Promise<UsageTerms>

/** Usage comes by the thousand, and terms once in some months: what was read is good for so long. */
const REMEMBERED_MILLISECONDS = 30_000

/**
 * Reads what usage goes by. A version that takes effect as it is published may be overlooked for half a minute; an answer never
 * is, since only accounts that have nothing to answer are remembered, and answers are not taken back.
 */
export function createUsageTerms(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
}): ReadUsageTerms {
  const terms = createTermsStore(options)
  const acceptances = createAcceptanceStore(options)
  let known: { versions: TermsVersion[]; readAt: number; answered: Set<string> } | undefined

  async function look(now: Date) {
    const age = now.getTime() - (known?.readAt ?? 0)
    if (!known || age < 0 || age >= REMEMBERED_MILLISECONDS)
      known = { versions: await terms.listAllVersions(), readAt: now.getTime(), answered: new Set() }
    return known
  }

  return async (account, now) => {
    const { versions, answered } = await look(now)
    const { accountId, clientType } = account
    const termsVersion = labelTermsInForce(versions, clientType, now)
    const mayWait = findWaitingTerms(versions, [], clientType, now).length > 0
    if (!mayWait || answered.has(accountId)) return { termsVersion }
    const waiting = findWaitingTerms(versions, await acceptances.list(accountId), clientType, now)
    if (waiting.length === 0) answered.add(accountId)
    const [closesAt] = waiting.map((each) => each.usageClosesAt).sort()
    return { termsVersion, closesAt }
  }
}
