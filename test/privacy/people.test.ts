import type { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAnnouncementStore } from '../../functions/announcements/announcement.store.ts'
import type { Announcement } from '../../functions/announcements/announcement.ts'
import { createAnnouncementMails } from '../../functions/announcements/announcement-mail.store.ts'
import { createPersonStateStore } from '../../functions/announcements/person-state.store.ts'
import { createSignUpStore } from '../../functions/announcements/sign-up.store.ts'
import { createConsentStore } from '../../functions/consents/consent.store.ts'
import { personIdOf } from '../../functions/consents/person-key.ts'
import { createAddressStatusStore } from '../../functions/notices/address-status.store.ts'
import { createRetention } from '../../functions/privacy/apply-retention.store.ts'
import { typeOfItem } from '../../functions/privacy/item-types.ts'
import { createPeopleRetention } from '../../functions/privacy/retain-people.store.ts'
import { RETENTION_DAYS } from '../../functions/privacy/retention.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { NOW, ownerOf, startWorld, type World } from './privacy-world.ts'

let world: World
let consents: ReturnType<typeof createConsentStore>
let count = 0

beforeAll(async () => {
  world = await startWorld()
  consents = createConsentStore(world.database)
})
afterAll(() => world.stop())

const daysLater = (days: number) => new Date(Date.parse(NOW) + days * 86_400_000)
/** A day's run over all accounts and people. */
async function run(at: Date): Promise<void> {
  count += 1
  const retention = createRetention({ ...world.database, days: RETENTION_DAYS, pageItems: 2 })
  while (await retention.runPage(`${at.toISOString()}#${count}`, at));
}

/** A member of an account of its own, beside its owner. */
async function member() {
  const { accountId } = await world.open()
  const email = `marker.person@${accountId.slice(4)}.example.com`
  await world.members.add({ accountId, email, role: 'viewer', addedAt: NOW })
  return { accountId, email, personId: personIdOf(email) }
}

const leave = ({ accountId, email }: { accountId: string; email: string }, at: Date) =>
  world.members.remove(accountId, email, { at: at.toISOString() })

function decide(
  { email, personId }: { email: string; personId: string },
  decision: 'given' | 'withdrawn' = 'given',
  at = NOW,
  purpose: 'product_news' | 'webinars' = 'product_news',
) {
  const wording = { wording: 'News?', wordingVersion: '1', wordingSha256: 'x', pressed: 'Yes' }
  return consents.decide(personId, {
    ...{ purpose, decision, ...wording, at, channel: 'signed_in', email, subject: 'marker-subject' },
    ...{ sourceIp: '192.0.2.7', userAgent: 'Marker Browser 7' },
  })
}

/** A webinar of the twentieth day, with a banner until the day after. */
async function announce(more: Partial<Announcement> = {}): Promise<Announcement> {
  count += 1
  const created = await createAnnouncementStore(world.database).create({
    ...{ announcementId: `ann_retention${count}`, kind: 'webinar', audience: 'service', clientTypes: [] },
    ...{ title: 'A webinar', text: 'x', banner: { from: NOW, until: daysLater(21).toISOString() } },
    ...{ dismissible: true, status: 'published', revision: 1n, sequence: 0n, requestHash: 'x' },
    ...{ createdAt: NOW, createdBy: 'x', changedAt: NOW, changedBy: 'x' },
    event: {
      ...{ startsAt: daysLater(19).toISOString(), endsAt: daysLater(20).toISOString() },
      ...{ timeZone: 'UTC', link: 'https://meet.example.com/x' },
    },
    ...more,
  })
  if (!created.ok) throw new Error(created.reason)
  return created.announcement
}

type Person = Awaited<ReturnType<typeof member>>

async function takePart({ announcementId }: Announcement, { personId, email, accountId }: Person) {
  const signUps = createSignUpStore(world.database)
  const signedUp = await signUps.add({ announcementId, personId, email, accountId, at: NOW })
  expect(signedUp.ok).toBe(true)
  await createPersonStateStore(world.database).note({ announcementId, personId }, 'readAt', NOW)
  const claims = createAnnouncementMails(world.database)
  const mail = { announcementId, mail: 'news', personId }
  await claims.claim(mail, new Date(NOW))
  await claims.finish(mail, { state: 'sent', note: 'message-1', at: NOW }, true)
}

async function tellOnce({ accountId, email }: Person): Promise<void> {
  const notice = { accountId, noticeId: 'terms.published/terms/1', recipient: email, oncePerPerson: true }
  await world.notices.claim(notice, new Date(NOW))
  await world.notices.finish(notice, { state: 'sent', note: 'message-2', at: NOW })
}

const complain = ({ email }: Person, at = NOW) =>
  createAddressStatusStore(world.database).note({
    ...{ address: email, status: { state: 'complained', at }, sentAt: at },
  })

/** The kinds of items that hang on a person, or that say the address. */
async function kindsOf({ personId, email }: { personId: string; email: string }): Promise<string[]> {
  const told = (item: object) =>
    JSON.stringify(item, (_, value) => (typeof value === 'bigint' ? `${value}` : value))
  const found = (await world.allItems()).filter(({ item }) =>
    [personId, email].some((marker) => told(item).includes(marker)),
  )
  return [...new Set(found.map(({ table, item }) => typeOfItem(table, item)!.name))].sort()
}

/** What of the person’s consents still says who it was. */
async function evidenceOf({ personId }: { personId: string }): Promise<string[]> {
  const { current, history } = await consents.readAll(personId)
  return [...Object.values(current), ...history].flatMap(({ email, subject, signIn, sourceIp, userAgent }) =>
    [email, subject, signIn && 'sign-in', sourceIp, userAgent].filter(
      (said): said is string => said !== undefined && said !== '(erased)',
    ),
  )
}

describe('what hangs on a person', () => {
  it('ends by the days of the table and no sooner, of a member as of anybody', async () => {
    const person = await member()
    await takePart(await announce(), person)
    await tellOnce(person)
    const all = ['ANNOUNCEMENT_MAIL', 'ANNOUNCEMENT_SEEN', 'MEMBER', 'PERSON_NOTICE', 'SIGN_UP', 'TAKES_PART']
    expect(await kindsOf(person)).toEqual(all)
    // What was announced is over on the twentieth day, its banner a day later.
    await run(daysLater(20 + RETENTION_DAYS.announcements))
    expect(await kindsOf(person)).toEqual(all)
    await run(daysLater(22 + RETENTION_DAYS.announcements))
    expect(await kindsOf(person)).toEqual(['ANNOUNCEMENT_MAIL', 'MEMBER', 'PERSON_NOTICE'])
    await run(daysLater(RETENTION_DAYS.notices))
    expect(await kindsOf(person)).toEqual(['ANNOUNCEMENT_MAIL', 'MEMBER', 'PERSON_NOTICE'])
    await run(daysLater(RETENTION_DAYS.notices + 1))
    expect(await kindsOf(person)).toEqual(['MEMBER'])
  })

  it('leaves nothing of anybody in the end, whose account was closed and who never asked; missed days are made up for', async () => {
    const account = await world.open()
    const owner = { ...account, email: ownerOf(account), personId: personIdOf(ownerOf(account)) }
    const announcement = await announce()
    await takePart(announcement, owner)
    await tellOnce(owner)
    await complain(owner)
    await decide(owner)
    await world.statuses.change({
      ...{ accountId: account.accountId, status: 'closed', at: NOW, actor: 'person:x', reason: 'test' },
    })
    for (const year of [2, 20, 21]) await run(daysLater(365 * year))
    // That somebody consented, and withdrew with the end.
    expect(await kindsOf(owner)).toEqual(['CONSENT'])
    expect(await evidenceOf(owner)).toEqual([])
    const { history } = await consents.readAll(owner.personId)
    expect(history.map(({ decision, channel }) => [decision, channel])).toEqual([
      ['given', 'signed_in'],
      ['withdrawn', 'erasure'],
    ])
    // How many there were is known as before.
    const places = await createSignUpStore(world.database).readPlaces(announcement.announcementId)
    const counts = await createPersonStateStore(world.database).readCounts(announcement.announcementId)
    expect([places!.signedUpCount, counts.reads, counts.mailsSent]).toEqual([1n, 1n, 1n])
  })
})

describe('evidence of consents', () => {
  const { evidence } = RETENTION_DAYS

  it('stays while the person is a member of an account, another one than at first included', async () => {
    const [person, other] = [await member(), await member()]
    await decide(person)
    await world.members.add({
      ...{ accountId: other.accountId, email: person.email, role: 'viewer', addedAt: NOW },
    })
    await leave(person, daysLater(1))
    await run(daysLater(evidence * 3))
    expect(await consents.mayWrite(person.personId, 'product_news')).toBe(true)
    expect(await evidenceOf(person)).toContain(person.email)
    await leave({ ...other, email: person.email }, daysLater(evidence * 3))
    await run(daysLater(evidence * 4))
    expect(await evidenceOf(person)).toContain(person.email)
    await run(daysLater(evidence * 4 + 1))
    expect(await evidenceOf(person)).toEqual([])
    expect(await consents.mayWrite(person.personId, 'product_news')).toBe(false)
  })

  it('stays of somebody who left long ago and came back, and of whom something younger is known', async () => {
    const [back, recent] = [await member(), await member()]
    for (const person of [back, recent]) {
      await decide(person)
      await leave(person, daysLater(1))
    }
    await world.members.add({ ...back, role: 'viewer', addedAt: daysLater(2).toISOString() })
    await decide(recent, 'given', daysLater(30).toISOString(), 'webinars')
    await run(daysLater(evidence + 10))
    for (const person of [back, recent]) expect(await evidenceOf(person)).toContain(person.email)
  })

  it('ends of an address that was never a member’s', async () => {
    const email = 'marker.stranger@example.com'
    const stranger = { email, personId: personIdOf(email) }
    await decide(stranger)
    await run(daysLater(evidence + 1))
    expect(await evidenceOf(stranger)).toEqual([])
    expect(await kindsOf(stranger)).toEqual(['CONSENT'])
  })

  /** What of a day's run looks at consents. */
  const endConsents = (client: typeof world.client, at: Date) =>
    createPeopleRetention({ ...world.database, client, days: RETENTION_DAYS }).endPage(
      'CONSENT',
      undefined,
      at,
    )

  /** A client that does nothing any more once its process has died: the run goes on with the next where one fails. */
  function deadFrom(dying: typeof world.client) {
    let isDead = false
    const client = new Proxy(dying, {
      get(target, name) {
        if (name !== 'send') return Reflect.get(target, name)
        return async (command: Parameters<typeof target.send>[0]) => {
          if (isDead) throw new Died()
          return target.send(command).catch((error: unknown) => {
            isDead ||= error instanceof Died
            throw error
          })
        }
      },
    })
    return { client, isDead: () => isDead }
  }

  it.each([
    ['given', 'given'],
    ['given', 'withdrawn'],
    ['withdrawn', 'withdrawn'],
  ] as const)(
    'ends whichever write the run died at, by the next: news %s, webinars %s',
    async (news, webinars) => {
      for (let [atWrite, isOver] = [1, false]; !isOver; atWrite++) {
        for (const when of ['before', 'after'] as const) {
          const person = await member()
          await decide(person, 'given')
          await decide(person, news)
          await decide(person, webinars, NOW, 'webinars')
          await leave(person, daysLater(1))
          const dying = deadFrom(dyingClient(world.client, { atWrite, when }))
          await endConsents(dying.client, daysLater(evidence + 2))
          isOver = !dying.isDead()
          await endConsents(world.client, daysLater(evidence + 3))
          expect(await evidenceOf(person), `${when} write ${atWrite}`).toEqual([])
          for (const purpose of ['product_news', 'webinars'] as const)
            expect(await consents.mayWrite(person.personId, purpose), `${when} write ${atWrite}`).toBe(false)
          // Nobody is looked at again of whom nothing is known.
          const found = (await world.allItems()).filter(({ item }) => item.index1pk === 'KEPT#CONSENT')
          expect(found.map(({ item }) => item.pk)).not.toContain(`PERSON#${person.personId}`)
        }
      }
    },
  )

  it.each([
    ['given', 'is looked at', 'FORMER_MEMBER#'],
    ['given', 'ends', '(erased)'],
    ['withdrawn', 'is looked at', 'FORMER_MEMBER#'],
    ['withdrawn', 'ends', '(erased)'],
  ] as const)('takes nothing of what somebody who had %s gives while it %s', async (last, _, said) => {
    const person = await member()
    await decide(person)
    await decide(person, last)
    await leave(person, daysLater(1))
    const at = daysLater(evidence + 2)
    let isGivenMeanwhile = false
    const racing = interposedClient(world.client, async (command, send) => {
      const { ExpressionAttributeValues = {} } = (command as QueryCommand | UpdateCommand).input
      const values = Object.values(ExpressionAttributeValues).map(String)
      if (!isGivenMeanwhile && values.some((value) => value.startsWith(said))) {
        isGivenMeanwhile = true
        await world.members.add({ ...person, role: 'viewer', addedAt: at.toISOString() })
        await decide(person, 'withdrawn', at.toISOString())
        await decide(person, 'given', at.toISOString())
      }
      return send()
    })
    await endConsents(racing, at)
    expect(isGivenMeanwhile).toBe(true)
    const { current, history } = await consents.readAll(person.personId)
    for (const record of [current.product_news, history.at(-1)])
      expect(record).toMatchObject({ decision: 'given', email: person.email, sourceIp: '192.0.2.7' })
  })
})

describe('what is known of mail to an address', () => {
  const days = RETENTION_DAYS.undeliverable

  it('stays while the person is a member, and for its days after', async () => {
    const person = await member()
    await complain(person)
    const isKept = async () =>
      (await createAddressStatusStore(world.database).read([person.email])).size === 1
    await run(daysLater(days * 5))
    expect(await isKept()).toBe(true)
    await leave(person, daysLater(days * 5))
    await run(daysLater(days * 6))
    expect(await isKept()).toBe(true)
    await run(daysLater(days * 6 + 1))
    expect(await isKept()).toBe(false)
  })

  it('ends of an address that no account knows, cleared or not, and counts from the last that was noted', async () => {
    const addresses = createAddressStatusStore(world.database)
    const [noted, cleared, again] = ['noted', 'cleared', 'again'].map((name) => `${name}@letters.example.com`)
    const note = (address: string, at: string) =>
      addresses.note({ address, status: { state: 'bounced', at }, sentAt: at })
    for (const address of [noted!, cleared!, again!]) await note(address, NOW)
    await addresses.clear(cleared!, daysLater(1).toISOString())
    await note(again!, daysLater(10).toISOString())
    const left = async () => {
      const found = await Promise.all(
        [noted!, cleared!, again!].map((email) => kindsOf({ email, personId: personIdOf(email) })),
      )
      return found.map((kinds) => kinds.length)
    }
    await run(daysLater(days + 2))
    expect(await left()).toEqual([0, 0, 1])
    await run(daysLater(days + 11))
    expect(await left()).toEqual([0, 0, 0])
  })
})

describe('who takes part', () => {
  it('stays when what was announced is put off meanwhile, and until that is over', async () => {
    const person = await member()
    const announcement = await announce()
    await takePart(announcement, person)
    const signUps = createSignUpStore(world.database)
    const event = { ...announcement.event!, endsAt: daysLater(300).toISOString() }
    const change = { stopped: [], added: [], news: { action: 'keep' as const } }
    await createAnnouncementStore(world.database).apply({
      ...change,
      announcement: { ...announcement, event, revision: 2n, changedAt: NOW },
    })
    // By what was read before.
    expect(await signUps.forget(announcement, person.personId)).toBe(false)
    await run(daysLater(100))
    expect(await kindsOf(person)).toContain('SIGN_UP')
    await run(daysLater(301 + RETENTION_DAYS.announcements))
    expect(await kindsOf(person)).not.toContain('SIGN_UP')
  })

  it('of what was withdrawn ends its days after that', async () => {
    const person = await member()
    const announcement = await announce()
    await takePart(announcement, person)
    await createAnnouncementStore(world.database).apply({
      ...{ stopped: [], added: [], news: { action: 'keep' } },
      announcement: {
        ...announcement,
        ...{ status: 'withdrawn', revision: 2n, changedAt: daysLater(5).toISOString() },
      },
    })
    await run(daysLater(5 + RETENTION_DAYS.announcements))
    expect(await kindsOf(person)).toContain('SIGN_UP')
    await run(daysLater(6 + RETENTION_DAYS.announcements))
    expect(await kindsOf(person)).not.toContain('SIGN_UP')
    expect(await kindsOf(person)).not.toContain('ANNOUNCEMENT_SEEN')
  })
})
