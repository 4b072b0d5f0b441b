import type { Account } from '../../functions/accounts/account.ts'
import { createMemberStore } from '../../functions/accounts/member.store.ts'
import { openAccount } from '../../functions/accounts/open-account.store.ts'
import { createAnnouncementStore } from '../../functions/announcements/announcement.store.ts'
import type { Announcement } from '../../functions/announcements/announcement.ts'
import { decideWithdrawal } from '../../functions/announcements/decide-change.ts'
import { type MailingMessage, mailingMessageSchema } from '../../functions/announcements/mailing.ts'
import { createPersonStateStore } from '../../functions/announcements/person-state.store.ts'
import {
  createMailingSending,
  type SendingOptions,
} from '../../functions/announcements/send-mailing.store.ts'
import { createConsentStore } from '../../functions/consents/consent.store.ts'
import { personIdOf } from '../../functions/consents/person-key.ts'
import { type Purpose, wordingOf } from '../../functions/consents/purposes.ts'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import type { RenderedMail } from '../../functions/notices/mail.ts'
import { Died } from '../plans/dying-client.ts'
import type { TestDatabase } from '../support/database.ts'

export const NOW = '2026-12-01T08:00:00.000Z'
export const later = (milliseconds: number) => new Date(Date.parse(NOW) + milliseconds)
export type Sent = { to: string; notice: RenderedMail }

/** Clients of a database that is the test's alone, what staff announce to them, and a queue with its workers. */
export function announcing(database: TestDatabase) {
  const store = createAnnouncementStore(database)
  const consents = createConsentStore(database)
  const members = createMemberStore(database)
  const ledger = createLedger(database)
  let accountCount = 0
  let announcementCount = 0

  async function open(emails: string[], more: Partial<Account> = {}): Promise<Account> {
    accountCount += 1
    const account: Account = {
      accountId: `acc_told${String(accountCount).padStart(6, '0')}`,
      ...{ name: `Client ${accountCount} <&>`, clientType: 'hosted', currency: 'USD' },
      ...{ timeZone: 'America/New_York', lowCreditThresholdMicros: 0n },
      createdAt: new Date(Date.parse('2026-11-01T00:00:00.000Z') + accountCount).toISOString(),
      ...more,
    }
    const ledgerOpening = ledger.openingOf(account.accountId, account.currency)
    const [ownerEmail, ...others] = emails as [string, ...string[]]
    const done = await openAccount(database, { account, ownerEmail, requestHash: 'h', ledgerOpening })
    if (!done.ok) throw new Error(done.reason)
    for (const email of others)
      await members.add({ accountId: account.accountId, email, role: 'viewer', addedAt: NOW })
    return account
  }

  async function announce(more: Partial<Announcement> = {}): Promise<Announcement> {
    announcementCount += 1
    const announcement: Announcement = {
      announcementId: `ann_test${String(announcementCount).padStart(6, '0')}`,
      ...{ kind: 'other', audience: 'service', clientTypes: [], title: 'News', text: 'Some **news**.' },
      ...{ email: { at: NOW }, dismissible: true, status: 'published', revision: 1n, sequence: 0n },
      ...{ createdAt: NOW, createdBy: 'staff', changedAt: NOW, changedBy: 'staff', requestHash: 'h' },
      ...more,
    }
    const created = await store.create(announcement)
    if (!created.ok) throw new Error(created.reason)
    return created.announcement
  }

  async function consent(email: string, decision: 'given' | 'withdrawn', purpose: Purpose = 'webinars') {
    const { text, version, sha256 } = wordingOf(purpose)
    const decided = await consents.decide(personIdOf(email), {
      ...{ purpose, decision, pressed: 'x', at: NOW, channel: 'signed_in', email },
      ...{ wording: text, wordingVersion: version, wordingSha256: sha256, sourceIp: '', userAgent: '' },
    })
    if (!decided.ok) throw new Error(decided.reason)
  }

  async function withdraw({ announcementId }: Announcement): Promise<void> {
    const [before, mailings] = await Promise.all([
      store.read(announcementId),
      store.listMailings(announcementId),
    ])
    const applied = await store.apply(decideWithdrawal(before!, mailings, { now: NOW, actor: 'staff' }))
    if (!applied.ok) throw new Error(applied.reason)
  }

  /** The queue and its workers: a message that fails comes again, and each try is a process of its own. */
  function worker(
    more: Partial<SendingOptions> & { clientOf?: (attempt: number) => TestDatabase['client'] } = {},
  ) {
    const outbox: Sent[] = []
    const queue: MailingMessage[] = []
    let attempts = 0
    let at = new Date(NOW)
    const sending = () => {
      attempts += 1
      return createMailingSending({
        ...database,
        client: more.clientOf?.(attempts) ?? database.client,
        ...{ portalUrl: 'https://portal.example.com', organizer: 'billing@example.com' },
        sendMail: async (to, notice) => {
          outbox.push({ to, notice })
          return { ok: true, messageId: 'm' }
        },
        withdrawalLinkOf: async ({ personId, purpose }) =>
          `https://api.example.com/w?token=${personId}.${purpose}`,
        send: async (messages) => {
          queue.push(...messages.map((one) => mailingMessageSchema.parse(JSON.parse(JSON.stringify(one)))))
        },
        pause: async () => undefined,
        clock: () => at,
        pageSize: 2,
        ...more,
      })
    }

    async function work(): Promise<void> {
      for (let message = queue.shift(); message; message = queue.shift()) {
        const again = message
        await sending()
          .run(message)
          .catch((error) => {
            if (!(error instanceof Died) && !/cut off/.test(String(error))) throw error
            queue.push(again)
            // It comes again when a claim of whoever died is over.
            at = new Date(at.getTime() + 16_000)
          })
      }
    }

    async function run({ announcementId }: Announcement, mailing = 'news'): Promise<void> {
      queue.push({ announcementId, mailing })
      await work()
    }

    const toldOf = () => outbox.map(({ to }) => to).sort()
    return { outbox, queue, sending, work, run, toldOf, moveTo: (time: Date) => (at = time) }
  }

  const counts = ({ announcementId }: Announcement) =>
    createPersonStateStore(database).readCounts(announcementId)

  return { store, open, announce, consent, withdraw, worker, counts, members }
}
