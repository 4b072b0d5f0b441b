import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import { accountKey, PROFILE } from '../accounts/account-keys.ts'
import { createMemberStore } from '../accounts/member.store.ts'
import { daysLater } from '../edge/instant.ts'
import { log } from '../edge/log.ts'
import { asRead } from '../edge/whole-document.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { createStatusStore } from '../ledger/status.store.ts'
import { createUsageErasure } from './erase-usage.store.ts'
import { KEPT_KINDS, type KeptKind } from './kept-since.ts'
import { RETENTION } from './privacy-keys.ts'
import { createPrivacyRequestStore } from './privacy-request.store.ts'
import type { PrivacyTables } from './privacy-tables.ts'
import { createPeopleRetention } from './retain-people.store.ts'
import type { RetentionDays } from './retention.ts'
import { createRetentionRuns, type RetentionRun } from './retention-run.store.ts'

export type RetentionOptions = PrivacyTables & {
  client: DynamoDBDocumentClient
  days: RetentionDays
  pageAccounts?: number
  pageEntries?: number
  pageItems?: number
}

const PAGE_ACCOUNTS = 25
const PAGE_ITEMS = 200
/** Of one account's history a day: what is left of a very long one is ended on the next days. */
const MOST_PAGES = 100

/**
 * Ends what has had its time, account by account, then what hangs on people. A page is done first, then how far it came is
 * written, on the condition that nobody else went on: who dies leaves a page to be looked at again, and of two one stops.
 * Everything is ended by its own dates, so that a missed day is made up for by the next.
 */
export function createRetention(options: RetentionOptions) {
  const { client, documentsTable, days, pageAccounts = PAGE_ACCOUNTS } = options
  const accounts = createAccountStore(options)
  const members = createMemberStore(options)
  const ledger = createLedgerReader(options)
  const statuses = createStatusStore(options)
  const requests = createPrivacyRequestStore(options)
  const usage = createUsageErasure(options)
  const runs = createRetentionRuns(options)
  const people = createPeopleRetention(options)

  /** Looks at the next page of a day's run; false when it is at its end, or another is at work on it. */
  async function runPage(day: string, now: Date): Promise<boolean> {
    const run = await runs.read(day)
    if (run.isDone) return false
    const next = await (run.kind === undefined ? overAccounts(run, now) : overPeople(run, run.kind, now))
    const isMoved = await runs.replace(run, next)
    return isMoved && !next.isDone
  }

  async function overAccounts(run: RetentionRun, now: Date): Promise<RetentionRun> {
    const page = await accounts.listFirstOpened({ limit: pageAccounts, after: run.after })
    let { erased } = run
    for (const { accountId } of page.accounts) erased += await tryOn(accountId, now)
    const accountsSeen = run.accounts + BigInt(page.accounts.length)
    const kind = page.next === undefined ? KEPT_KINDS[0] : undefined
    return { ...run, kind, after: page.next, accounts: accountsSeen, erased }
  }

  /** A page of a kind; kinds of which nothing is old are passed by. */
  async function overPeople(run: RetentionRun, first: KeptKind, now: Date): Promise<RetentionRun> {
    let [kind, after]: [KeptKind | undefined, string | undefined] = [first, run.after]
    let [erased, seen] = [run.erased, 0]
    while (kind !== undefined && seen === 0) {
      const page = await people.endPage(kind, after, now)
      ;[after, seen] = [page.next, page.seen]
      erased += page.erased
      if (after === undefined) kind = KEPT_KINDS[KEPT_KINDS.indexOf(kind) + 1]
    }
    return { ...run, kind: kind ?? run.kind, after, isDone: kind === undefined, erased }
  }

  /** One account that fails leaves the others their turn; its own comes again the next day. */
  async function tryOn(accountId: string, now: Date): Promise<bigint> {
    try {
      return await applyTo(accountId, now)
    } catch (error) {
      log.error('retention failed on an account', { accountId, error: error as Error })
      return 0n
    }
  }

  /** Ends what has had its time on one account; how many things went. */
  async function applyTo(accountId: string, now: Date): Promise<bigint> {
    const at = now.toISOString()
    const before = (period: number) => daysLater(at, -period)
    const closedAt = await readClosedAt(accountId)
    let erased = await endUsage(accountId, before(days.usage), at, closedAt !== undefined)
    erased += await endNotices(accountId, before(days.notices))
    erased += await endRequests(accountId, before(days.requests))
    if (closedAt === undefined) return erased
    // It may have been opened again while the rest was ended.
    const isClosedFor = async (period: number) => {
      const stillClosedAt = await readClosedAt(accountId)
      return stillClosedAt !== undefined && stillClosedAt < before(period)
    }
    if (await isClosedFor(days.closedMembers)) erased += await endMembers(accountId, at)
    if (await isClosedFor(days.evidence)) erased += await endEvidence(accountId)
    return erased
  }

  /** What uses said, behind where the last day came to. Of an account that was erased, whatever still came. */
  async function endUsage(accountId: string, before: string, at: string, isClosed: boolean): Promise<bigint> {
    const pk = accountKey(accountId)
    const [kept, profile] = await Promise.all([readItem(pk, RETENTION), readItem(pk, PROFILE)])
    const isErased = isClosed && profile?.erasedAt !== undefined
    const from = (kept?.usageThrough as bigint | undefined) ?? 0n
    let [through, erased] = [from, 0n]
    let isAtEnd = false
    for (let pages = 0; !isAtEnd && pages < MOST_PAGES; pages++) {
      const page = await usage.erasePage(accountId, through, isErased ? at : before, at)
      ;[through, isAtEnd] = [page.through, page.isAtEnd]
      erased += page.erased
    }
    if (isErased) erased += (await usage.eraseWaiting(accountId)).erased
    // Two at once write the same or a number that is behind: what is behind is looked at again.
    if (through > from)
      await client.send(
        new PutCommand({
          TableName: documentsTable,
          Item: { pk, sk: RETENTION, accountId, usageThrough: through },
        }),
      )
    return erased
  }

  async function endNotices(accountId: string, before: string): Promise<bigint> {
    return endItems(accountId, 'NOTICE#', ({ claimedAt }) => String(claimedAt) < before)
  }

  async function endRequests(accountId: string, before: string): Promise<bigint> {
    const old = (await requests.list(accountId)).filter(
      ({ status, finishedAt }) => status === 'done' && finishedAt !== undefined && finishedAt < before,
    )
    if (old.length === 0) return 0n
    const ids = new Set(old.map(({ requestId }) => requestId))
    const records = await endItems(accountId, 'PRIVACY_RECORD#', ({ requestId }) =>
      ids.has(String(requestId)),
    )
    return records + (await endItems(accountId, 'PRIVACY#', ({ requestId }) => ids.has(String(requestId))))
  }

  /** Who could not be removed today is on the next day. */
  async function endMembers(accountId: string, at: string): Promise<bigint> {
    let ended = 0n
    for (const { email } of await accounts.listMembers(accountId)) {
      const removed = await members.remove(accountId, email, { at, evenLastOwner: true })
      if (removed.ok) ended += 1n
    }
    return ended
  }

  /** Nothing depends on it any more: the account is closed, and claims are time-barred. */
  async function endEvidence(accountId: string): Promise<bigint> {
    const former = await endItems(accountId, 'FORMER_MEMBER#', () => true)
    const acceptances = former + (await endItems(accountId, 'ACCEPTANCE#', () => true))
    const Key = { pk: accountKey(accountId), sk: 'AUTO_TOP_UP' }
    const { Item } = await client.send(new GetCommand({ TableName: options.paymentsTable, Key }))
    const consent = Item?.consent as { actor?: string; at?: string; wordingVersion?: string } | undefined
    if (!Item || !consent || !('sourceIp' in consent || 'email' in consent)) return acceptances
    const { actor, at, wordingVersion } = consent
    const revision = Item.revision as bigint
    const next = { ...Item, consent: { actor, at, wordingVersion }, revision: revision + 1n }
    await client.send(new PutCommand({ TableName: options.paymentsTable, Item: next, ...asRead(revision) }))
    return acceptances + 1n
  }

  /** Deletes those of an account's documents under a prefix that are meant. */
  async function endItems(
    accountId: string,
    prefix: string,
    isMeant: (item: Record<string, unknown>) => boolean,
  ): Promise<bigint> {
    let ended = 0n
    let ExclusiveStartKey: Record<string, unknown> | undefined
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: documentsTable,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': accountKey(accountId), ':prefix': prefix },
          Limit: PAGE_ITEMS,
          ExclusiveStartKey,
        }),
      )
      for (const { pk, sk, ...item } of Items) {
        if (!isMeant(item)) continue
        await client.send(new DeleteCommand({ TableName: documentsTable, Key: { pk, sk } }))
        ended += 1n
      }
      ExclusiveStartKey = LastEvaluatedKey
    } while (ExclusiveStartKey)
    return ended
  }

  async function readClosedAt(accountId: string): Promise<string | undefined> {
    if ((await ledger.readHead(accountId))?.status !== 'closed') return undefined
    return (await statuses.readNewest(accountId))?.at
  }

  async function readItem(pk: string, sk: string): Promise<Record<string, unknown> | undefined> {
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key: { pk, sk }, ConsistentRead: true }),
    )
    return Item
  }

  return { runPage, applyTo }
}
