import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestStack, type TestStack } from '../support/stack.ts'

type Account = Awaited<ReturnType<TestStack['openAccount']>>
type Consent = { purpose: string; decision: string; wordingSha256: string; revision: number }

let test: TestStack
let account: Account

beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-12-02T12:30:00.000Z' })
  account = await test.openAccount({ timeZone: 'Asia/Tokyo' })
})
afterAll(() => test?.stop())

const consent = async (): Promise<Consent> => {
  const { consents } = await account.owner.get<{ consents: Consent[] }>('/v1/me/consents')
  return consents.find(({ purpose }) => purpose === 'webinars')!
}
const mails = () =>
  test.stack.inbox
    .list()
    .filter(({ to }) => to.includes(account.ownerEmail))
    .toReversed()
const announce = async (title: string) => {
  const { announcementId } = await test.staff.send<{ announcementId: string }>(
    'POST',
    '/v1/staff/announcements',
    {
      body: {
        ...{ kind: 'webinar', audience: 'webinars', title, text: 'What changes, and **why**.' },
        ...{ banner: { from: '2026-12-01T00:00:00Z', until: '2026-12-03T15:00:00Z' } },
        email: { at: '2026-12-01T00:00:00Z' },
        event: {
          ...{ startsAt: '2026-12-03T15:00:00+01:00', endsAt: '2026-12-03T16:00:00+01:00' },
          ...{ timeZone: 'Europe/Berlin', link: 'https://meet.example.com/x' },
        },
      },
      idempotencyKey: title.replaceAll(' ', '-'),
    },
  )
  await test.stack.waitUntilIdle()
  return announcementId
}

it('a webinar is mailed to who asked for it, confirmed and reminded of with the file, until the link in the mail ends it', async () => {
  await announce('Nobody has asked')
  expect(mails()).toEqual([])
  const { wordingSha256, revision } = await consent()
  await account.owner.send('PUT', '/v1/me/consents/webinars', {
    body: { decision: 'given', wordingSha256, revision, pressed: 'Invite me' },
  })
  const announcementId = await announce('The new billing')
  expect(mails().map(({ subject }) => subject)).toEqual(['The new billing'])
  const invitation = (await test.stack.inbox.read(mails()[0]!.id))!.email
  const header = (name: string) => invitation.headers.find(({ key }) => key === name)?.value
  expect(header('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
  const link = /^<(.*)>$/.exec(header('list-unsubscribe')!)![1]!
  expect(invitation.text).toContain(link)

  const path = `/v1/accounts/${account.accountId}/announcements`
  const { announcements } = await account.owner.get<{ announcements: { title: string }[] }>(path)
  expect(announcements.map(({ title }) => title).sort()).toEqual(['Nobody has asked', 'The new billing'])
  await account.owner.send('POST', `${path}/${announcementId}/sign-ups`, {})
  await test.stack.waitUntilIdle()
  await test.stack.clock.advanceTo('2026-12-02T14:00:01.000Z')
  await test.stack.waitUntilIdle()
  expect(mails().map(({ at, subject }) => [at.slice(0, 16), subject])).toEqual([
    ['2026-12-02T12:30', 'The new billing'],
    ['2026-12-02T12:30', 'You are signed up: The new billing'],
    ['2026-12-02T14:00', 'Reminder: The new billing'],
  ])
  const { attachments, text } = (await test.stack.inbox.read(mails()[2]!.id))!.email
  expect(attachments).toMatchObject([{ filename: 'event.ics', mimeType: 'text/calendar' }])
  expect(text).toContain('In your time zone: 2026-12-03 23:00 to 2026-12-04 00:00 (Asia/Tokyo)')

  expect((await fetch(link)).status).toBe(200)
  expect(await consent()).toMatchObject({ decision: 'given' })
  const pressed = await fetch(link, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'List-Unsubscribe=One-Click',
  })
  expect(pressed.status).toBe(200)
  expect(await consent()).toMatchObject({ decision: 'withdrawn' })
  await announce('Not wanted any more')
  expect(mails()).toHaveLength(3)
  expect(await test.staff.get(`/v1/staff/announcements/${announcementId}`)).toMatchObject({
    counts: { mailsSent: 1, signUps: 1 },
  })
})
