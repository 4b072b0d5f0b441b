import { PutCommand, type QueryCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createAnnouncementStore } from '../../functions/announcements/announcement.store.ts'
import { createPersonStateStore } from '../../functions/announcements/person-state.store.ts'
import { createSignUpStore } from '../../functions/announcements/sign-up.store.ts'
import { createConsentStore } from '../../functions/consents/consent.store.ts'
import { personIdOf, personKey } from '../../functions/consents/person-key.ts'
import { createRetention } from '../../functions/privacy/apply-retention.store.ts'
import type { PrivacyRequest } from '../../functions/privacy/privacy-request.ts'
import { RETENTION_DAYS } from '../../functions/privacy/retention.ts'
import { createTending } from '../../functions/privacy/tend-requests.store.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { dyingClient } from '../plans/dying-client.ts'
import { AFTER_LEASE, CALLED, NOW, ownerOf, person, startWorld, UNIT, type World } from './privacy-world.ts'

let world: World
const now = () => new Date(NOW)
const daysLater = (days: number) => new Date(Date.parse(NOW) + days * 86_400_000)

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.stop())

const work = (request: PrivacyRequest, at = now()) =>
  world.workerWith().work(request.accountId, request.requestId, () => at)
const read = ({ accountId, requestId }: PrivacyRequest) => world.requests.read(accountId, requestId)
const tending = () =>
  createTending({ ...world.database, put: world.options.put, send: async (m) => void world.sent.push(...m) })
const retention = () => createRetention({ ...world.database, days: RETENTION_DAYS })

/** Where a text stands: item types and their attributes. */
async function placesOf(text: string, accountId: string): Promise<string[]> {
  const found: string[] = []
  for (const { table, item } of await world.allItems()) {
    if (
      !JSON.stringify(item, (_, value) => (typeof value === 'bigint' ? `${value}` : value)).includes(
        accountId,
      )
    )
      continue
    for (const [name, value] of Object.entries(item)) {
      const said =
        value instanceof Uint8Array
          ? ''
          : JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${v}` : v))
      if (said?.includes(text)) found.push(`${table} ${String(item.sk).split('#')[0]} ${name}`)
    }
  }
  return [...new Set(found)].sort()
}

/** Whether anything of an account still says what its usage said. */
async function usageDetailsOf(accountId: string): Promise<number> {
  const items = (await world.allItems()).filter(
    ({ item }) => item.accountId === accountId || String(item.pk).includes(accountId),
  )
  return items.filter(
    ({ item }) =>
      item.packed !== undefined || item.explanation !== undefined || item.contentHash !== undefined,
  ).length
}

async function leavingPerson(): Promise<{ account: Account; email: string }> {
  const account = await world.open({ plain: 1 })
  const email = `leaves@${account.accountId.slice(4)}.example.com`
  await world.members.add({ accountId: account.accountId, email, role: 'billing', addedAt: NOW })
  await world.accept(account.accountId, email)
  await world.notify(account.accountId, email)
  await world.notify(account.accountId, ownerOf(account))
  return { account, email }
}

describe('the erasure of a person', () => {
  it('leaves evidence of what was agreed to and nothing else, once the answer has been sent', async () => {
    const { account, email } = await leavingPerson()
    const { accountId } = account
    const request = await world.ask(account, 'erasure', person(email), { replyTo: email })
    expect(await work(request)).toBe('done')
    const told = world.events.at(-1)!
    expect(told).toMatchObject({ detailType: 'privacy.erased', detail: { requestId: request.requestId } })
    expect(JSON.stringify(told)).not.toContain(email)

    // Not before: the answer could not be sent.
    await tending().tendAll(now())
    expect((await read(request))!.replyTo).toBe(email)
    await world.notify(accountId, email, told.detail.id)
    await tending().tendAll(now())
    expect(await placesOf(email, accountId)).toEqual(['documents ACCEPTANCE email'])
    expect(await placesOf('Marker Browser', accountId)).toEqual([])
    expect((await world.members.remove(accountId, ownerOf(account), { at: NOW })).ok).toBe(false)

    // Late data: a notice that was under way when it was erased.
    await world.notify(accountId, email, 'event-late')
    await tending().tendAll(daysLater(16))
    expect(world.sent.at(-1)).toEqual({ accountId, requestId: request.requestId })
    expect(await work(request, daysLater(16))).toBe('done')
    const notices = (await world.allItems()).filter(({ item }) => String(item.sk).startsWith('NOTICE#'))
    const left = notices.filter(({ item }) => item.pk === `ACCOUNT#${accountId}`)
    expect(left).toHaveLength(1)
    await tending().tendAll(daysLater(17))
    const { subject, sweptAt } = (await read(request))!
    expect(subject).toMatchObject({ emailHash: '' })
    expect(sweptAt).toBeDefined()
    expect((await world.requests.listAll(true)).requests.map(({ requestId }) => requestId)).toContain(
      request.requestId,
    )
  })

  it('says what went, what stays, why, and until when', async () => {
    const { account, email } = await leavingPerson()
    const request = await world.ask(account, 'erasure', person(email))
    await work(request)
    const { answer, status, finishedAt } = (await read(request))!
    expect({ status, finishedAt }).toEqual({ status: 'done', finishedAt: NOW })
    const byOutcome = (outcome: string) => answer!.lines.filter((line) => line.outcome === outcome)
    expect(byOutcome('erased').map(({ count }) => count)).toEqual(['1', '1', '0'])
    for (const line of byOutcome('kept').filter(({ what }) => !what.startsWith('Consents')))
      expect(line).toMatchObject({ why: expect.stringMatching(/./), until: expect.stringMatching(/./) })
  })

  it('finishes whichever write its process died at, and says so once', async () => {
    for (let atWrite = 1; ; atWrite += 2) {
      for (const when of ['before', 'after'] as const) {
        const { account, email } = await leavingPerson()
        const request = await world.ask(account, 'erasure', person(email))
        const dying = world.workerWith({ client: dyingClient(world.client, { atWrite, when }) })
        const outcome = await dying.work(request.accountId, request.requestId, now).catch(() => 'died')
        if (outcome === 'done') return
        expect(await work(request, AFTER_LEASE)).toBe('done')
        expect(await placesOf('Marker Browser', account.accountId)).toEqual([])
        expect((await read(request))!.status).toBe('done')
        const ids = world.events.filter(
          ({ detail }) => 'requestId' in detail && detail.requestId === request.requestId,
        )
        expect(new Set(ids.map(({ detail }) => detail.id)).size).toBe(1)
      }
    }
  }, 120_000)

  it('withdraws what the person wanted to be written to about, with all accounts alone, and keeps that it was given', async () => {
    const { account, email } = await leavingPerson()
    const consents = createConsentStore(world.database)
    const personId = personIdOf(email)
    const said = {
      pressed: 'Yes',
      at: NOW,
      channel: 'signed_in' as const,
      email,
      userAgent: 'Marker Browser 7',
      subject: 'sub-of-one-who-leaves',
      signIn: { issuer: 'https://id.example.com', clientId: 'portal', at: NOW } as never,
    }
    const wording = { wording: 'News?', wordingVersion: '1', wordingSha256: 'x', sourceIp: '192.0.2.7' }
    await consents.decide(personId, { purpose: 'news' as never, decision: 'given', ...wording, ...said })
    const here = await world.ask(account, 'erasure', person(email))
    await work(here)
    expect(await consents.mayWrite(personId, 'news' as never)).toBe(true)
    await world.members.add({ accountId: account.accountId, email, role: 'viewer', addedAt: NOW })
    const more = { idempotencyKey: 'everywhere' }
    expect(await work(await world.ask(account, 'erasure', person(email, 'all_accounts'), more))).toBe('done')
    expect(await consents.mayWrite(personId, 'news' as never)).toBe(false)
    const { history } = await consents.readAll(personId)
    expect(history.map(({ decision }) => decision)).toEqual(['given', 'withdrawn'])
    for (const record of history) {
      expect([record.email, record.subject, record.signIn]).toEqual([undefined, undefined, undefined])
      expect(record).toMatchObject({ userAgent: '(erased)', sourceIp: '(erased)', wordingSha256: 'x' })
    }
    expect(history.map(({ channel }) => channel)).toEqual(['signed_in', 'erasure'])
  })

  it('leaves no address though the link of a mail, which withdraws, is pressed meanwhile', async () => {
    const { account, email } = await leavingPerson()
    const consents = createConsentStore(world.database)
    const personId = personIdOf(email)
    const shown = { wording: 'News?', wordingVersion: '1', wordingSha256: 'x', pressed: 'Yes', at: NOW }
    const decision = {
      ...shown,
      purpose: 'product_news' as const,
      sourceIp: '192.0.2.7',
      userAgent: 'Marker',
    }
    await consents.decide(personId, { ...decision, decision: 'given', channel: 'signed_in', email })
    let isPressed = false
    const client = interposedClient(world.client, async (command, send) => {
      const { Key } = (command as UpdateCommand).input
      if (command instanceof UpdateCommand && Key?.pk === personKey(personId) && !isPressed) {
        isPressed = true
        await consents.decide(personId, { ...decision, decision: 'withdrawn', channel: 'link' })
      }
      return send()
    })
    const request = await world.ask(account, 'erasure', person(email, 'all_accounts'))
    await world
      .workerWith({ client })
      .work(account.accountId, request.requestId, now)
      .catch(() => work(request, AFTER_LEASE))
    expect(isPressed).toBe(true)
    expect((await read(request))!.status).toBe('done')
    const { current, history } = await consents.readAll(personId)
    expect(history.map(({ channel }) => channel)).toEqual(['signed_in', 'link'])
    for (const record of [current.product_news, ...history])
      expect([record!.email, record!.sourceIp, record!.userAgent]).toEqual([
        undefined,
        '(erased)',
        '(erased)',
      ])
  })

  it('takes back what the person signed up for, and forgets what they read, with all accounts alone', async () => {
    const { account, email } = await leavingPerson()
    const [signUps, seen] = [createSignUpStore(world.database), createPersonStateStore(world.database)]
    const own = { announcementId: 'ann_leaving000', personId: personIdOf(email) }
    await createAnnouncementStore(world.database).create({
      ...{ announcementId: own.announcementId, kind: 'webinar', audience: 'service', clientTypes: [] },
      ...{ title: 'A webinar', text: 'x', banner: { from: NOW, until: daysLater(1).toISOString() } },
      ...{ dismissible: true, status: 'published', revision: 1n, sequence: 0n, requestHash: 'x' },
      ...{ createdAt: NOW, createdBy: 'x', changedAt: NOW, changedBy: 'x' },
      event: {
        ...{ startsAt: daysLater(1).toISOString(), endsAt: daysLater(2).toISOString() },
        ...{ timeZone: 'UTC', link: 'https://meet.example.com/x' },
      },
    })
    const taken = await signUps.add({ ...own, email, accountId: account.accountId, at: NOW })
    await seen.note(own, 'readAt', NOW)
    await work(await world.ask(account, 'erasure', person(email)))
    expect([taken.ok, await signUps.listOf(own.personId)]).toEqual([true, [own.announcementId]])
    await world.members.add({ accountId: account.accountId, email, role: 'viewer', addedAt: NOW })
    const more = { idempotencyKey: 'everywhere' }
    expect(await work(await world.ask(account, 'erasure', person(email, 'all_accounts'), more))).toBe('done')
    expect(await signUps.listOf(own.personId)).toEqual([])
    expect(await signUps.read(own.announcementId, own.personId)).toBeUndefined()
    expect((await signUps.readPlaces(own.announcementId))?.signedUpCount).toBe(0n)
    expect(await seen.read(own.announcementId, own.personId)).toEqual({})
    expect(await seen.readCounts(own.announcementId)).toMatchObject({ reads: 1n })
  })

  it('is not brought back by what was under way: a notice that is being sent, an export that is being written', async () => {
    const { account, email } = await leavingPerson()
    const { accountId } = account
    const notice = { accountId, noticeId: 'under-way', recipient: email }
    expect(await world.notices.claim(notice, now())).toBe('yours')
    const export_ = await world.ask(account, 'export', person(email), { idempotencyKey: 'export' })
    const erasure = await world.ask(account, 'erasure', person(email))
    const writing = world.workerWith({
      put: async () => {
        // It is erased just before its export would be done.
        expect(await work(erasure)).toBe('done')
      },
    })
    expect(await writing.work(accountId, export_.requestId, now)).toBe('elsewhere')
    await world.notices.finish(notice, { state: 'sent', note: 'message', at: NOW })
    const left = (await world.allItems()).filter(({ item }) => item.pk === `ACCOUNT#${accountId}`)
    expect(left.filter(({ item }) => String(item.sk).startsWith('NOTICE#'))).toHaveLength(1)
    expect(await world.bucket.sizeOf(`exports/${accountId}/${export_.requestId}.zip`)).toBeUndefined()
    const { status, export: file } = (await read(export_))!
    expect({ status, file }).toEqual({ status: 'done', file: undefined })
    expect(await placesOf(email, accountId)).toEqual(['documents ACCEPTANCE email'])
  })

  it('takes the browser from all evidence, however many pages of the database it fills', async () => {
    const { account, email } = await leavingPerson()
    for (let number = 0; number < 22; number++) {
      const Item = {
        ...{
          pk: `ACCOUNT#${account.accountId}`,
          sk: `ACCEPTANCE#terms#${number}#s`,
          accountId: account.accountId,
        },
        ...{ email, userAgent: 'Marker Browser 7', pressed: 'x'.repeat(50_000) },
      }
      await world.client.send(new PutCommand({ TableName: world.database.documentsTable, Item }))
    }
    const request = await world.ask(account, 'erasure', person(email))
    expect(await work(request)).toBe('done')
    expect((await read(request))!.progress.counts.evidence).toBe(23n)
  })

  it('takes the browser from evidence under an address that the person had before', async () => {
    const { account, email } = await leavingPerson()
    await world.accept(account.accountId, 'before@example.com')
    const { subjects } = person('before@example.com') as { subjects: string[] }
    const subject = { ...person(email), subjects } as PrivacyRequest['subject']
    expect(await work(await world.ask(account, 'erasure', subject))).toBe('done')
    expect(await placesOf('Marker Browser', account.accountId)).toEqual([])
  })

  it('goes to what is left in accounts that the person was removed from, with all accounts', async () => {
    const [{ account, email }, former] = [await leavingPerson(), await world.open()]
    await world.members.add({ accountId: former.accountId, email, role: 'billing', addedAt: NOW })
    await world.accept(former.accountId, email)
    await world.members.remove(former.accountId, email, { at: NOW })
    const subject = person(email, 'all_accounts')
    const exported = await world.ask(account, 'export', subject, { idempotencyKey: 'export' })
    expect(await work(exported)).toBe('done')
    const names = Object.keys(await world.fetchArchive(exported))
    expect(names).toContain(`${former.accountId}/terms-answers-0001.json`)
    expect(await work(await world.ask(account, 'erasure', subject))).toBe('done')
    expect(await placesOf('Marker Browser', former.accountId)).toEqual([])
    const { statuses } = world
    const by = { at: NOW, actor: 'person:x', reason: 'test' }
    await statuses.change({ accountId: former.accountId, status: 'closed', ...by })
    expect(await placesOf('FORMER_MEMBER', former.accountId)).not.toEqual([])
    await retention().applyTo(former.accountId, daysLater(RETENTION_DAYS.evidence + 1))
    expect(await placesOf('FORMER_MEMBER', former.accountId)).toEqual([])
  })

  it('takes back a sign-up that was under way, and none of somebody who is a member again', async () => {
    const [gone, back] = [await leavingPerson(), await leavingPerson()]
    const signUps = createSignUpStore(world.database)
    const announcementId = 'ann_latecomer00'
    await createAnnouncementStore(world.database).create({
      ...{ announcementId, kind: 'webinar', audience: 'service', clientTypes: [] },
      ...{ title: 'A webinar', text: 'x', banner: { from: NOW, until: daysLater(20).toISOString() } },
      ...{ dismissible: true, status: 'published', revision: 1n, sequence: 0n, requestHash: 'x' },
      ...{ createdAt: NOW, createdBy: 'x', changedAt: NOW, changedBy: 'x' },
      event: {
        ...{ startsAt: daysLater(20).toISOString(), endsAt: daysLater(21).toISOString() },
        ...{ timeZone: 'UTC', link: 'https://meet.example.com/x' },
      },
    })
    for (const { account, email } of [gone, back]) {
      const request = await world.ask(account, 'erasure', person(email, 'all_accounts'))
      expect(await work(request)).toBe('done')
      const { accountId } = account
      const signUp = { announcementId, personId: personIdOf(email), email, accountId, at: NOW }
      expect((await signUps.add(signUp)).ok).toBe(true)
      if (email === back.email) await world.members.add({ accountId, email, role: 'viewer', addedAt: NOW })
      expect(await work(request, daysLater(16))).toBe('done')
    }
    expect(await signUps.listOf(personIdOf(gone.email))).toEqual([])
    expect(await signUps.listOf(personIdOf(back.email))).toEqual([announcementId])
  })

  it('forgets how it came, with its answer, and names what stays of the person’s mail', async () => {
    const { account, email } = await leavingPerson()
    const order = {
      ...({
        account,
        kind: 'erasure',
        subject: person(email),
        origin: 'staff',
        askedBy: 'person:staff',
      } as const),
      ...{ replyTo: email, note: 'A letter of Marker Street 1', receivedAt: NOW, idempotencyKey: 'letter' },
    }
    const request = await world.asking.ask(order, now())
    await work(request)
    await tending().tendAll(daysLater(16))
    const { note, replyTo, answer } = (await read(request))!
    expect([note, replyTo]).toEqual([undefined, undefined])
    expect(answer!.lines.map(({ what }) => what).join()).toContain('came back or was called spam')
  })

  it('removes what an unfinished export of the person has left in the bucket', async () => {
    const { account, email } = await leavingPerson()
    const export_ = await world.ask(account, 'export', person(email), { idempotencyKey: 'export' })
    const { accountId, requestId } = export_
    let steps = 0
    const small = world.workerWith({ pageItems: 1, mostPages: 1, partBytes: 1 })
    expect(await small.work(accountId, requestId, now, () => steps++ >= 3)).toBe('more')
    const state = (await read(export_))!.progress.cursor!
    const { uploadId } = JSON.parse((await world.bucket.readText(state))!)
    await work(await world.ask(account, 'erasure', person(email)))
    expect(await world.filesOf(export_)).toEqual([])
    const key = `exports/${accountId}/${requestId}.zip`
    expect(await world.bucket.addPart(key, uploadId, 1, Buffer.from('x'))).toBeUndefined()
  })

  it('waits while the person is the only owner by then, and goes on when somebody else is', async () => {
    const { account, email } = await leavingPerson()
    const { accountId } = account
    const alone = world.ask(account, 'erasure', person(ownerOf(account)))
    await expect(alone).rejects.toMatchObject({ code: 'last_owner' })
    await world.members.change(accountId, email, 'owner')
    const request = await world.ask(account, 'erasure', person(ownerOf(account)))
    // The other owner goes meanwhile.
    await world.members.remove(accountId, email, { at: NOW })
    expect(await work(request)).toBe('blocked')
    expect((await read(request))!.blockedBy).toContain('only owner')
    await world.members.add({ accountId, email, role: 'owner', addedAt: NOW })
    expect(await work(request)).toBe('done')
  })
})

describe('the erasure of an account', () => {
  it('leaves books that prove, and nothing of people and of whom they called', async () => {
    const account = await world.open({ plain: 3, numbered: 4 })
    const { accountId } = account
    await world.accept(accountId, ownerOf(account))
    await world.notify(accountId, ownerOf(account))
    const before = await world.ledger.readHead(accountId)
    expect(await usageDetailsOf(accountId)).toBeGreaterThan(0)
    const request = await world.ask(account, 'erasure')
    expect(await work(request)).toBe('done')

    expect(await world.faultsOf(accountId)).toEqual([])
    const head = await world.ledger.readHead(accountId)
    expect(head).toMatchObject({ status: 'closed', tip: before!.tip, sequence: before!.sequence })
    expect(await usageDetailsOf(accountId)).toBe(0)
    expect(await placesOf(account.name, accountId)).toEqual([])
    expect(await placesOf(CALLED, accountId)).toEqual([])
    // A repeat of an event whose marker was emptied is still known, and charged to nobody.
    await world.use(accountId, { plain: 3, numbered: 4 })
    expect((await world.ledger.readHead(accountId))!.sequence).toBe(before!.sequence)
  })

  it('erases what still comes, by the day', async () => {
    const account = await world.open({ numbered: 2 })
    const { accountId } = account
    await work(await world.ask(account, 'erasure'))
    await world.use(accountId, { plain: 2, numbered: 2, from: 3 })
    expect(await usageDetailsOf(accountId)).toBeGreaterThan(0)
    await retention().applyTo(accountId, daysLater(1))
    expect(await usageDetailsOf(accountId)).toBe(0)
    expect(await world.faultsOf(accountId)).toEqual([])
  })

  it('touches nothing of an account that is open again: it waits, and late data is not looked for', async () => {
    const by = { at: NOW, actor: 'person:x', reason: 'test' }
    const reopen = ({ accountId }: Account) => world.statuses.change({ accountId, status: 'open', ...by })
    const livesIn = async ({ accountId }: Account) =>
      (await world.allItems()).some(
        ({ item }) => item.pk === `ACCOUNT#${accountId}` && item.sk === 'MEMBER#again@example.com',
      )
    const [half, whole] = [await world.open(), await world.open()]
    const requests = [await world.ask(half, 'erasure'), await world.ask(whole, 'erasure')] as const
    let steps = 0
    await world.workerWith().work(half.accountId, requests[0].requestId, now, () => steps++ >= 1)
    expect(await work(requests[1])).toBe('done')
    for (const account of [half, whole]) {
      await reopen(account)
      const { accountId } = account
      await world.members.add({ accountId, email: 'again@example.com', role: 'viewer', addedAt: NOW })
    }
    expect(await work(requests[0])).toBe('blocked')
    expect((await read(requests[0]))!.blockedBy).toContain('open again')
    await work(requests[1], daysLater(16))
    expect([await livesIn(half), await livesIn(whole)]).toEqual([true, true])
  })

  it('is refused while there is credit, and says how it gets out', async () => {
    const account = await world.open({ credits: 3n })
    const refused = world.ask(account, 'erasure')
    await expect(refused).rejects.toMatchObject({
      code: 'account_not_empty',
      extra: { available: { amount: '3.00', currency: 'USD' } },
    })
    expect((await world.ledger.readHead(account.accountId))!.status).toBe('open')
  })

  it('and a charge that runs meanwhile: one of them is first, and the books prove', async () => {
    for (let round = 0; round < 5; round++) {
      const account = await world.open({ credits: 1n })
      const { accountId } = account
      const erase = async (): Promise<PrivacyRequest> => world.ask(account, 'erasure').catch(() => erase())
      const [request] = await Promise.all([erase(), world.charge(accountId, 'last')])
      const charged = world.charge(accountId, 'after')
      expect(await Promise.all([work(request), charged.then(({ ok }) => ok)])).toEqual(['done', false])
      expect(await world.faultsOf(accountId)).toEqual([])
      expect(await world.ledger.readHead(accountId)).toMatchObject({ status: 'closed', sequence: 2n })
    }
  })

  it('finishes whichever write its process died at', async () => {
    for (let atWrite = 1; ; atWrite += 2) {
      const account = await world.open({ plain: 1, numbered: 2 })
      await world.accept(account.accountId, ownerOf(account))
      const request = await world.ask(account, 'erasure')
      const dying = world.workerWith({ client: dyingClient(world.client, { atWrite, when: 'after' }) })
      const outcome = await dying.work(request.accountId, request.requestId, now).catch(() => 'died')
      if (outcome === 'done') return
      expect(await work(request, AFTER_LEASE)).toBe('done')
      expect(await usageDetailsOf(account.accountId)).toBe(0)
      expect(await world.faultsOf(account.accountId)).toEqual([])
    }
  }, 120_000)
})

describe('retention', () => {
  it('ends what usage said after its days and no sooner, and the chain proves', async () => {
    const { accountId } = await world.open({ plain: 2, numbered: 3 })
    expect(await retention().applyTo(accountId, daysLater(RETENTION_DAYS.usage))).toBe(0n)
    const before = await usageDetailsOf(accountId)
    expect(before).toBe(3)
    expect(await retention().applyTo(accountId, daysLater(RETENTION_DAYS.usage + 1))).toBe(3n)
    expect(await usageDetailsOf(accountId)).toBe(0)
    expect(await world.faultsOf(accountId)).toEqual([])
    expect(await retention().applyTo(accountId, daysLater(RETENTION_DAYS.usage + 2))).toBe(0n)
  })

  it('goes through all accounts page by page and once a day, and one that fails holds up no other', async () => {
    const { accountId } = await world.open({ plain: 1 })
    await world.notify(accountId, 'x@example.com')
    const at = daysLater(RETENTION_DAYS.notices + 1)
    const day = at.toISOString().slice(0, 10)
    const dying = createRetention({
      ...world.database,
      ...{
        client: dyingClient(world.client, { atWrite: 1, when: 'after' }),
        days: RETENTION_DAYS,
        pageAccounts: 1,
      },
    })
    const paged = createRetention({ ...world.database, days: RETENTION_DAYS, pageAccounts: 1 })
    // It fails on an account, which has its turn the next day, or dies before it says how far it came.
    await dying.runPage(day, at).catch(() => undefined)
    while (await paged.runPage(day, at));
    const nextDay = new Date(at.getTime() + 86_400_000)
    while (await paged.runPage(nextDay.toISOString().slice(0, 10), nextDay));
    const left = (await world.allItems()).filter(({ item }) => String(item.sk).startsWith('NOTICE#'))
    expect(left).toEqual([])
    expect(await paged.runPage(day, at)).toBe(false)
    expect(await world.faultsOf(accountId)).toEqual([])
  })

  it('ends people and evidence of an account that was closed long ago, and not of one that is open', async () => {
    const [closed, open] = [await world.open({ plain: 1 }), await world.open()]
    for (const account of [closed, open]) await world.accept(account.accountId, ownerOf(account))
    const by = { at: NOW, actor: 'person:x', reason: 'test' }
    await world.statuses.change({ accountId: closed.accountId, status: 'closed', ...by })
    await retention().applyTo(closed.accountId, daysLater(RETENTION_DAYS.closedMembers + 1))
    expect(await placesOf(ownerOf(closed), closed.accountId)).toEqual(['documents ACCEPTANCE email'])
    for (const account of [closed, open])
      await retention().applyTo(account.accountId, daysLater(RETENTION_DAYS.evidence + 1))
    expect(await placesOf(ownerOf(closed), closed.accountId)).toEqual([])
    expect(await placesOf(ownerOf(open), open.accountId)).not.toEqual([])
  })

  it('counts no member whose removal found no turn, and removes them the next day', async () => {
    const { accountId } = await world.open()
    const by = { at: NOW, actor: 'person:x', reason: 'test' }
    await world.statuses.change({ accountId, status: 'closed', ...by })
    const client = interposedClient(world.client, async (command, send) => {
      if (command instanceof TransactWriteCommand)
        throw Object.assign(new Error('too many'), { name: 'ThrottlingException' })
      return send()
    })
    const busy = createRetention({ ...world.database, client, days: RETENTION_DAYS })
    expect(await busy.applyTo(accountId, daysLater(RETENTION_DAYS.closedMembers + 1))).toBe(0n)
    expect(await retention().applyTo(accountId, daysLater(RETENTION_DAYS.closedMembers + 2))).toBe(1n)
    expect(await placesOf(ownerOf({ accountId }), accountId)).toEqual([])
  })

  it.each([
    ['its notices end', 'NOTICE#', ['documents ACCEPTANCE email', 'documents MEMBER email']],
    ['its members end', 'MEMBER#', ['documents ACCEPTANCE email']],
  ])('leaves what is left of an account that is opened again while %s', async (_, prefix, left) => {
    const { accountId } = await world.open()
    await world.accept(accountId, ownerOf({ accountId }))
    const by = { at: NOW, actor: 'person:x', reason: 'test' }
    await world.statuses.change({ accountId, status: 'closed', ...by })
    let isOpened = false
    const client = interposedClient(world.client, async (command, send) => {
      const { ExpressionAttributeValues = {} } = (command as QueryCommand).input
      if (!isOpened && ExpressionAttributeValues[':prefix'] === prefix) {
        isOpened = true
        await world.statuses.change({ accountId, status: 'open', ...by })
      }
      return send()
    })
    const applying = createRetention({ ...world.database, client, days: RETENTION_DAYS })
    await applying.applyTo(accountId, daysLater(RETENTION_DAYS.evidence + 1))
    expect(isOpened).toBe(true)
    expect(
      (await placesOf(ownerOf({ accountId }), accountId)).filter((place) => / email$/.test(place)),
    ).toEqual(left)
  })
})

describe('deadlines', () => {
  it('that are extended are told to who asked, once, with the reason', async () => {
    const account = await world.open()
    const request = await world.ask(account, 'export')
    const extension = { reason: 'Three accounts', at: NOW, by: 'person:staff' }
    await world.requests.replace(request, { ...request, extension, dueAt: '2027-02-23T12:00:00.000Z' })
    for (const at of [now(), now(), daysLater(1)]) await tending().tendAll(at)
    const told = world.events.filter(
      ({ detailType, detail }) => detailType === 'privacy.extended' && detail.requestId === request.requestId,
    )
    expect(told).toMatchObject([{ detail: { reason: 'Three accounts', dueAt: '2027-02-23T12:00:00.000Z' } }])
  })

  it('are told once to staff, a week before', async () => {
    const account = await world.open({ credits: 1n })
    const request = await world.ask(account, 'export')
    expect(request.dueAt).toBe('2026-12-23T12:00:00.000Z')
    const told = () =>
      world.events.filter(
        ({ detailType, detail }) =>
          detailType === 'privacy.deadline_near' && detail.requestId === request.requestId,
      )
    await tending().tendAll(daysLater(22))
    expect(told()).toHaveLength(0)
    await tending().tendAll(daysLater(24))
    await tending().tendAll(daysLater(25))
    expect(told()).toHaveLength(1)
    expect(world.sent.at(-1)).toMatchObject({ requestId: expect.any(String) })
    expect(await world.ledger.readHead(account.accountId)).toMatchObject({ availableMicros: UNIT })
  })
})
