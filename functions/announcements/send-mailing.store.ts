import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createAccountStore } from '../accounts/account.store.ts'
import type { Account, Member } from '../accounts/account.ts'
import { concerns } from '../accounts/concerned-clients.ts'
import { createConsentStore } from '../consents/consent.store.ts'
import { personIdOf } from '../consents/person-key.ts'
import type { Purpose } from '../consents/purposes.ts'
import type { Withdrawal } from '../consents/withdrawal-token.ts'
import { log } from '../edge/log.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { createAddressStatusStore } from '../notices/address-status.store.ts'
import type { SendMail } from '../notices/mail.ts'
import { createAnnouncementStore } from './announcement.store.ts'
import type { Announcement } from './announcement.ts'
import { type AnnouncementMailKey, createAnnouncementMails } from './announcement-mail.store.ts'
import { createMailingStore } from './mailing.store.ts'
import { delaySecondsUntil, isOver, type Mailing, type MailingKind, type MailingMessage } from './mailing.ts'
import { createOpenMemberships } from './open-membership.store.ts'
import { renderAnnouncement } from './render-announcement.ts'
import { createSignUpStore } from './sign-up.store.ts'
import type { SignUp } from './sign-up.ts'

/** A message goes on for a minute, or for so many pages; the function has five, as a page may hold a large client. */
const PAGE_SIZE = 10
const PAGES_PER_MESSAGE = 20
const LONGEST_WORK_MILLISECONDS = 60_000

export type SendMailings = (messages: readonly MailingMessage[], delaySeconds?: number) => Promise<void>

export type SendingOptions = {
  client: DynamoDBDocumentClient
  ledgerTable: string
  documentsTable: string
  portalUrl: string
  /** Who calendars say has asked people to come: the sender’s address. */
  organizer: string
  sendMail: SendMail
  withdrawalLinkOf: (withdrawal: Withdrawal) => Promise<string>
  send: SendMailings
  /** Waits so long after each e-mail that the service’s rate is kept. */
  pause: () => Promise<void>
  clock: () => Date
  pageSize?: number
}

type Recipient = { account: Account; email: string; personId: string }
/** `unreachable`: mail to the address came back, or was called spam. */
type Outcome = 'sent' | 'rejected' | 'unwanted' | 'before' | 'unreachable'
type Counts = Partial<Record<Outcome, number>>

/**
 * Sends mailings, page by page: the people of a page first, then how far it came, on the condition of where it was. So
 * whoever dies leaves it to the next, and of two at work on a mailing one stops. Each person gets it once, by their claim,
 * whatever number of accounts they are members of; whether it is still wanted is asked in the moment of sending.
 */
export function createMailingSending(options: SendingOptions) {
  const accounts = createAccountStore(options)
  const ledger = createLedgerReader(options)
  const announcements = createAnnouncementStore(options)
  const mailings = createMailingStore({ ...options, pageSize: options.pageSize ?? PAGE_SIZE })
  const signUps = createSignUpStore(options)
  const memberships = createOpenMemberships(options)
  const consents = createConsentStore(options)
  const mails = createAnnouncementMails(options)
  const addresses = createAddressStatusStore(options)

  /** Works off a message; throws when something is left to be done: the message has to come again. */
  async function run(message: MailingMessage): Promise<Counts> {
    if ('signedUp' in message) return confirm(message.announcementId, message.signedUp)
    if ('accountId' in message) return sendAgain(message)
    return goOn(message.announcementId, message.mailing)
  }

  /** Goes on with a mailing for as much as one message may do, and leaves the rest to a further one. */
  async function goOn(announcementId: string, name: string): Promise<Counts> {
    const counts: Counts = {}
    const startedAt = options.clock().getTime()
    const hasTime = () => options.clock().getTime() - startedAt < LONGEST_WORK_MILLISECONDS
    for (let page = 0; page < PAGES_PER_MESSAGE && hasTime(); page++) {
      const mailing = await mailings.read(announcementId, name)
      if (!mailing || isOver(mailing)) return counts
      const now = options.clock()
      if (mailing.dueAt > now.toISOString()) {
        await options.send([{ announcementId, mailing: name }], delaySecondsUntil(mailing.dueAt, now))
        return counts
      }
      // Changed or stopped meanwhile: it is read again.
      if (!(await mailings.begin(mailing, now.toISOString()))) continue
      const { recipients, position } = await nextPage(mailing)
      await sendPage(mailing, recipients, counts)
      const isMoved = await mailings.moveOn(mailing, position, options.clock().toISOString())
      // Another is at work on it: that one goes on.
      if (!isMoved || position === undefined) return counts
    }
    await options.send([{ announcementId, mailing: name }])
    return counts
  }

  async function nextPage(mailing: Mailing): Promise<{ recipients: Recipient[]; position?: string }> {
    if (mailing.kind !== 'news') {
      const { items, position } = await mailings.nextSignUps(mailing)
      const found = await Promise.all(items.map(recipientOf))
      return { recipients: found.flatMap((one) => one ?? []), position }
    }
    const [announcement, { items, position }] = await Promise.all([
      announcements.read(mailing.announcementId),
      mailings.nextAccounts(mailing),
    ])
    if (!announcement) return { recipients: [], position }
    const found = await accounts.readMany(items)
    const concerned = found.filter(({ clientType }) => concerns(announcement, clientType))
    const members = await Promise.all(concerned.map(membersOf))
    return { recipients: members.flat(), position }
  }

  /** Nobody is told by way of a closed account. */
  async function membersOf(account: Account): Promise<Recipient[]> {
    const [head, members] = await Promise.all([
      ledger.readHead(account.accountId),
      accounts.listMembers(account.accountId),
    ])
    if (head?.status === 'closed') return []
    return members.map(({ email }: Member) => ({ account, email, personId: personIdOf(email) }))
  }

  /** Whoever takes part; the place of who is a member of no open account any more is given back. */
  async function recipientOf(signUp: SignUp): Promise<Recipient | undefined> {
    const { announcementId, email, personId } = signUp
    const account = await memberships.find(signUp)
    if (account) return { account, email, personId }
    await signUps.remove(announcementId, personId)
    return undefined
  }

  /** One person whose e-mail fails holds up nobody else: it is tried again by a message of its own. */
  async function sendPage(mailing: Mailing, recipients: readonly Recipient[], counts: Counts): Promise<void> {
    const { announcementId, name } = mailing
    for (const recipient of recipients) {
      const { accountId } = recipient.account
      try {
        const outcome = await sendTo(recipient, mailing)
        counts[outcome] = (counts[outcome] ?? 0) + 1
      } catch (error) {
        log.warn('an e-mail of an announcement was not sent', { announcementId, name, error: error as Error })
        const again = { announcementId, mailing: name, accountId, personId: recipient.personId }
        await options.send([again])
      }
    }
  }

  async function sendAgain(message: Extract<MailingMessage, { accountId: string }>): Promise<Counts> {
    const [mailing, account] = await Promise.all([
      mailings.read(message.announcementId, message.mailing),
      accounts.read(message.accountId),
    ])
    if (!mailing || mailing.stoppedAt !== undefined || !account) return {}
    const recipient = await recipientBy(account, mailing, message.personId)
    return recipient ? { [await sendTo(recipient, mailing)]: 1 } : {}
  }

  /** The person whom a mailing reaches by an account, if it still does. */
  async function recipientBy(
    account: Account,
    { announcementId, kind }: Mailing,
    personId: string,
  ): Promise<Recipient | undefined> {
    if (kind === 'news') return (await membersOf(account)).find((one) => one.personId === personId)
    const signUp = await signUps.read(announcementId, personId)
    return signUp && recipientOf(signUp)
  }

  async function sendTo(recipient: Recipient, mailing: Mailing): Promise<Outcome> {
    const { announcementId, name, kind } = mailing
    const isWanted = () => isStillWanted(recipient, announcementId, kind)
    // Asked first, so that of whoever wants none nothing is kept; and again when the claim is there, just before it goes out.
    if (!(await isWanted())) return 'unwanted'
    const mail = { announcementId, mail: name, personId: recipient.personId }
    return deliver(mail, kind, recipient, isWanted)
  }

  /** The announcement, if this person is to have this e-mail as things are now. */
  async function isStillWanted(
    { personId }: Recipient,
    announcementId: string,
    kind: MailingKind,
  ): Promise<Announcement | undefined> {
    const announcement = await announcements.read(announcementId)
    if (!announcement) return undefined
    if (announcement.status === 'withdrawn' && kind !== 'cancellation') return undefined
    const isStarted =
      announcement.event !== undefined && announcement.event.startsAt <= options.clock().toISOString()
    if (kind === 'reminder' && isStarted) return undefined
    if (kind !== 'news') {
      const signUp = await signUps.read(announcementId, personId)
      return signUp && (await recipientOf(signUp)) && announcement
    }
    const { audience } = announcement
    const mayBeTold = audience === 'service' || (await consents.mayWrite(personId, audience))
    return mayBeTold ? announcement : undefined
  }

  async function deliver(
    mail: AnnouncementMailKey,
    kind: MailingKind | 'confirmation',
    { account, email, personId }: Recipient,
    isWanted: () => Promise<Announcement | undefined>,
  ): Promise<Outcome> {
    if ((await addresses.read([email])).has(email)) return 'unreachable'
    const claim = await mails.claim(mail, options.clock())
    if (claim === 'done') return 'before'
    if (claim === 'elsewhere') throw new Error(`e-mail ${mail.mail} is being sent, or was cut off`)
    const announcement = await isWanted()
    const isCounted = kind === 'news'
    const finish = (state: 'sent' | 'rejected' | 'unwanted', note: string) =>
      mails.finish(mail, { state, note, at: options.clock().toISOString() }, isCounted)
    if (!announcement) {
      await finish('unwanted', '')
      return 'unwanted'
    }
    const { portalUrl, organizer } = options
    const withdrawal = kind === 'news' ? await withdrawalOf(announcement, personId) : undefined
    const rendered = renderAnnouncement({ announcement, kind, account, portalUrl, organizer, withdrawal })
    const sent = await options.sendMail(email, rendered).catch(async (error: unknown) => {
      await mails.release(mail, options.clock())
      throw error
    })
    await finish(sent.ok ? 'sent' : 'rejected', sent.ok ? sent.messageId : sent.detail)
    await options.pause()
    return sent.ok ? 'sent' : 'rejected'
  }

  async function withdrawalOf(
    { audience }: Announcement,
    personId: string,
  ): Promise<{ purpose: Purpose; link: string } | undefined> {
    if (audience === 'service') return undefined
    return { purpose: audience, link: await options.withdrawalLinkOf({ personId, purpose: audience }) }
  }

  /** Tells whoever has signed up that they have, once per sign-up. */
  async function confirm(announcementId: string, personId: string): Promise<Counts> {
    const signUp = await signUps.read(announcementId, personId)
    if (!signUp || signUp.confirmedAt !== undefined) return {}
    const isWanted = async () => {
      const [announcement, still] = await Promise.all([
        announcements.read(announcementId),
        signUps.read(announcementId, personId),
      ])
      if (announcement?.status !== 'published' || still?.at !== signUp.at) return undefined
      return (await recipientOf(still)) && announcement
    }
    const recipient = await recipientOf(signUp)
    const mail = { announcementId, mail: `sign-up-${signUp.at}`, personId }
    const outcome = recipient ? await deliver(mail, 'confirmation', recipient, isWanted) : 'unwanted'
    await signUps.noteConfirmed(signUp, options.clock().toISOString())
    return { [outcome]: 1 }
  }

  return { run }
}
