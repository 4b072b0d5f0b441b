import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { PutEvents } from '../events/event.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { createPlanStore } from '../plans/plan.store.ts'
import { createSubscriptionStore } from '../plans/subscription.store.ts'
import { createAnnouncementStore } from './announcement.store.ts'
import { type Announcement, type AnnouncementMessage, AT_LAST } from './announcement.ts'
import { describePriceChange } from './describe-price-change.ts'
import { createPriceChangeStore } from './price-change.store.ts'

/** So few that a message is worked off well within its time. */
const PAGES_PER_MESSAGE = 20

export type SendAnnouncements = (messages: readonly AnnouncementMessage[]) => Promise<void>

export type AnnouncingOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  waitingTable: string
  documentsTable: string
  portalUrl: string
  put: PutEvents
  send: SendAnnouncements
  pageAccounts?: number
}

/**
 * Tells clients of new versions of their plan. Each shard of a plan's subscribers is queued page by page: the clients of a
 * page first, then how far it came. So whoever dies leaves it to the next, which queues a page again at most, and of two at
 * work on a shard one stops. A client is told once: by its own record, and by the event's id where a process died between
 * the event and the record.
 */
export function createAnnouncing(options: AnnouncingOptions) {
  const ledger = createLedgerReader(options)
  const accounts = createAccountStore(options)
  const subscriptions = createSubscriptionStore(options)
  const plans = createPlanStore(options)
  const announcements = createAnnouncementStore(options)
  const changes = createPriceChangeStore(options)

  /** Queues what is left of a shard, or as much as one message may, and then a message for the rest. */
  async function queueShard(planId: string, version: number, shard: number): Promise<number> {
    let queued = 0
    for (let page = 0; page < PAGES_PER_MESSAGE; page++) {
      const announcement = await announcements.read(planId, version)
      if (!announcement) throw new Error(`plan ${planId} version ${version} is not to be announced`)
      const step = await queuePage(announcement, shard)
      queued += step.queued
      if (step.isLast) {
        await announcements.finish(planId, version)
        return queued
      }
    }
    await options.send([{ planId, version, shard }])
    return queued
  }

  async function queuePage(
    announcement: Announcement,
    shard: number,
  ): Promise<{ queued: number; isLast: boolean }> {
    const { planId, version, progress } = announcement
    const from = progress[shard]!
    if (from === AT_LAST) return { queued: 0, isLast: true }
    const accountIds = await announcements.listSubscribers(planId, shard, from)
    await options.send(accountIds.map((accountId) => ({ planId, version, accountId })))
    const to = accountIds.at(-1) ?? AT_LAST
    const isMoved = await announcements.moveOn(announcement, shard, from, to)
    // Another is at work on this shard: it goes on.
    return { queued: accountIds.length, isLast: !isMoved || to === AT_LAST }
  }

  /** Tells an account what a version changes for it, once; true when it was told now. Closed accounts are not told. */
  async function tell(planId: string, versionNumber: number, accountId: string, now: Date): Promise<boolean> {
    const [told, account, head, subscription, versions] = await Promise.all([
      changes.listTold(accountId, planId),
      accounts.read(accountId),
      ledger.readHead(accountId),
      subscriptions.read(accountId),
      plans.listVersions(planId),
    ])
    const version = versions.find((candidate) => candidate.version === versionNumber)
    if (!account || !head || !subscription || !version)
      throw new Error(
        `account ${accountId}: plan ${planId} version ${versionNumber} cannot be announced to it`,
      )
    if (told.has(versionNumber) || head.status === 'closed') return false
    const change = await changes.decide(account, subscription, version, told)
    if (!change) return false
    const at = now.toISOString()
    const detail = describePriceChange(account, change, { at, portalUrl: options.portalUrl })
    await options.put([{ detailType: 'plan.price_change', detail }])
    await changes.noteTold(accountId, change, at)
    return true
  }

  return { queueShard, tell }
}
