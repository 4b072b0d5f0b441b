import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAccountStore } from '../../functions/accounts/account.store.ts'
import type { Account } from '../../functions/accounts/account.ts'
import { createMemberStore } from '../../functions/accounts/member.store.ts'
import { eventDetails } from '../../functions/events/event.ts'
import { createStatusStore } from '../../functions/ledger/status.store.ts'
import { createAddressStatusStore } from '../../functions/notices/address-status.store.ts'
import { createNoticeStore } from '../../functions/notices/notice.store.ts'
import type { NoticeEvent } from '../../functions/notices/notice.ts'
import { createNoticeSending, type NoticeOptions } from '../../functions/notices/send-notice.store.ts'
import { createAcceptanceStore } from '../../functions/terms/acceptance.store.ts'
import { draftTerms } from '../../functions/terms/publish-terms.ts'
import { createTelling } from '../../functions/terms/tell-of-terms.store.ts'
import { createTellingStore } from '../../functions/terms/telling.store.ts'
import { type TellingMessage, tellingMessageSchema, tellingsOf } from '../../functions/terms/telling.ts'
import { createTermsStore } from '../../functions/terms/terms.store.ts'
import { type Acceptance, publishTermsSchema, type TermsVersion } from '../../functions/terms/terms.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { planAccounts, recordingBus } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>
let documents = 0

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
})
afterAll(() => database.stop())

const DAY = 86_400_000
const published = new Date('2026-11-23T12:00:00.000Z')
const daysLater = (days: number) => new Date(published.getTime() + days * DAY)
const effective = daysLater(30).toISOString()
const portalUrl = 'https://portal.example.com'
const newDocument = () => `terms-${++documents}`

async function publish(
  document: string,
  version: string,
  more: Record<string, unknown> = {},
  at: Date = published,
): Promise<TermsVersion> {
  const asked = {
    document,
    version,
    title: 'Terms',
    class: 'material',
    effectiveAt: effective,
    text: version,
  }
  const { draft, publicationHash } = draftTerms(publishTermsSchema.parse({ ...asked, ...more }), {
    ...{ actor: 'machine:staff', at: at.toISOString() },
  })
  const done = await createTermsStore(database).publish(draft, publicationHash)
  if (!done.ok) throw new Error(done.reason)
  return done.version
}

const ownerOf = async ({ accountId }: Account) =>
  (await createAccountStore(database).listMembers(accountId)).find(({ role }) => role === 'owner')!.email

async function answer(account: Account, version: TermsVersion, decision: Acceptance['decision']) {
  const { accountId, clientType } = account
  const email = await ownerOf(account)
  const { document, number, language, textSha256 } = version
  const acceptance: Acceptance = {
    ...{ accountId, document, version: version.version, number, language, textSha256, decision },
    ...{ pressed: 'I accept', at: published.toISOString(), subject: `sub-${email}`, email, role: 'owner' },
    ...{ sourceIp: '192.0.2.1', userAgent: 'test' },
  }
  expect(await createAcceptanceStore(database).record(acceptance, clientType)).toMatchObject({ ok: true })
}

/**
 * Tells all that is due by then, as the schedule and the queue do, and returns the events. A message whose processing dies is
 * delivered again, to a process that lives.
 */
async function tellDue(now: Date, more: { client?: TestDatabase['client']; pageAccounts?: number } = {}) {
  const bus = recordingBus()
  const waiting: TellingMessage[] = (await createTellingStore(database).listDue(now)).map(
    ({ document, version, round }) => ({ document, version, round }),
  )
  const tellingOf = (client = database.client) =>
    createTelling({
      ...{ ...database, portalUrl, put: bus.put, ...more, client },
      send: async (messages) => {
        for (const message of messages) waiting.push(tellingMessageSchema.parse(message))
      },
    })
  const work = (telling: ReturnType<typeof tellingOf>, message: TellingMessage) =>
    'accountId' in message ? telling.tell(message, message.accountId, now) : telling.queueRound(message)
  const telling = tellingOf(more.client)
  for (let message = waiting.shift(); message; message = waiting.shift()) {
    try {
      await work(telling, message)
    } catch (error) {
      if (!(error instanceof Died)) throw error
      await work(tellingOf(), message)
    }
  }
  return [...bus.named('terms.published'), ...bus.named('terms.reminder')] as NoticeEvent[]
}

const toldOf = (events: NoticeEvent[], document: string) =>
  events.flatMap(({ detailType, detail }) =>
    'document' in detail && detail.document === document
      ? [`${detail.accountId} ${detailType} ${detail.version}${'round' in detail ? ` ${detail.round}` : ''}`]
      : [],
  )

const outboxSending = (outbox: { to: string; subject: string; text: string }[], more = {}) => {
  const sendMail: NoticeOptions['sendMail'] = async (to, { subject, text }) => {
    outbox.push({ to, subject, text })
    return { ok: true, messageId: 'm' }
  }
  return createNoticeSending({ ...database, portalUrl, sendMail, ...more })
}

describe('the rounds of a version', () => {
  const rounds = (more: Partial<TermsVersion>) =>
    tellingsOf({
      ...{ document: 'd', version: '1', kind: 'agreement', class: 'material' },
      ...{ publishedAt: published.toISOString(), effectiveAt: effective, ...more },
    } as TermsVersion).map(({ round, dueAt }) => [round, dueAt])

  it('are its publication, and reminders 7 days and 1 day before it is in effect', () => {
    expect(rounds({})).toEqual([
      ['published', published.toISOString()],
      ['week_before', daysLater(23).toISOString()],
      ['day_before', daysLater(29).toISOString()],
    ])
  })

  it('leave out reminders that would be late, and those of what asks for nothing', () => {
    const once = [['published', published.toISOString()]]
    expect(rounds({ effectiveAt: daysLater(-3).toISOString() })).toEqual(once)
    expect(rounds({ effectiveAt: daysLater(0.5).toISOString() })).toEqual(once)
    expect(rounds({ effectiveAt: daysLater(1).toISOString() })).toEqual(once)
    expect(rounds({ effectiveAt: daysLater(3).toISOString() }).map(([round]) => round)).toEqual([
      'published',
      'day_before',
    ])
    expect(rounds({ class: 'editorial' })).toEqual(once)
    expect(rounds({ kind: 'app_terms' })).toEqual(once)
  })
})

describe('telling clients of a version', () => {
  it('tells each open account that it concerns, once it is published, with what is asked of it', async () => {
    const document = newDocument()
    const accounts = [await world.open(), await world.open(), await world.open()]
    const other = await world.open({ clientType: 'private_cloud' })
    const closed = await world.open()
    const status = { accountId: closed.accountId, status: 'closed', reason: 'x', actor: 'x' } as const
    await createStatusStore(database).change({ ...status, at: published.toISOString() })
    await publish(document, '1', { clientTypes: ['hosted'], summary: 'Numbers move\nin five days' })
    const events = await tellDue(published, { pageAccounts: 2 })
    expect(toldOf(events, document).sort()).toEqual(
      accounts.map(({ accountId }) => `${accountId} terms.published 1`).sort(),
    )
    expect(toldOf(events, document).join()).not.toContain(other.accountId)
    const { detail } = events.find(({ detail: { accountId } }) => accountId === accounts[0]!.accountId)!
    expect(eventDetails['terms.published'].strict().parse(detail)).toEqual(detail)
    expect(detail).toMatchObject({
      id: `${accounts[0]!.accountId}/terms.published/${document}/1`,
      requiredAt: effective,
      termsUrl: `${portalUrl}/portal/terms?account=${accounts[0]!.accountId}`,
    })
    expect(toldOf(await tellDue(daysLater(1)), document)).toEqual([])
  })

  it('reminds those who have not answered, a week and a day before, and nobody else', async () => {
    const document = newDocument()
    const [silent, accepted, declined] = [await world.open(), await world.open(), await world.open()]
    const version = await publish(document, '1')
    await tellDue(published)
    await answer(accepted, version, 'accepted')
    await answer(declined, version, 'declined')
    const mine = (events: NoticeEvent[]) =>
      toldOf(events, document).filter((line) =>
        [silent, accepted, declined].some(({ accountId }) => line.startsWith(accountId)),
      )
    expect(mine(await tellDue(daysLater(22.9)))).toEqual([])
    expect(mine(await tellDue(daysLater(23)))).toEqual([`${silent.accountId} terms.reminder 1 week_before`])
    expect(mine(await tellDue(daysLater(29.04)))).toEqual([`${silent.accountId} terms.reminder 1 day_before`])
    expect(mine(await tellDue(daysLater(40)))).toEqual([])
  })

  it('tells accounts that are opened later by the reminders alone', async () => {
    const document = newDocument()
    await publish(document, '1')
    await tellDue(published)
    const late = await world.open({ createdAt: daysLater(5).toISOString() })
    expect(toldOf(await tellDue(daysLater(23)), document)).toContain(
      `${late.accountId} terms.reminder 1 week_before`,
    )
  })

  it('does not name a version any more that was replaced, and still reminds of the date that it set', async () => {
    const document = newDocument()
    const account = await world.open()
    await publish(document, '1')
    await publish(document, '2', { class: 'editorial', effectiveAt: daysLater(40).toISOString() })
    const own = (events: NoticeEvent[]) =>
      toldOf(events, document).filter((line) => line.startsWith(account.accountId))
    const first = await tellDue(published)
    expect(own(first)).toEqual([`${account.accountId} terms.published 2`])
    const { detail } = first.find(
      ({ detail: about }) =>
        about.accountId === account.accountId && 'document' in about && about.document === document,
    )!
    // Nobody accepted the first one: that it was replaced does not move its date.
    expect(detail).toMatchObject({ requiredAt: effective, class: 'editorial' })
    expect(own(await tellDue(daysLater(23)))).toEqual([`${account.accountId} terms.reminder 2 week_before`])
    expect(own(await tellDue(daysLater(29)))).toEqual([`${account.accountId} terms.reminder 2 day_before`])
  })

  it('reminds whoever acts for two accounts of each date, where one version is asked of both by different ones', async () => {
    const document = newDocument()
    const [behind, ahead] = [await world.open(), await world.open()]
    const person = await ownerOf(behind)
    const { accountId } = ahead
    await createMemberStore(database).add({ accountId, email: person, role: 'owner', addedAt: 'x' })
    const before = { effectiveAt: daysLater(-9).toISOString() }
    await answer(behind, await publish(document, '0', before, daysLater(-10)), 'accepted')
    const first = await publish(document, '1')
    await answer(ahead, first, 'accepted')
    await publish(document, '2', { effectiveAt: daysLater(90).toISOString() })
    const outbox: Parameters<typeof outboxSending>[0] = []
    const remind = async (account: Account, day: number) => {
      const due = (await tellDue(daysLater(day))).filter(
        ({ detail }) =>
          detail.accountId === account.accountId && 'document' in detail && detail.document === document,
      )
      await outboxSending(outbox).send(due.at(-1)!, daysLater(day))
    }
    await remind(behind, 29)
    await remind(ahead, 89)
    expect(outbox.filter(({ to }) => to === person)).toHaveLength(2)
  })

  it('tells of terms of an app only those who agreed to them before', async () => {
    const document = newDocument()
    const [buyer, other] = [await world.open(), await world.open()]
    const version = await publish(document, '1', { kind: 'app_terms' })
    expect(toldOf(await tellDue(published), document)).toEqual([])
    await answer(buyer, version, 'accepted')
    await publish(document, '2', { kind: 'app_terms' })
    const told = toldOf(await tellDue(daysLater(1)), document)
    expect(told).toEqual([`${buyer.accountId} terms.published 2`])
    expect(told.join()).not.toContain(other.accountId)
  })

  it('leaves nobody out when a process dies at any of its first writes, before or after it', async () => {
    const accounts = [await world.open(), await world.open(), await world.open()]
    for (const when of ['before', 'after'] as const) {
      for (const atWrite of [1, 2, 3, 4]) {
        const document = newDocument()
        await publish(document, '1')
        const client = dyingClient(database.client, { atWrite, when })
        const lines = toldOf(await tellDue(published, { client, pageAccounts: 4 }), document)
        expect(lines).toEqual(
          expect.arrayContaining(accounts.map(({ accountId }) => `${accountId} terms.published 1`)),
        )
        expect(toldOf(await tellDue(daysLater(1)), document)).toEqual([])
      }
    }
  })

  it('lets one of two at work on a round stop', async () => {
    const document = newDocument()
    const account = await world.open()
    await publish(document, '1')
    const [one, other] = await Promise.all([
      tellDue(published, { pageAccounts: 3 }),
      tellDue(published, { pageAccounts: 3 }),
    ])
    const ids = [...one, ...other].map(({ detail }) => detail.id)
    expect(new Set(ids)).toContain(`${account.accountId}/terms.published/${document}/1`)
  })
})

describe('the e-mail', () => {
  it('goes to a person once for all accounts, by whichever comes first, naming the others', async () => {
    const document = newDocument()
    const [one, other] = [await world.open({ name: 'One' }), await world.open({ name: 'Other' })]
    const partner = `partner${documents}@client.example.com`
    for (const { accountId } of [one, other]) {
      const member = { accountId, email: partner, role: 'billing', addedAt: published.toISOString() } as const
      expect(await createMemberStore(database).add(member)).toMatchObject({ ok: true })
    }
    await publish(document, '1')
    const events = (await tellDue(published)).filter(({ detail }) =>
      [one.accountId, other.accountId].includes(detail.accountId),
    )
    const outbox: { to: string; subject: string; text: string }[] = []
    for (const event of [...events, ...events]) await outboxSending(outbox).send(event, published)
    expect(outbox.map(({ to }) => to).sort()).toEqual(
      [await ownerOf(one), await ownerOf(other), partner].sort(),
    )
    const mail = outbox.find(({ to }) => to === partner)!
    expect(mail.subject).toBe('Please read and accept “Terms” by 2026-12-23')
    expect(mail.text).toMatch(/other accounts that it concerns, too: (One|Other)\./)
    expect(mail.text).toContain('/portal/terms?account=acc_')
  })

  it('goes once where the messages of two accounts meet, also when the first is cut off', async () => {
    const document = newDocument()
    const [one, other] = [await world.open(), await world.open()]
    const partner = `meets${documents}@client.example.com`
    for (const { accountId } of [one, other]) {
      const member = { accountId, email: partner, role: 'billing', addedAt: published.toISOString() } as const
      await createMemberStore(database).add(member)
    }
    await publish(document, '1')
    const events = (await tellDue(published)).filter(({ detail }) =>
      [one.accountId, other.accountId].includes(detail.accountId),
    )
    const outbox: { to: string; subject: string; text: string }[] = []
    const failing = outboxSending([], {
      sendMail: async (to: string) => {
        if (to === partner) throw new Error('no answer')
        return { ok: true, messageId: 'm' }
      },
    })
    await expect(failing.send(events[0]!, published)).rejects.toThrow('not told')
    // It is known to have failed, so the other account's message may take it at once.
    await Promise.allSettled(events.map((event) => outboxSending(outbox).send(event, published)))
    await outboxSending(outbox).send(events[0]!, new Date(published.getTime() + 20_000))
    expect(outbox.filter(({ to }) => to === partner)).toHaveLength(1)
  })

  it('reaches a person by the message of one account where that of another was cut off and is void then', async () => {
    const document = newDocument()
    const [one, other] = [await world.open(), await world.open()]
    const partner = `void${documents}@client.example.com`
    for (const { accountId } of [one, other]) {
      const member = { accountId, email: partner, role: 'billing', addedAt: published.toISOString() } as const
      await createMemberStore(database).add(member)
    }
    const version = await publish(document, '1')
    const events = await tellDue(published)
    const eventOf = ({ accountId }: Account) => events.find(({ detail }) => detail.accountId === accountId)!
    const outbox: { to: string; subject: string; text: string }[] = []
    // The first dies with the partner's e-mail claimed, and not sent.
    const cutOff = {
      ...{ accountId: one.accountId, recipient: partner, oncePerPerson: true },
      noticeId: `terms.published/${document}/1`,
    }
    expect(await createNoticeStore(database).claim(cutOff, published)).toBe('yours')
    const sent = outboxSending(outbox).send(eventOf(other), published)
    await expect(sent).rejects.toThrow('1 of 2 were not told')
    await answer(one, version, 'accepted')
    const later = new Date(published.getTime() + 20_000)
    for (const account of [one, other]) await outboxSending(outbox).send(eventOf(account), later)
    expect(outbox.filter(({ to }) => to === partner)).toHaveLength(1)
  })

  it('is not sent any more when the version was answered or replaced while it waited', async () => {
    const document = newDocument()
    const [answered, replaced] = [
      await world.open(),
      await world.open({ clientType: 'global_infrastructure' }),
    ]
    const version = await publish(document, '1')
    const events = await tellDue(published)
    await answer(answered, version, 'accepted')
    await publish(document, '2', { clientTypes: ['global_infrastructure'] })
    const outbox: { to: string; subject: string; text: string }[] = []
    for (const event of events)
      if ([answered.accountId, replaced.accountId].includes(event.detail.accountId))
        await outboxSending(outbox).send(event, daysLater(0.1))
    expect(outbox).toEqual([])
  })

  it('is not sent by way of an account that was closed while it waited, and goes to the person by another', async () => {
    const document = newDocument()
    const [closed, open] = [await world.open(), await world.open()]
    const person = await ownerOf(open)
    const { accountId } = closed
    await createMemberStore(database).add({ accountId, email: person, role: 'billing', addedAt: 'x' })
    await publish(document, '1')
    const events = await tellDue(published)
    const told = (account: Account) =>
      events.find(
        ({ detail }) =>
          detail.accountId === account.accountId && 'document' in detail && detail.document === document,
      )!
    const status = { accountId, status: 'closed', reason: 'x', actor: 'x' } as const
    await createStatusStore(database).change({ ...status, at: published.toISOString() })
    const outbox: Parameters<typeof outboxSending>[0] = []
    await outboxSending(outbox).send(told(closed), published)
    expect(outbox).toEqual([])
    await outboxSending(outbox).send(told(open), published)
    expect(outbox.map(({ to }) => to)).toEqual([person])
  })

  it('says what happens without an answer, and that nothing needs doing where it is so', async () => {
    const [material, editorial, late, followed] = Array.from({ length: 4 }, newDocument) as string[]
    const account = await world.open()
    await publish(material!, '1', {
      kind: 'statement',
      title: 'Privacy <statement>',
      summary: 'We keep\nless.',
    })
    await publish(editorial!, '1', { class: 'editorial', title: 'Notes' })
    await publish(late!, '1', { effectiveAt: daysLater(-1).toISOString() })
    await publish(followed!, '1', { effectiveAt: daysLater(-1).toISOString() })
    await publish(followed!, '2', { title: 'Fair use' })
    const own = (await tellDue(published)).filter(({ detail }) => detail.accountId === account.accountId)
    const outbox: { to: string; subject: string; text: string }[] = []
    for (const event of own) await outboxSending(outbox).send(event, published)
    expect(outbox.map(({ subject }) => subject).sort()).toEqual([
      'Please read and accept “Fair use” by 2026-11-22',
      'Please read and accept “Terms” by 2026-11-22',
      'Please read and acknowledge “Privacy <statement>” by 2026-12-23',
      '“Notes” has a new version',
    ])
    const textOf = (title: string) => outbox.find(({ subject }) => subject.includes(title))!.text
    expect(textOf('Privacy')).toContain('We keep\n\nless.')
    expect(textOf('Privacy')).toContain('before 2026-12-23 13:00 (Europe/Berlin)')
    expect(textOf('Notes')).toContain('You need not do anything.')
    expect(textOf('“Terms”')).toContain('It is in effect and has to be answered now')
    expect(textOf('Fair use')).toContain('The version before it is in effect and has not been answered')
  })

  it('takes its time, so that many are not sent faster than the provider takes them', async () => {
    const document = newDocument()
    const account = await world.open()
    await publish(document, '1')
    const event = (await tellDue(published)).find(({ detail }) => detail.accountId === account.accountId)!
    const pauses: number[] = []
    const sleep = async (milliseconds: number) => {
      pauses.push(milliseconds)
    }
    await outboxSending([], { pacedMilliseconds: 250, sleep }).send(event, published)
    expect(pauses).toEqual([250])
  })

  it('goes to no address that mail came back from, until that is lifted', async () => {
    const document = newDocument()
    const account = await world.open()
    const address = await ownerOf(account)
    const addresses = createAddressStatusStore(database)
    const status = { state: 'bounced' as const, at: published.toISOString() }
    await addresses.note({ address, status, sentAt: published.toISOString() })
    await publish(document, '1')
    const event = (await tellDue(published)).find(({ detail }) => detail.accountId === account.accountId)!
    const outbox: { to: string; subject: string; text: string }[] = []
    expect(await outboxSending(outbox).send(event, published)).toMatchObject({ sent: 0, unreachable: 1 })
    await addresses.clear(address, daysLater(1).toISOString())
    // The same mail comes back a second time, after the address was cleared.
    await addresses.note({ address, status, sentAt: published.toISOString() })
    expect(await outboxSending(outbox).send(event, daysLater(1))).toMatchObject({ sent: 1, unreachable: 0 })
    await addresses.note({ address, status, sentAt: daysLater(2).toISOString() })
    expect(await addresses.read([address])).toEqual(new Map([[address, status]]))
  })
})
