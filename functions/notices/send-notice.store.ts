import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { Account, Member, MemberRole } from '../accounts/account.ts'
import { concerns } from '../accounts/concerned-clients.ts'
import { log } from '../edge/log.ts'
import { sleep } from '../edge/retry-delay.ts'
import type { EventDetail } from '../events/event.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { createSubscriptionStore } from '../plans/subscription.store.ts'
import { createWarningStore } from '../plans/warning.store.ts'
import { createPrivacyRequestStore } from '../privacy/privacy-request.store.ts'
import { createAcceptanceStore } from '../terms/acceptance.store.ts'
import { isStillToBeTold } from '../terms/telling.ts'
import { createTermsStore } from '../terms/terms.store.ts'
import { createAddressStatusStore } from './address-status.store.ts'
import { createCreditRunOut } from './credit-run-out.store.ts'
import type { SendMail } from './mail.ts'
import { createNoticeStore } from './notice.store.ts'
import { type NoticeEvent, oncePerPersonId } from './notice.ts'
import { renderNotice } from './render-notice.ts'

const RECIPIENT_ROLES: readonly MemberRole[] = ['owner', 'billing']
/** So many of a person's other accounts are looked at to be named. */
const MOST_OTHER_ACCOUNTS = 100

export type NoticeOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  documentsTable: string
  portalUrl: string
  sendMail: SendMail
  /** Of what many are told at once, an e-mail takes at least so long. Default: no time. */
  pacedMilliseconds?: number
  sleep?: (milliseconds: number) => Promise<void>
}

/** `unreachable`: mail to the address came back, or was called spam. */
export type NoticeSent = { sent: number; rejected: number; before: number; unreachable: number }

/**
 * Tells an account's owners and billing members of an event, each by an e-mail of their own, once per event's id. A run
 * that dies between sending and writing that down sends that one e-mail again after 15 seconds: at least once, since a
 * second mail does less harm than none.
 */
export function createNoticeSending(options: NoticeOptions) {
  const accounts = createAccountStore(options)
  const ledger = createLedgerReader(options)
  const notices = createNoticeStore(options)
  const runOut = createCreditRunOut(options)
  const warnings = createWarningStore(options)
  const subscriptions = createSubscriptionStore(options)
  const requests = createPrivacyRequestStore(options)
  const addresses = createAddressStatusStore(options)
  const terms = createTermsStore(options)
  const acceptances = createAcceptanceStore(options)
  const { pacedMilliseconds = 0, sleep: pause = sleep } = options

  /** Throws when something is left to be sent: the message has to come again. */
  async function send(event: NoticeEvent, now: Date): Promise<NoticeSent> {
    const counts: NoticeSent = { sent: 0, rejected: 0, before: 0, unreachable: 0 }
    const { accountId } = event.detail
    const [account, members] = await Promise.all([accounts.read(accountId), accounts.listMembers(accountId)])
    if (!account) throw new Error(`account ${accountId}: an event names it, and it is not there`)
    if (!(await isToBeTold(event, account, now))) return counts
    const concerned = await recipientsOf(event, members)
    const unreachable = await addresses.read(concerned)
    const recipients = concerned.filter((email) => !unreachable.has(email))
    counts.unreachable = unreachable.size
    const failures: unknown[] = []
    for (const email of recipients) {
      try {
        counts[await sendTo(email, event, account, now)] += 1
      } catch (error) {
        log.error('a notice was not sent', { noticeId: event.detail.id, error: error as Error })
        failures.push(error)
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} of ${recipients.length} were not told`)
    return counts
  }

  /** The answer to a privacy request goes to who asked, and to nobody any more once that address was forgotten. */
  async function recipientsOf({ detailType, detail }: NoticeEvent, members: readonly Member[]) {
    if (
      detailType === 'privacy.export_ready' ||
      detailType === 'privacy.extended' ||
      detailType === 'privacy.erased'
    )
      return [(await requests.read(detail.accountId, detail.requestId))?.replyTo ?? []].flat()
    return members.filter(({ role }) => RECIPIENT_ROLES.includes(role)).map(({ email }) => email)
  }

  async function sendTo(
    recipient: string,
    event: NoticeEvent,
    account: Account,
    now: Date,
  ): Promise<keyof NoticeSent> {
    const personId = oncePerPersonId(event)
    const notice = {
      ...{ accountId: account.accountId, recipient },
      ...{ noticeId: personId ?? event.detail.id, oncePerPerson: personId !== undefined },
    }
    const claim = await notices.claim(notice, now)
    if (claim === 'done') return 'before'
    if (claim === 'elsewhere') throw new Error(`notice ${notice.noticeId} is being sent, or was cut off`)
    const others = personId === undefined ? [] : await nameOtherAccounts(event, recipient)
    const rendered = renderNotice(event, account, options.portalUrl, others)
    const pacing = personId === undefined ? undefined : pause(pacedMilliseconds)
    const mail = await options.sendMail(recipient, rendered).catch(async (error: unknown) => {
      await notices.release(notice, now)
      throw error
    })
    const state = mail.ok ? 'sent' : 'rejected'
    await notices.finish(notice, {
      state,
      note: mail.ok ? mail.messageId : mail.detail,
      at: now.toISOString(),
    })
    await pacing
    return state
  }

  /** The other accounts that the person acts for and that the same concerns. */
  async function nameOtherAccounts({ detail }: NoticeEvent, recipient: string): Promise<string[]> {
    if (!('clientTypes' in detail)) return []
    const memberships = await accounts.listMemberships(recipient, { limit: MOST_OTHER_ACCOUNTS })
    const others = memberships.filter(
      ({ accountId, role }) => accountId !== detail.accountId && RECIPIENT_ROLES.includes(role),
    )
    const found = await accounts.readMany(others.map(({ accountId }) => accountId))
    return found.filter(({ clientType }) => concerns(detail, clientType)).map(({ name }) => name)
  }

  /** A warning is not sent any more once its month is funded, nor a reminder once its months are paid or the terms answered, nor are terms that newer ones replaced, or those of an account that was closed meanwhile. A dispute is told when it moved something. Refused usage is told when credit ran out, once until it is raised; usage without a price is the operator's matter. */
  async function isToBeTold(
    { detailType, detail }: NoticeEvent,
    { accountId, clientType }: Account,
    now: Date,
  ): Promise<boolean> {
    switch (detailType) {
      case 'terms.published':
      case 'terms.reminder': {
        const [head, versions, answered] = await Promise.all([
          ledger.readHead(accountId),
          terms.listVersions(detail.document),
          acceptances.list(accountId),
        ])
        if (head?.status === 'closed') return false
        const told = { version: detail.version, isReminder: detailType === 'terms.reminder' }
        return isStillToBeTold(told, { versions, acceptances: answered, clientType, now })
      }
      case 'dispute.opened':
      case 'dispute.lost':
      case 'dispute.won':
        return detail.sequence !== undefined
      case 'plan.warning':
        return (await warnings.read(detail.accountId, detail.period))?.status !== 'withdrawn'
      case 'plan.reminder':
        return (await subscriptions.listShort(detail.accountId)).some(({ period }) =>
          detail.periods.includes(period),
        )
      case 'usage.refused':
        return isFirstRefusal(detail)
      default:
        return true
    }
  }

  async function isFirstRefusal(detail: EventDetail<'usage.refused'>): Promise<boolean> {
    if (detail.outOfCreditCount === 0) return false
    return runOut.claim(detail.accountId, BigInt(detail.sequence))
  }

  return { send }
}
