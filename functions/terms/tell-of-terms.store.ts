import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import { concerns } from '../accounts/concerned-clients.ts'
import type { PutEvents } from '../events/event.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { createAcceptanceStore } from './acceptance.store.ts'
import { describeTelling } from './describe-telling.ts'
import { createTellingStore } from './telling.store.ts'
import { AT_LAST, decideTelling, type Telling, type TellingMessage, type TellingName } from './telling.ts'
import { createTermsStore } from './terms.store.ts'
import type { TermsVersion } from './terms.ts'

const PAGE_ACCOUNTS = 500
/** So few that a message is worked off well within its time. */
const PAGES_PER_MESSAGE = 20

export type TellingOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  documentsTable: string
  portalUrl: string
  put: PutEvents
  send: (messages: readonly TellingMessage[]) => Promise<void>
  pageAccounts?: number
}

/**
 * Tells clients of versions of terms, round by round. The list of all accounts is queued page by page: the accounts of a page
 * first, then how far it came. So whoever dies leaves it to the next, which queues a page again at most, and of two at work on
 * a round one stops. What an account is told carries an id of its own, by which a repeat is known.
 */
export function createTelling(options: TellingOptions) {
  const { pageAccounts = PAGE_ACCOUNTS } = options
  const ledger = createLedgerReader(options)
  const accounts = createAccountStore(options)
  const terms = createTermsStore(options)
  const acceptances = createAcceptanceStore(options)
  const tellings = createTellingStore(options)

  /** Queues what is left of a round, or as much as one message may, and then a message for the rest. */
  async function queueRound(name: TellingName): Promise<number> {
    const version = await terms.readVersion(name.document, name.version)
    if (!version) throw new Error(`${name.document} ${name.version} is not there to be told of`)
    let queued = 0
    for (let page = 0; page < PAGES_PER_MESSAGE; page++) {
      const telling = await tellings.read(name)
      if (!telling) throw new Error(`${name.document} ${name.version}: nobody is to be told (${name.round})`)
      const step = await queuePage(telling, version)
      queued += step.queued
      if (step.isLast) return queued
    }
    await options.send([nameOf(name)])
    return queued
  }

  async function queuePage(
    telling: Telling,
    version: TermsVersion,
  ): Promise<{ queued: number; isLast: boolean }> {
    if (telling.after === AT_LAST) return { queued: 0, isLast: true }
    const page = await accounts.listFirstOpened({ limit: pageAccounts, after: telling.after })
    const last = page.next ?? AT_LAST
    const concerned = page.accounts.filter(({ clientType }) => concerns(version, clientType))
    await options.send(concerned.map(({ accountId }) => ({ ...nameOf(telling), accountId })))
    const isMoved = await tellings.moveOn(telling, last)
    // Another is at work on this round: it goes on.
    return { queued: concerned.length, isLast: !isMoved || last === AT_LAST }
  }

  /** Tells an account what a round has for it, if anything; true when it was told. Closed accounts are not told. */
  async function tell(name: TellingName, accountId: string, now: Date): Promise<boolean> {
    const [account, head, versions, answers] = await Promise.all([
      accounts.read(accountId),
      ledger.readHead(accountId),
      terms.listVersions(name.document),
      acceptances.list(accountId),
    ])
    if (!account || !head)
      throw new Error(`account ${accountId}: it is to be told of terms, and is not there`)
    if (head.status === 'closed') return false
    const { clientType } = account
    const told = decideTelling({ telling: name, versions, acceptances: answers, clientType, now })
    if (!told) return false
    await options.put([describeTelling(account, name.round, told, { now, portalUrl: options.portalUrl })])
    return true
  }

  return { queueRound, tell }
}

const nameOf = ({ document, version, round }: TellingName): TellingName => ({ document, version, round })
