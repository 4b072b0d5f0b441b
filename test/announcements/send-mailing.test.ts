import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createSignUpStore } from '../../functions/announcements/sign-up.store.ts'
import { personIdOf } from '../../functions/consents/person-key.ts'
import { createAddressStatusStore } from '../../functions/notices/address-status.store.ts'
import { dyingClient } from '../plans/dying-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { announcing, later, NOW } from './announcing.ts'

const ANN = 'ann@example.com'
const BOB = 'bob@example.com'
const EVE = 'eve@example.com'
const ZOE = 'zoe@example.com'
const everybody = [ANN, BOB, EVE]
const HOUR = 3_600_000

let database: TestDatabase
let world: ReturnType<typeof announcing>

beforeAll(async () => {
  database = await startTestDatabase()
  world = announcing(database)
  await world.open([ANN, BOB])
  await world.open([BOB, EVE])
  await world.open([ANN])
  await world.open([ZOE], { clientType: 'private_cloud' })
  await close(await world.open(['gone@example.com']))
})
afterAll(() => database.stop())

const close = async ({ accountId }: Account) => {
  await database.client.send(
    new UpdateCommand({
      TableName: database.ledgerTable,
      Key: { pk: `ACCOUNT#${accountId}`, sk: 'HEAD' },
      UpdateExpression: 'SET #status = :closed',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':closed': 'closed' },
    }),
  )
}

const hosted = { clientTypes: ['hosted' as const] }
const webinar = (more = {}) => ({
  ...hosted,
  ...{ kind: 'webinar' as const, title: 'The new billing', ...more },
  event: {
    ...{ startsAt: later(48 * HOUR).toISOString(), endsAt: later(49 * HOUR).toISOString() },
    ...{ timeZone: 'Europe/Berlin', link: 'https://meet.example.com/x' },
  },
})
const signUps = () => createSignUpStore(database)
const takePart = async (announcementId: string, email: string, accountId = 'acc_told000001') => {
  const taken = await signUps().add({
    ...{ announcementId, personId: personIdOf(email), email, accountId, at: NOW },
  })
  if (!taken.ok) throw new Error(taken.reason)
}

describe('an announcement by e-mail', () => {
  it('reaches each person whom it concerns once, whatever number of accounts they have, and says so', async () => {
    const announcement = await world.announce(hosted)
    const worker = world.worker()
    await worker.run(announcement)
    // The same message again, and one of the hourly look.
    await worker.run(announcement)
    expect(worker.toldOf()).toEqual(everybody)
    expect(await world.counts(announcement)).toMatchObject({ mailsSent: 3n, mailsRejected: 0n })
    expect(await world.store.listMailings(announcement.announcementId)).toMatchObject([
      { name: 'news', finishedAt: NOW },
    ])
    const [{ notice }] = worker.outbox as [(typeof worker.outbox)[0]]
    expect(notice.text).toContain('because you are a member of')
    expect([notice.headers, notice.attachments]).toEqual([undefined, undefined])
  })

  it('goes to all client types where none is named, and not before it is due', async () => {
    const announcement = await world.announce({ email: { at: later(HOUR).toISOString() } })
    const worker = world.worker({
      send: async (messages, delay) => void delays.push([messages.length, delay]),
    })
    const delays: unknown[] = []
    await worker.run(announcement)
    expect([worker.toldOf(), delays]).toEqual([[], [[1, 900]]])
    worker.moveTo(later(HOUR))
    await worker.run(announcement)
    await worker.run(announcement)
    expect(worker.toldOf()).toEqual([...everybody, ZOE])
  })

  it.each([1, 2, 3])('is sent once by %i workers at the same time, and counted exactly', async (count) => {
    const announcement = await world.announce(hosted)
    const worker = world.worker()
    const { announcementId } = announcement
    await Promise.all(
      Array.from({ length: count }, () => worker.sending().run({ announcementId, mailing: 'news' })),
    )
    await worker.work()
    expect(worker.toldOf()).toEqual(everybody)
    expect(await world.counts(announcement)).toMatchObject({ mailsSent: 3n })
  })

  it('that fails for one person reaches the others, and that one by the next try', async () => {
    const announcement = await world.announce(hosted)
    const told: string[] = []
    let failures = 2
    const worker = world.worker({
      sendMail: async (to) => {
        if (to === BOB && failures-- > 0) throw new Error('throttled; cut off')
        told.push(to)
        return { ok: true, messageId: 'm' }
      },
    })
    await worker.run(announcement)
    expect(told.sort()).toEqual(everybody)
    expect(await world.counts(announcement)).toMatchObject({ mailsSent: 3n })
  })

  it('to an address that is turned down for good is noted as such, once', async () => {
    const announcement = await world.announce(hosted)
    const worker = world.worker({
      sendMail: async (to) =>
        to === BOB
          ? { ok: false, reason: 'rejected', detail: 'MessageRejected' }
          : { ok: true, messageId: 'm' },
    })
    await worker.run(announcement)
    await worker.run(announcement)
    expect(await world.counts(announcement)).toMatchObject({ mailsSent: 2n, mailsRejected: 1n })
  })

  it('does not go to an address that mail comes back from', async () => {
    const announcement = await world.announce(hosted)
    const status = { state: 'bounced' as const, at: NOW }
    await createAddressStatusStore(database).note({ address: BOB, status, sentAt: NOW })
    const worker = world.worker()
    await worker.run(announcement)
    await createAddressStatusStore(database).clear(BOB, NOW)
    expect(worker.toldOf()).toEqual([ANN, EVE])
  })

  it('that is withdrawn stops where it is', async () => {
    const announcement = await world.announce(hosted)
    const told: string[] = []
    const worker = world.worker({
      sendMail: async (to) => {
        told.push(to)
        await world.withdraw(announcement)
        return { ok: true, messageId: 'm' }
      },
    })
    await worker.run(announcement)
    await worker.run(announcement)
    expect(told).toHaveLength(1)
    expect(await world.store.listMailings(announcement.announcementId)).toMatchObject([{ stoppedAt: NOW }])
  })
})

describe('an e-mail that people have to ask for', () => {
  it('goes to those who did, with the link and the headers that end it', async () => {
    await world.consent(ANN, 'given')
    await world.consent(EVE, 'given', 'product_news')
    const announcement = await world.announce({ ...hosted, audience: 'webinars' })
    const worker = world.worker()
    await worker.run(announcement)
    expect(worker.toldOf()).toEqual([ANN])
    const { notice } = worker.outbox[0]!
    const link = `https://api.example.com/w?token=${personIdOf(ANN)}.webinars`
    expect(notice.headers).toEqual([
      { name: 'List-Unsubscribe', value: `<${link}>` },
      { name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' },
    ])
    expect(notice.text).toContain('because you have asked for e-mails about: Webinars')
    expect(notice.text).toContain(link)
    expect(notice.html).toContain(`href="${link}"`)
    expect(await world.counts(announcement)).toMatchObject({ mailsSent: 1n })
    await world.consent(ANN, 'withdrawn')
  })

  it('is not sent once it is withdrawn, however late: in the queue, and between claim and sending', async () => {
    await world.consent(ANN, 'given')
    await world.consent(BOB, 'given')
    const announcement = await world.announce({ ...hosted, audience: 'webinars' })
    const worker = world.worker({
      // The first write of the mailing is its beginning, the second the claim of the first person.
      clientOf: () =>
        new Proxy(database.client, {
          get: (target, name) =>
            name === 'send'
              ? async (command: { constructor: { name: string }; input?: { Item?: { sk?: string } } }) => {
                  const reply = await target.send(command as never)
                  if (
                    command.constructor.name === 'PutCommand' &&
                    command.input?.Item?.sk?.startsWith('MAIL#')
                  ) {
                    await world.consent(ANN, 'withdrawn')
                    await world.consent(BOB, 'withdrawn')
                  }
                  return reply
                }
              : Reflect.get(target, name),
        }),
    })
    await worker.run(announcement)
    await worker.run(announcement)
    expect(worker.toldOf()).toEqual([])
    expect(await world.counts(announcement)).toMatchObject({ mailsSent: 0n, mailsRejected: 0n })
  })
})

describe('a process that dies', () => {
  const dying = (atWrite: number, when: 'before' | 'after') => (attempt: number) =>
    attempt === 1 ? dyingClient(database.client, { atWrite, when }) : database.client

  it('at any write leaves nobody out and counts each once; one e-mail is sent again at most', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let atWrite = 1; atWrite <= 9; atWrite++) {
        const announcement = await world.announce(hosted)
        const worker = world.worker({ clientOf: dying(atWrite, when) })
        await worker.run(announcement)
        expect([when, atWrite, [...new Set(worker.toldOf())]]).toEqual([when, atWrite, everybody])
        expect(worker.outbox.length - everybody.length).toBeLessThanOrEqual(1)
        expect([when, atWrite, (await world.counts(announcement)).mailsSent]).toEqual([when, atWrite, 3n])
      }
    }
  })

  it('while a sign-up is confirmed confirms it all the same', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let atWrite = 1; atWrite <= 3; atWrite++) {
        const { announcementId } = await world.announce(webinar())
        await takePart(announcementId, ANN)
        const worker = world.worker({ clientOf: dying(atWrite, when) })
        worker.queue.push({ announcementId, signedUp: personIdOf(ANN) })
        await worker.work()
        expect(new Set(worker.toldOf())).toEqual(new Set([ANN]))
        expect(worker.outbox.length).toBeLessThanOrEqual(2)
        expect((await signUps().read(announcementId, personIdOf(ANN)))?.confirmedAt).toBeDefined()
      }
    }
  })
})

describe('a webinar', () => {
  it('is confirmed to whoever signs up, reminded of a day and an hour before, each once, with the file', async () => {
    const announcement = await world.announce(webinar())
    const { announcementId } = announcement
    await takePart(announcementId, ANN)
    await takePart(announcementId, EVE)
    const worker = world.worker()
    const confirm = { announcementId, signedUp: personIdOf(ANN) }
    worker.queue.push(confirm, confirm)
    await worker.work()
    expect(worker.outbox.map(({ to, notice }) => [to, notice.subject])).toEqual([
      [ANN, 'You are signed up: The new billing'],
    ])
    const { text, attachments } = worker.outbox[0]!.notice
    expect(text).toContain('When: 2026-12-03 09:00 to 10:00 (Europe/Berlin)')
    expect(text).toContain('In your time zone: 2026-12-03 03:00 to 04:00 (America/New_York)')
    expect(attachments).toMatchObject([
      { fileName: 'event.ics', contentType: 'text/calendar; charset=utf-8; method=PUBLISH' },
    ])
    // Who gives the place back is not reminded.
    await signUps().remove(announcementId, personIdOf(EVE))
    const mailings = await world.store.listMailings(announcementId)
    expect(mailings.map(({ name, dueAt }) => [name, dueAt])).toEqual([
      ['news', NOW],
      ['reminder-1h-0', later(47 * HOUR).toISOString()],
      ['reminder-24h-0', later(24 * HOUR).toISOString()],
    ])
    worker.outbox.length = 0
    worker.moveTo(later(24 * HOUR))
    await worker.run(announcement, 'reminder-24h-0')
    await worker.run(announcement, 'reminder-24h-0')
    worker.moveTo(later(47 * HOUR))
    await worker.run(announcement, 'reminder-1h-0')
    expect(worker.outbox.map(({ to, notice }) => [to, notice.subject])).toEqual([
      [ANN, 'Reminder: The new billing'],
      [ANN, 'Reminder: The new billing'],
    ])
  })

  it('is not reminded of once it has begun, and has no reminder whose time was over before', async () => {
    const announcement = await world.announce(webinar())
    await takePart(announcement.announcementId, ANN)
    const worker = world.worker()
    worker.moveTo(later(48 * HOUR))
    await worker.run(announcement, 'reminder-1h-0')
    expect(worker.outbox).toEqual([])
    const soon = webinar()
    soon.event.startsAt = later(2 * HOUR).toISOString()
    const { announcementId } = await world.announce(soon)
    const names = (await world.store.listMailings(announcementId)).map(({ name }) => name)
    expect(names).toEqual(['news', 'reminder-1h-0'])
  })

  describe('that somebody takes part in who is a member of no open account any more', () => {
    const leaving = {
      'since they left it': async (account: Account, email: string) =>
        void (await world.members.remove(account.accountId, email, { at: NOW })),
      'since it was closed': close,
    }

    it.each(Object.entries(leaving))(
      'is not told to them, and their place is free again: %s',
      async (_, leave) => {
        const email = 'leaving@example.net'
        const account = await world.open(['owner@example.net', email])
        const announcement = await world.announce(webinar())
        const { announcementId } = announcement
        await takePart(announcementId, email, account.accountId)
        await leave(account, email)
        const worker = world.worker()
        worker.moveTo(later(47 * HOUR))
        await worker.run(announcement, 'reminder-1h-0')
        await worker.run(announcement, 'reminder-1h-0')
        expect(worker.toldOf()).toEqual([])
        expect(await signUps().read(announcementId, personIdOf(email))).toBeUndefined()
        expect((await signUps().readPlaces(announcementId))?.signedUpCount).toBe(0n)
      },
    )

    it.each(Object.entries(leaving))('is not confirmed to them: %s', async (_, leave) => {
      const email = 'hasty@example.net'
      const account = await world.open(['owner@example.net', email])
      const { announcementId } = await world.announce(webinar())
      await takePart(announcementId, email, account.accountId)
      await leave(account, email)
      const worker = world.worker()
      worker.queue.push({ announcementId, signedUp: personIdOf(email) })
      await worker.work()
      expect(worker.toldOf()).toEqual([])
      expect(await signUps().read(announcementId, personIdOf(email))).toBeUndefined()
    })

    it.each(Object.entries(leaving))('is told by way of another of their accounts: %s', async (_, leave) => {
      const email = 'moved@example.net'
      const first = await world.open(['owner@example.net', email])
      const { timeZone } = await world.open([email], { timeZone: 'Asia/Tokyo' })
      const announcement = await world.announce(webinar())
      await takePart(announcement.announcementId, email, first.accountId)
      await leave(first, email)
      const worker = world.worker()
      worker.moveTo(later(47 * HOUR))
      await worker.run(announcement, 'reminder-1h-0')
      expect(worker.toldOf()).toEqual([email])
      expect(worker.outbox[0]!.notice.text).toContain(timeZone)
    })
  })

  it('that is withdrawn is cancelled for whoever has signed up, and for nobody else', async () => {
    const announcement = await world.announce(webinar())
    await takePart(announcement.announcementId, ANN)
    await world.withdraw(announcement)
    const worker = world.worker()
    await worker.run(announcement, 'cancellation')
    await worker.run(announcement)
    expect(worker.outbox.map(({ to, notice }) => [to, notice.subject])).toEqual([
      [ANN, 'Cancelled: The new billing'],
    ])
    const [file] = worker.outbox[0]!.notice.attachments!
    expect(file!.text).toMatch(/METHOD:CANCEL[\s\S]*SEQUENCE:1[\s\S]*STATUS:CANCELLED/)
    const states = (await world.store.listMailings(announcement.announcementId)).map((one) => [
      one.name,
      one.stoppedAt !== undefined,
    ])
    expect(Object.fromEntries(states)).toEqual({
      ...{ news: true, 'reminder-1h-0': true, 'reminder-24h-0': true, cancellation: false },
    })
  })
})
