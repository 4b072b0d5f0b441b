import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAnnouncementStore } from '../../functions/announcements/announcement.store.ts'
import {
  announcementRoutes,
  staffAnnouncementRoutes,
} from '../../functions/announcements/announcements.routes.ts'
import type { MailingMessage } from '../../functions/announcements/mailing.ts'
import { type Sqs, startSqs } from '../../local/sqs.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { personClaims, type ReplyBody, send, staffClaims, useDatabase } from '../support/request.ts'
import { announcing } from './announcing.ts'

const folder = mkdtempSync(join(tmpdir(), 'drawdown-announcements-'))
const HOUR = 3_600_000
/** The handlers read the clock themselves: times that are far from now. */
const at = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString()
const ANN = 'ann@example.com'
const OTHER = 'other@example.com'

let database: TestDatabase
let sqs: Sqs
let world: ReturnType<typeof announcing>
let handlers: Record<'staff' | 'clients' | 'find', unknown>
let accountId: string
let otherId: string
let keys = 0

beforeAll(async () => {
  database = await startTestDatabase()
  sqs = await startSqs({ folder, queues: [{ name: 'mailings', fifo: false }] })
  useDatabase(database)
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SQS: sqs.url,
    MAILING_QUEUE_URL: sqs.queueUrl('mailings'),
    SENDER_ADDRESS: 'billing@example.com',
  })
  handlers = {
    staff: (await import('../../functions/announcements/staff-announcements.handler.ts')).handler,
    clients: (await import('../../functions/announcements/announcements.handler.ts')).handler,
    find: (await import('../../functions/announcements/find-due-mailings.handler.ts')).handler,
  }
  world = announcing(database)
  const people = Array.from({ length: 12 }, (_, index) => `person${index}@example.com`)
  accountId = (await world.open([ANN, ...people], { timeZone: 'Asia/Tokyo' })).accountId
  otherId = (await world.open([OTHER], { clientType: 'private_cloud' })).accountId
})
beforeEach(() => {
  queued()
})
afterAll(async () => {
  await sqs.close()
  await database.stop()
  rmSync(folder, { recursive: true })
})

/** What waits in the queue by now, taken out of it. */
function queued(): MailingMessage[] {
  const received = sqs.receive('mailings', { maxMessages: 10 })
  for (const { receiptHandle } of received) sqs.delete('mailings', receiptHandle)
  return received.map(({ body }) => JSON.parse(body))
}

const content = (more: Record<string, unknown> = {}) => ({
  ...{ kind: 'maintenance', audience: 'service', clientTypes: ['hosted'], title: 'Maintenance' },
  ...{ text: 'Calls go **through**.', banner: { from: at(-1), until: at(24) }, ...more },
})
const webinar = (more: Record<string, unknown> = {}) =>
  content({
    kind: 'webinar',
    event: {
      ...{ startsAt: at(48), endsAt: at(49), timeZone: 'Europe/Berlin', link: 'https://meet.example.com/x' },
      ...more,
    },
  })

type Method = keyof typeof staffAnnouncementRoutes
const staff = (method: Method, more: { id?: string; body?: unknown; key?: string; claims?: object } = {}) =>
  send(handlers.staff, {
    route: staffAnnouncementRoutes[method],
    path: more.id === undefined ? {} : { announcementId: more.id },
    body: more.body,
    headers: more.key === undefined ? {} : { 'idempotency-key': more.key },
    claims: (more.claims ?? staffClaims) as Record<string, unknown>,
  })
const create = (body: unknown = content()) => {
  keys += 1
  return staff('createAnnouncement', { body, key: `key-${keys}` })
}
const created = async (body?: unknown) => String((await create(body)).body.announcementId)
const client = (
  method: keyof typeof announcementRoutes,
  id?: string,
  more: { email?: string; accountId?: string; claims?: Record<string, unknown> } = {},
) =>
  send(handlers.clients, {
    route: announcementRoutes[method],
    path: {
      ...(method !== 'readEventFile' && { accountId: more.accountId ?? accountId }),
      ...(id !== undefined && { announcementId: id }),
    },
    claims: more.claims ?? personClaims(more.email ?? ANN),
  })
const shownTo = async (email: string, account = accountId) =>
  (
    (await client('listOwnAnnouncements', undefined, { email, accountId: account })).body
      .announcements as unknown as ReplyBody[]
  ).map(({ announcementId }) => announcementId)

describe('staff', () => {
  it('announce once under a key, read it back, and are refused another under the same key', async () => {
    const first = await staff('createAnnouncement', { body: content(), key: 'same' })
    expect([first.status, first.body.status, first.body.revision]).toEqual([201, 'published', 1])
    const again = await staff('createAnnouncement', { body: content({ title: 'Other' }), key: 'same' })
    expect([again.status, again.body.code]).toEqual([409, 'idempotency_key_reused'])
    const read = await staff('readAnnouncement', { id: String(first.body.announcementId) })
    expect(read.body).toMatchObject({
      ...{
        title: 'Maintenance',
        counts: { mailsSent: 0, reads: 0, dismissals: 0, signUps: 0 },
        mailings: [],
      },
    })
    const list = await staff('listAnnouncements')
    expect(JSON.stringify(list.body.announcements)).toContain(String(first.body.announcementId))
  })

  it('are told what is wrong with it, by the name of the field', async () => {
    const event = { startsAt: at(48), endsAt: at(49), timeZone: 'Europe/Berlin' }
    const bad: [string, unknown][] = [
      ['banner', content({ banner: undefined })],
      ['banner.until', content({ banner: { from: at(2), until: at(1) } })],
      ['event', content({ kind: 'webinar' })],
      ['event.endsAt', content({ event: { ...event, endsAt: at(47) } })],
      ['event.timeZone', content({ event: { ...event, timeZone: 'CEST' } })],
      ['event.link', content({ kind: 'webinar', event })],
      ['event.link', webinar({ link: 'javascript:alert(1)' })],
      ['event.link', webinar({ link: 'https://meet.example.com/\r\nATTENDEE:x' })],
      ['event.link', content({ event: { ...event, link: 'https://meet.example.com' } })],
      ['event.capacity', webinar({ capacity: 0 })],
      ['event.capacity', content({ event: { ...event, capacity: 5 } })],
      ['audience', content({ audience: 'everybody' })],
      ['kind', content({ kind: 'party' })],
      ['clientTypes.0', content({ clientTypes: ['unknown'] })],
      ['title', content({ title: 'Two\nlines' })],
      ['text', content({ text: '' })],
      ['email.at', content({ email: { at: 'tomorrow' } })],
      ['status', content({ status: 'withdrawn' })],
    ]
    for (const [field, body] of bad) {
      const { status, body: problem } = await create(body)
      expect([field, status, problem.errors]).toEqual([
        ...[field, 400],
        expect.arrayContaining([expect.objectContaining({ field })]),
      ])
    }
    expect((await staff('createAnnouncement', { body: content() })).body.code).toBe('idempotency_key_missing')
    expect((await staff('readAnnouncement', { id: 'ann_nothing00' })).body.code).toBe(
      'announcement_not_found',
    )
  })

  it('alone announce', async () => {
    const claims = personClaims(ANN)
    const id = await created()
    for (const method of ['listAnnouncements', 'readAnnouncement', 'withdrawAnnouncement'] as const)
      expect((await staff(method, { id, claims })).body.code).toBe('role_not_allowed')
    expect((await staff('createAnnouncement', { body: content(), key: 'k', claims })).status).toBe(403)
  })

  it('have its e-mails queued at once where they are due within the hour, else by the hourly look', async () => {
    const [now, tomorrow] = [
      await created(content({ email: { at: at(-1) } })),
      await created(content({ email: { at: at(24) } })),
    ]
    expect(queued()).toEqual([{ announcementId: now, mailing: 'news' }])
    await (handlers.find as (event: unknown, context: unknown) => Promise<void>)({}, {})
    const found = queued().map(({ announcementId }) => announcementId)
    expect(found).toContain(now)
    expect(found).not.toContain(tomorrow)
  })

  it('change it on what they have read; whom its e-mails go to stays once they go out', async () => {
    const id = await created(content({ email: { at: at(-1) } }))
    const change = (more: object, revision = 1) =>
      staff('changeAnnouncement', { id, body: { ...content({ email: { at: at(-1) } }), ...more, revision } })
    const changed = await change({ title: 'Moved', audience: 'product_news' })
    expect([changed.status, changed.body.title, changed.body.revision]).toEqual([200, 'Moved', 2])
    expect((await change({})).body.code).toBe('changed_meanwhile')
    expect((await change({ kind: 'other' }, 2)).body.errors).toMatchObject([{ field: 'kind' }])
    const worker = world.worker({ clock: () => new Date() })
    await worker.run({ announcementId: id } as never)
    const sent = await change({ clientTypes: [], audience: 'service', email: undefined }, 2)
    expect([sent.status, sent.body.code]).toEqual([409, 'announcement_sent'])
    expect((sent.body.errors as unknown as { field: string }[]).map(({ field }) => field)).toEqual([
      ...['audience', 'clientTypes', 'email'],
    ])
  })

  it('withdraw it for good: again changes nothing, and it is changed no more', async () => {
    const id = await created()
    const [one, two] = await Promise.all([
      staff('withdrawAnnouncement', { id }),
      staff('withdrawAnnouncement', { id }),
    ])
    expect([one.status, two.status, one.body.status, two.body.revision]).toEqual([200, 200, 'withdrawn', 2])
    const change = await staff('changeAnnouncement', { id, body: { ...content(), revision: 2 } })
    expect(change.body.code).toBe('announcement_withdrawn')
    expect(await shownTo(ANN)).not.toContain(id)
    expect((await client('noteAnnouncementRead', id)).body.code).toBe('announcement_not_found')
  })
})

describe('clients', () => {
  it('see the banners of their client type while these are on, as text that runs nothing', async () => {
    const id = await created(content({ text: '<script>alert(1)</script> [x](javascript:alert(1))' }))
    const coming = await created(content({ banner: { from: at(1), until: at(2) } }))
    const over = await created(content({ banner: { from: at(-2), until: at(-1) } }))
    const forAll = await created(content({ clientTypes: [] }))
    const shown = await shownTo(ANN)
    expect(shown).toEqual(expect.arrayContaining([id, forAll]))
    expect(shown).not.toContain(coming)
    expect(shown).not.toContain(over)
    expect(await shownTo(OTHER, otherId)).toEqual([forAll])
    const { html } = (await client('readOwnAnnouncement', id)).body
    expect(String(html)).toContain('&lt;script&gt;')
    expect(String(html)).not.toMatch(/<script|href="javascript/i)
  })

  it('of another client type, of another client, not yet told or without consent find nothing', async () => {
    const id = await created(webinar())
    const coming = await created(content({ banner: { from: at(1), until: at(2) } }))
    const marketing = await created(content({ audience: 'product_news' }))
    for (const method of [
      'readOwnAnnouncement',
      'noteAnnouncementRead',
      'dismissAnnouncement',
      'signUp',
    ] as const) {
      const others = await client(method, id, { email: OTHER, accountId: otherId })
      expect([method, others.status, others.body.code]).toEqual([method, 404, 'announcement_not_found'])
      const strangers = await client(method, id, { email: OTHER })
      expect([method, strangers.status, strangers.body.code]).toEqual([method, 404, 'account_not_found'])
      for (const hidden of [coming, marketing])
        expect((await client(method, hidden)).body.code).toBe('announcement_not_found')
    }
    expect((await client('readEventFile', id, { email: OTHER })).status).toBe(404)
    expect(await shownTo(ANN)).not.toContain(marketing)
    await world.consent(ANN, 'given', 'product_news')
    expect(await shownTo(ANN)).toContain(marketing)
    await world.consent(ANN, 'withdrawn', 'product_news')
    const machine = { sub: 'm', client_id: 'm', scope: 'drawdown/usage' }
    expect((await client('noteAnnouncementRead', id, { claims: machine })).status).toBe(403)
    expect((await client('noteAnnouncementRead', id, { claims: staffClaims })).status).toBe(403)
  })

  it('count once each, however often and at once they read and dismiss', async () => {
    const id = await created()
    const people = Array.from({ length: 6 }, (_, index) => `person${index}@example.com`)
    const all = people.flatMap((email) => [
      ...[1, 2, 3].map(() => client('noteAnnouncementRead', id, { email })),
      ...[1, 2].map(() => client('dismissAnnouncement', id, { email })),
    ])
    expect(new Set((await Promise.all(all)).map(({ status }) => status))).toEqual(new Set([204]))
    const { counts } = (await staff('readAnnouncement', { id })).body
    expect(counts).toMatchObject({ reads: 6, dismissals: 6 })
    const mine = (await client('readOwnAnnouncement', id, { email: people[0]! })).body
    expect(mine).toMatchObject({ read: true, dismissed: true })
    expect((await client('readOwnAnnouncement', id)).body).toMatchObject({ read: false, dismissed: false })
  })

  it('count no more once it is over for so long that its readers are forgotten', async () => {
    const over = (days: number) => ({
      ...{ announcementId: `ann_over_for_${days}`, kind: 'other' as const, audience: 'service' as const },
      ...{ clientTypes: [], title: 'x', text: 'x', dismissible: true, status: 'published' as const },
      ...{ banner: { from: at(-24 * 90), until: at(-24 * days) }, revision: 1n, sequence: 0n },
      ...{
        createdAt: at(-24 * 90),
        createdBy: 'x',
        changedAt: at(-24 * 90),
        changedBy: 'x',
        requestHash: 'x',
      },
    })
    for (const [days, count] of [
      [20, 1],
      [40, 0],
    ] as const) {
      const { announcementId: id } = over(days)
      await createAnnouncementStore(database).create(over(days))
      for (const method of ['noteAnnouncementRead', 'dismissAnnouncement'] as const)
        expect((await client(method, id)).status).toBe(204)
      const { counts } = (await staff('readAnnouncement', { id })).body
      expect(counts).toMatchObject({ reads: count, dismissals: count })
    }
  })

  it('cannot dismiss what has to be seen', async () => {
    const id = await created(content({ dismissible: false }))
    expect((await client('dismissAnnouncement', id)).body.code).toBe('announcement_not_dismissible')
  })
})

describe('a sign-up', () => {
  const signUps = async (id: string) =>
    Number(((await staff('readAnnouncement', { id })).body.counts as ReplyBody).signUps)

  it('is one per person, shows the link to join by, and gives the place back', async () => {
    const id = await created(webinar())
    queued()
    const before = (await client('readOwnAnnouncement', id)).body.event as ReplyBody
    expect(before).toMatchObject({ takesSignUps: true, signedUp: false, accountTimeZone: 'Asia/Tokyo' })
    expect(before.link).toBeUndefined()
    const replies = await Promise.all([1, 2, 3].map(() => client('signUp', id)))
    for (const { status, body } of replies) {
      expect(status).toBe(200)
      expect(body.event).toMatchObject({ signedUp: true, link: 'https://meet.example.com/x' })
    }
    expect(await signUps(id)).toBe(1)
    expect(queued()).toContainEqual({ announcementId: id, signedUp: expect.any(String) })
    expect((await client('readEventFile', id)).text).toContain('meet.example.com')
    expect((await client('readEventFile', id, { email: 'person1@example.com' })).text).not.toContain('meet.')
    await Promise.all([1, 2].map(() => client('cancelSignUp', id)))
    expect((await client('cancelSignUp', id)).status).toBe(204)
    expect(await signUps(id)).toBe(0)
  })

  it('keeps the file with its link from whoever has left the account since', async () => {
    const id = await created(webinar())
    const email = 'leaves@example.com'
    const leaving = await world.open(['stays@example.com', email])
    const own = { email, accountId: leaving.accountId }
    expect((await client('signUp', id, own)).status).toBe(200)
    expect((await client('readEventFile', id, own)).text).toContain('meet.example.com')
    await world.members.remove(leaving.accountId, email, { at: at(0) })
    expect((await client('readEventFile', id, own)).status).toBe(404)
  })

  it('never takes more places than there are, and frees them one by one', async () => {
    const id = await created(webinar({ capacity: 5 }))
    const emails = Array.from({ length: 12 }, (_, index) => `person${index}@example.com`)
    const replies = await Promise.all(emails.map((email) => client('signUp', id, { email })))
    const taken = emails.filter((_, index) => replies[index]!.status === 200)
    const refused = (code: string) => replies.filter(({ body }) => String(body.code) === code).length
    // Whoever met too many others at once is told to ask again.
    expect(taken.length + refused('event_full') + refused('busy')).toBe(12)
    expect(taken.length).toBeLessThanOrEqual(5)
    expect(await signUps(id)).toBe(taken.length)
    for (const email of emails) await client('signUp', id, { email })
    expect(await signUps(id)).toBe(5)
    const [first] = taken as [string]
    await client('cancelSignUp', id, { email: first })
    const left = emails.find((email) => !taken.includes(email) && email !== first)!
    expect((await client('readOwnAnnouncement', id, { email: left })).body.event).toBeDefined()
    for (const email of emails.filter((one) => one !== first)) await client('signUp', id, { email })
    expect(await signUps(id)).toBe(5)
    expect((await client('signUp', id, { email: first })).body.code).toBe('event_full')
  })

  it('is for a webinar that is to come', async () => {
    const maintenance = await created(content({ event: { startsAt: at(1), endsAt: at(2), timeZone: 'UTC' } }))
    expect((await client('signUp', maintenance)).body.code).toBe('no_sign_ups')
    const over = await created(webinar({ startsAt: at(-2), endsAt: at(-1) }))
    expect((await client('signUp', over)).body.code).toBe('event_over')
  })

  it('is told of a change of the event, which calendars take for the same one; and not of other changes', async () => {
    const body = webinar()
    const id = await created(body)
    await client('signUp', id)
    queued()
    const change = (more: object, revision: number) =>
      staff('changeAnnouncement', { id, body: { ...body, ...more, revision } })
    expect((await change({ text: 'Other words' }, 1)).status).toBe(200)
    expect(queued()).toEqual([])
    const event = { ...(body as unknown as { event: object }).event, startsAt: at(72), endsAt: at(73) }
    expect((await change({ event }, 2)).status).toBe(200)
    expect(queued()).toEqual([{ announcementId: id, mailing: 'change-1' }])
    const { mailings } = (await staff('readAnnouncement', { id })).body
    expect(
      (mailings as unknown as { name: string; status: string }[]).map(({ name, status }) => [name, status]),
    ).toEqual([
      ['change-1', 'waiting'],
      ['reminder-1h-0', 'stopped'],
      ['reminder-1h-1', 'waiting'],
      ['reminder-24h-0', 'stopped'],
      ['reminder-24h-1', 'waiting'],
    ])
    const worker = world.worker({ clock: () => new Date() })
    worker.queue.push({ announcementId: id, mailing: 'change-1' })
    await worker.work()
    expect(worker.outbox.map(({ to, notice }) => [to, notice.subject])).toEqual([
      [ANN, 'Changed: Maintenance'],
    ])
    const file = await client('readEventFile', id)
    expect(file.headers['content-type']).toBe('text/calendar; charset=utf-8; method=PUBLISH')
    expect(file.text).toContain(`UID:${id}@drawdown`)
    expect(file.text).toContain('SEQUENCE:1')
    await staff('withdrawAnnouncement', { id })
    const cancelled = await client('readEventFile', id)
    expect(cancelled.text).toMatch(/METHOD:CANCEL[\s\S]*SEQUENCE:2/)
    expect((await client('readEventFile', id, { email: 'person1@example.com' })).status).toBe(404)
  })
})
