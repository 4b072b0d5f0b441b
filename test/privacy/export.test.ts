import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createConsentStore } from '../../functions/consents/consent.store.ts'
import { personIdOf } from '../../functions/consents/person-key.ts'
import { createAddressStatusStore } from '../../functions/notices/address-status.store.ts'
import { presentItem } from '../../functions/privacy/present-item.ts'
import { presentRequest } from '../../functions/privacy/present-request.ts'
import { subjectOfPerson } from '../../functions/privacy/read-subject.ts'
import {
  AFTER_LEASE,
  CALLED,
  dyingBucket,
  NOW,
  ownerOf,
  person,
  startWorld,
  type World,
} from './privacy-world.ts'

let world: World
const now = () => new Date(NOW)
const later = () => AFTER_LEASE

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.stop())

const jsonOf = (files: Record<string, string>, name: RegExp) =>
  Object.entries(files).flatMap(([file, text]) => (name.test(file) ? JSON.parse(text) : []))

describe('an export of an account', () => {
  it('has everything that is held, twice: as JSON and as CSV, with a text that explains it', async () => {
    const account = await world.open({ plain: 3, numbered: 4, credits: 2n })
    const { accountId } = account
    await world.accept(accountId, ownerOf(account))
    await world.notify(accountId, ownerOf(account))
    const request = await world.ask(account, 'export')
    expect(world.sent.at(-1)).toEqual({ accountId, requestId: request.requestId })
    expect(await world.workerWith().work(accountId, request.requestId, now)).toBe('done')

    const files = await world.fetchArchive(request)
    const names = [...new Set(Object.keys(files).map((file) => file.replace(/^.*\/|-\d{4}\..*$/g, '')))]
    expect(names.sort()).toEqual(
      [
        ...['README.txt', 'account', 'balance', 'members', 'notices', 'privacy-records', 'privacy-requests'],
        ...['terms-answers', 'transactions', 'usage', 'usage-sources'],
      ].sort(),
    )
    for (const file of Object.keys(files).filter((name) => name.endsWith('.json')))
      expect(files[file.replace(/json$/, 'csv')]!.trim().split('\r\n')).toHaveLength(
        JSON.parse(files[file]!).length + 1,
      )
    expect(jsonOf(files, /transactions-.*json/)).toHaveLength(3)
    const uses = jsonOf(files, /\/usage-0.*json/)
    expect(uses).toHaveLength(7)
    expect(jsonOf(files, /members-.*json/)).toMatchObject([{ email: ownerOf(account), role: 'owner' }])
    expect(files['README.txt']).toContain(accountId)
    expect(world.events.at(-1)).toMatchObject({
      detailType: 'privacy.export_ready',
      detail: { accountId, requestId: request.requestId, downloadUrl: expect.stringContaining(accountId) },
    })
  })

  it('has every line exactly once wherever its writers died, and says so once', async () => {
    const small = { groupBytes: 400, partBytes: 400, pageItems: 2, mostPages: 3 }
    for (let atCall = 1; atCall <= 60; atCall += 6) {
      for (const when of ['before', 'after'] as const) {
        const account = await world.open({ plain: 4 })
        const { requestId, accountId } = await world.ask(account, 'export')
        const exports = dyingBucket(world.bucket, { atCall, when })
        const dying = world.workerWith({ ...small, exports })
        const outcome = await dying.work(accountId, requestId, now).catch(() => 'died')
        if (outcome === 'died') {
          expect(await world.workerWith(small).work(accountId, requestId, later)).toBe('done')
        } else expect(outcome).toBe('done')
        const files = await world.fetchArchive({ accountId, requestId } as never)
        const numbers = jsonOf(files, /transactions-.*json/).map(({ sequence }) => sequence)
        expect(numbers).toEqual([1, 2])
        expect(jsonOf(files, /\/usage-0.*json/)).toHaveLength(4)
        if (outcome === 'done') return
      }
    }
  }, 60_000)

  it('is written by one of two workers at a time', async () => {
    const account = await world.open({ plain: 2 })
    const { accountId, requestId } = await world.ask(account, 'export')
    const both = [world.workerWith(), world.workerWith()].map((worker) =>
      worker.work(accountId, requestId, now),
    )
    expect((await Promise.all(both)).sort()).toEqual(['done', 'elsewhere'])
    expect(await world.workerWith().work(accountId, requestId, now)).toBe('done')
    const ready = world.events.filter(({ detail }) => 'requestId' in detail && detail.requestId === requestId)
    expect(ready).toHaveLength(1)
  })

  it('is one request, however often and at once it is asked for', async () => {
    const account = await world.open()
    const asked = await Promise.all([1, 2, 3].map(() => world.ask(account, 'export')))
    expect(new Set(asked.map(({ requestId }) => requestId)).size).toBe(1)
    const other = world.ask(account, 'export', undefined, { idempotencyKey: 'key-2' })
    await expect(other).rejects.toMatchObject({ code: 'privacy_request_open' })
    const reused = world.ask(account, 'export', person(ownerOf(account)))
    await expect(reused).rejects.toMatchObject({ code: 'idempotency_key_reused' })
  })
})

describe('an export of a person', () => {
  it('goes on page by page through a history that says little of the person, wherever a worker’s time was over', async () => {
    const account = await world.open({ plain: 6 })
    const { accountId } = account
    const email = 'little@example.com'
    await world.members.add({ accountId, email, role: 'viewer', addedAt: NOW })
    const { requestId } = await world.ask(account, 'export', person(email), { replyTo: email })
    const slow = world.workerWith({ pageItems: 1, mostPages: 1 })
    let outcome = 'more'
    for (let turns = 0; outcome === 'more'; turns++) {
      let steps = 0
      outcome = await slow.work(accountId, requestId, now, () => steps++ > 0)
      if (turns > 100) throw new Error('it does not end')
    }
    expect(outcome).toBe('done')
    const files = await world.fetchArchive({ accountId, requestId } as never)
    expect(jsonOf(files, /members-.*json/)).toMatchObject([{ email }])
    expect(files['README.txt']).toContain(email)
  })

  it('has what concerns that person in all of their accounts, and nothing of others', async () => {
    const [one, two] = [await world.open({ plain: 1 }), await world.open()]
    const email = 'both@example.com'
    for (const { accountId } of [one, two]) {
      await world.members.add({ accountId, email, role: 'viewer', addedAt: NOW })
      await world.accept(accountId, email)
    }
    await world.notify(one.accountId, email)
    await world.notify(one.accountId, ownerOf(one))
    const { requestId } = await world.ask(one, 'export', person(email, 'all_accounts'), { replyTo: email })
    await world.workerWith().work(one.accountId, requestId, now)
    const files = await world.fetchArchive({ accountId: one.accountId, requestId } as never)
    const all = Object.values(files).join('\n')
    expect(jsonOf(files, /members-.*json/)).toHaveLength(2)
    expect(jsonOf(files, /terms-answers-.*json/)).toHaveLength(2)
    expect(jsonOf(files, /notices-.*json/)).toHaveLength(1)
    expect(all).not.toContain(ownerOf(one))
    expect(all).not.toContain(CALLED)
  })

  it('of one account has nothing that hangs on the person: its owner may ask for anybody there', async () => {
    const [own, foreign] = [await world.open(), await world.open()]
    const email = ownerOf(foreign)
    await createConsentStore(world.database).decide(personIdOf(email), {
      ...{ purpose: 'product_news', decision: 'given', pressed: 'Yes', at: NOW, channel: 'signed_in' },
      ...{ wording: 'News?', wordingVersion: '1', wordingSha256: 'x', email },
      ...{ subject: 'sub-of-another', sourceIp: '192.0.2.7', userAgent: 'Marker Browser 7' },
    })
    const archiveOf = async (scope: 'this_account' | 'all_accounts') => {
      const order = { idempotencyKey: scope }
      const request = await world.ask(own, 'export', person(email, scope), order)
      await world.workerWith().work(own.accountId, request.requestId, now)
      return Object.values(await world.fetchArchive(request)).join('\n')
    }
    const ofOwners = await archiveOf('this_account')
    for (const said of ['192.0.2.7', 'sub-of-another', 'Marker Browser', foreign.accountId])
      expect(ofOwners).not.toContain(said)
    expect(await archiveOf('all_accounts')).toContain('192.0.2.7')
  })

  it('says that mail to the person came back, and what they were told once for all accounts', async () => {
    const account = await world.open()
    const { accountId } = account
    const email = 'bounced@example.com'
    await world.members.add({ accountId, email, role: 'billing', addedAt: NOW })
    const status = { state: 'complained' as const, at: NOW }
    await createAddressStatusStore(world.database).note({ address: email, status, sentAt: NOW } as never)
    const noticeId = 'terms.published/x/1'
    await world.notices.claim({ accountId, noticeId, recipient: email, oncePerPerson: true }, now())
    const request = await world.ask(account, 'export', person(email, 'all_accounts'), { replyTo: email })
    await world.workerWith().work(accountId, request.requestId, now)
    const files = await world.fetchArchive(request)
    expect(jsonOf(files, /email-status-.*json/)).toMatchObject([{ state: 'complained' }])
    expect(jsonOf(files, /notices-.*json/)).toMatchObject([{ noticeId }])
  })

  it('has what the person did by a sign-in that another of their accounts alone knows', async () => {
    const [one, two] = [await world.open(), await world.open()]
    const email = 'second@example.com'
    for (const { accountId } of [one, two])
      await world.members.add({ accountId, email, role: 'billing', addedAt: NOW })
    await world.accept(two.accountId, email)
    const { subjects } = person(email) as { subjects: string[] }
    const topUp = { topUpId: 'top_1', actor: `person:${subjects[0]}` }
    const Item = { pk: `ACCOUNT#${one.accountId}`, sk: 'TOP_UP#top_1', ...topUp }
    await world.client.send(new PutCommand({ TableName: world.database.paymentsTable, Item }))
    const subject = subjectOfPerson(email, 'all_accounts', [])
    const request = await world.ask(one, 'export', subject, { replyTo: email })
    await world.workerWith().work(one.accountId, request.requestId, now)
    expect(jsonOf(await world.fetchArchive(request), /top-ups-.*json/)).toMatchObject([topUp])
  })

  it('leaves nothing in the bucket but the archive', async () => {
    const account = await world.open({ plain: 2 })
    const request = await world.ask(account, 'export')
    const small = world.workerWith({ pageItems: 1, mostPages: 1, groupBytes: 100, partBytes: 100 })
    expect(await small.work(account.accountId, request.requestId, now)).toBe('done')
    expect(await world.filesOf(request)).toEqual(['.zip'])
  })

  it('keeps what a client itself has named like a key of ours', () => {
    const attributes = { pk: CALLED, progress: 'called', revision: 'x' }
    const item = { pk: 'ACCOUNT#a', sk: 'HOLD#1', revision: 1n, use: { attributes } }
    expect(presentItem('documents', item)?.rows).toEqual([{ use: { attributes } }])
  })

  it('names no other account of a person to the owners of one', async () => {
    const [one, two] = [await world.open(), await world.open()]
    const request = await world.ask(one, 'erasure', person('x@example.com', 'all_accounts'))
    const blocked = { ...request, blockedBy: `The only owner of account ${two.accountId}` }
    const shown = (toAll: boolean) => presentRequest(blocked, { toAll }).blockedBy
    expect(shown(true)).toContain(two.accountId)
    expect(shown(false)).not.toContain(two.accountId)
    const item = { pk: `ACCOUNT#${one.accountId}`, sk: `PRIVACY#${request.requestId}`, ...blocked }
    expect(JSON.stringify(presentItem('documents', item))).not.toContain(two.accountId)
  })
})
