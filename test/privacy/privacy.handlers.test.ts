import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountRoutes } from '../../functions/accounts/accounts.routes.ts'
import { privacyRoutes } from '../../functions/privacy/privacy.routes.ts'
import { type Sqs, startSqs } from '../../local/sqs.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { personClaims, send, staffClaims, useDatabase } from '../support/request.ts'

const folder = mkdtempSync(join(tmpdir(), 'drawdown-privacy-'))
let database: TestDatabase
let sqs: Sqs
let handlers: Record<'accounts' | 'privacy' | 'credit', unknown>
let asked = 0

beforeAll(async () => {
  database = await startTestDatabase()
  sqs = await startSqs({ folder, queues: [{ name: 'privacy' }] })
  useDatabase(database)
  Object.assign(process.env, {
    ...{ AWS_ENDPOINT_URL_SQS: sqs.url, PRIVACY_QUEUE_URL: sqs.queueUrl('privacy') },
    ...{ EXPORTS_BUCKET: 'exports', AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1', FILES_BUCKET: 'files' },
  })
  handlers = {
    accounts: (await import('../../functions/accounts/accounts.handler.ts')).handler,
    privacy: (await import('../../functions/privacy/privacy.handler.ts')).handler,
    credit: (await import('../../functions/credits/give-credit.handler.ts')).handler,
  }
})
afterAll(async () => {
  await Promise.all([sqs.close(), database.stop()])
  rmSync(folder, { recursive: true })
})

const signedIn = (email: string, minutesAgo = 0) => ({
  ...personClaims(email),
  auth_time: String(Math.floor(Date.now() / 1000) - minutesAgo * 60),
})
const owner = (minutesAgo = 0) => signedIn('owner@example.com', minutesAgo)

async function openAccount(): Promise<string> {
  asked += 1
  const body = { name: 'Example', clientType: 'hosted', currency: 'USD', ownerEmail: 'owner@example.com' }
  const headers = { 'idempotency-key': `open-${asked}` }
  const opened = await send(handlers.accounts, {
    ...{ route: accountRoutes.openAccount, body, headers, claims: staffClaims },
  })
  return String(opened.body.accountId)
}

function ask(
  accountId: string,
  body: Record<string, unknown>,
  claims: Record<string, unknown> = owner(),
  key?: string,
) {
  asked += 1
  const headers = { 'idempotency-key': key ?? `ask-${asked}` }
  return send(handlers.privacy, {
    route: privacyRoutes.askPrivacy,
    path: { accountId },
    body,
    headers,
    claims,
  })
}

const addMember = (accountId: string, email: string, role = 'viewer') =>
  send(handlers.accounts, {
    ...{ route: accountRoutes.addMember, path: { accountId }, body: { email, role }, claims: staffClaims },
  })
const personIs = (email: string, scope = 'this_account') => ({ type: 'person', email, scope })
const path = (accountId: string, requestId: unknown) => ({ accountId, requestId: String(requestId) })

describe('asking for what is held, or for its erasure', () => {
  it('takes a sign-in of the last ten minutes, whatever else the token says', async () => {
    const accountId = await openAccount()
    for (const claims of [owner(11), { ...owner(), auth_time: undefined }, owner(-5)]) {
      const refused = await ask(accountId, { kind: 'export' }, claims)
      expect([refused.status, refused.body.code]).toEqual([403, 'sign_in_again'])
      expect(String(refused.body.detail)).toContain('prompt=login')
    }
    const taken = await ask(accountId, { kind: 'export' }, owner(9))
    expect(taken.status).toBe(202)
    expect(taken.body).toMatchObject({ kind: 'export', status: 'working', subject: { type: 'account' } })
  })

  it('is for owners, for members as to themselves, and to others there is no such account', async () => {
    const accountId = await openAccount()
    await addMember(accountId, 'viewer@example.com')
    await addMember(accountId, 'other@example.com')
    const viewer = signedIn('viewer@example.com')
    const by = async (claims: Record<string, unknown>, subject: object) =>
      (await ask(accountId, { kind: 'export', subject }, claims)).status
    expect(await by(viewer, { type: 'account' })).toBe(403)
    expect(await by(viewer, personIs('other@example.com'))).toBe(403)
    expect(await by(viewer, personIs('viewer@example.com', 'all_accounts'))).toBe(202)
    expect(await by(owner(), personIs('other@example.com', 'all_accounts'))).toBe(403)
    expect(await by(owner(), personIs('other@example.com'))).toBe(202)
    expect(await by(signedIn('stranger@example.com'), { type: 'account' })).toBe(404)
    expect(await by(staffClaims, { type: 'account' })).toBe(403)

    const list = async (claims: Record<string, unknown>) =>
      (
        await send(handlers.privacy, {
          route: privacyRoutes.listPrivacyRequests,
          path: { accountId },
          claims,
        })
      ).body
    expect((await list(owner())).requests).toHaveLength(2)
    expect((await list(viewer)).requests).toHaveLength(1)
  })

  it('is answered the same when it is sent again, and refused as another under the same key', async () => {
    const accountId = await openAccount()
    const first = await ask(accountId, { kind: 'export' }, owner(), 'same')
    const again = await ask(accountId, { kind: 'export' }, owner(), 'same')
    expect(again.body).toEqual(first.body)
    const other = await ask(
      accountId,
      { kind: 'erasure', subject: personIs('x@example.com') },
      owner(),
      'same',
    )
    expect(other.body.code).toBe('idempotency_key_reused')
    const second = await ask(accountId, { kind: 'export' })
    expect(second.body).toMatchObject({ code: 'privacy_request_open', requestId: first.body.requestId })
  })

  it('names what is wrong with it', async () => {
    const accountId = await openAccount()
    const refused = await ask(accountId, { kind: 'everything', subject: { type: 'person', email: 'no' } })
    expect(refused.status).toBe(400)
    expect(JSON.stringify(refused.body.errors)).toContain('kind')
  })

  it('hands out nothing that is not ready, and another’s nowhere', async () => {
    const accountId = await openAccount()
    const { body } = await ask(accountId, { kind: 'export' })
    const fetchIt = (claims: Record<string, unknown>) =>
      send(handlers.privacy, {
        route: privacyRoutes.fetchExport,
        path: path(accountId, body.requestId),
        claims,
      })
    expect((await fetchIt(owner(20))).body.code).toBe('sign_in_again')
    expect((await fetchIt(owner())).body.code).toBe('export_not_ready')
    expect((await fetchIt(staffClaims)).body.code).toBe('sign_in_again')
    await addMember(accountId, 'viewer@example.com')
    expect((await fetchIt(signedIn('viewer@example.com'))).body.code).toBe('privacy_request_not_found')
  })
})

describe('staff', () => {
  const list = (query: Record<string, string> = {}) =>
    send(handlers.privacy, { route: privacyRoutes.listAllPrivacyRequests, query, claims: staffClaims })
  const start = (body: Record<string, unknown>) => {
    asked += 1
    const headers = { 'idempotency-key': `start-${asked}` }
    return send(handlers.privacy, {
      route: privacyRoutes.startPrivacyRequest,
      body,
      headers,
      claims: staffClaims,
    })
  }

  it('begin what came by letter: its deadline counts from then, soonest first in the list', async () => {
    const accountId = await openAccount()
    const late = await ask(accountId, { kind: 'export' })
    const receivedAt = new Date(Date.now() - 20 * 86_400_000).toISOString()
    const more = { receivedAt, replyTo: 'left@example.com', note: 'By letter' }
    const early = await start({ accountId, kind: 'erasure', subject: personIs('left@example.com'), ...more })
    expect(early.status).toBe(202)
    expect(early.body).toMatchObject({ origin: 'staff', note: 'By letter', receivedAt })
    const ids = ((await list()).body.requests as unknown as { requestId: string }[]).map(
      ({ requestId }) => requestId,
    )
    expect(ids.indexOf(String(early.body.requestId))).toBeLessThan(ids.indexOf(String(late.body.requestId)))
    const future = new Date(Date.now() + 86_400_000).toISOString()
    const refused = await start({
      accountId,
      kind: 'export',
      subject: { type: 'account' },
      ...more,
      receivedAt: future,
    })
    expect(refused.body.errors).toMatchObject([{ field: 'receivedAt' }])
    expect(
      (await send(handlers.privacy, { route: privacyRoutes.listAllPrivacyRequests, claims: owner() })).status,
    ).toBe(403)
  })

  it('extend a deadline by two months, once, with the reason', async () => {
    const accountId = await openAccount()
    const { body } = await ask(accountId, { kind: 'export' })
    const extend = (reason: string) =>
      send(handlers.privacy, {
        ...{ route: privacyRoutes.extendPrivacyRequest, path: path(accountId, body.requestId) },
        ...{ body: { reason }, claims: staffClaims },
      })
    const extended = await extend('Many accounts')
    const months = (text: unknown) =>
      new Date(String(text)).getUTCFullYear() * 12 + new Date(String(text)).getUTCMonth()
    expect(months(extended.body.dueAt) - months(body.dueAt)).toBe(2)
    expect((await extend('Again')).body).toEqual(extended.body)
  })
})

describe('closing one’s own account', () => {
  const close = (accountId: string, claims: Record<string, unknown> = owner()) =>
    send(handlers.privacy, { route: privacyRoutes.closeAccount, path: { accountId }, body: {}, claims })

  it('takes an owner who has just signed in, and says what becomes of what was there', async () => {
    const accountId = await openAccount()
    await addMember(accountId, 'billing@example.com', 'billing')
    expect((await close(accountId, owner(11))).body.code).toBe('sign_in_again')
    expect((await close(accountId, signedIn('billing@example.com'))).body.code).toBe('role_not_allowed')
    const closed = await close(accountId)
    expect(closed.body).toMatchObject({
      status: 'closed',
      remaining: { available: { amount: '0.00', currency: 'USD' }, owed: { amount: '0.00' } },
      statement: expect.stringContaining('no credit left'),
    })
    expect((await close(accountId)).body).toEqual(closed.body)
  })

  it('is refused while there is credit, with how it gets out; a closed one is erased', async () => {
    const accountId = await openAccount()
    const body = { kind: 'goodwill', amount: '5.00', currency: 'USD', reason: 'test' }
    const headers = { 'idempotency-key': 'gift' }
    await send(handlers.credit, {
      ...{
        route: 'POST /v1/accounts/{accountId}/credits',
        path: { accountId },
        body,
        headers,
        claims: staffClaims,
      },
    })
    const refused = await close(accountId)
    expect(refused.body).toMatchObject({ code: 'account_not_empty', available: { amount: '5.00' } })
    expect(String(refused.body.detail)).toContain('goes back to the card')
    expect((await ask(accountId, { kind: 'erasure' })).body.code).toBe('account_not_empty')
  })

  it('stays closed once its erasure was asked for, and when it was erased', async () => {
    const setStatus = async (accountId: string, status: string) => {
      const body = { status, reason: 'test' }
      const path = { accountId }
      return send(handlers.accounts, {
        route: accountRoutes.setStatus,
        path,
        body,
        claims: staffClaims,
      })
    }
    const [asked, erased] = [await openAccount(), await openAccount()]
    await ask(asked, { kind: 'erasure' })
    await close(erased)
    expect((await setStatus(erased, 'open')).status).toBe(200)
    await setStatus(erased, 'closed')
    await database.client.send(
      new UpdateCommand({
        TableName: database.documentsTable,
        Key: { pk: `ACCOUNT#${erased}`, sk: 'PROFILE' },
        UpdateExpression: 'SET erasedAt = :at',
        ExpressionAttributeValues: { ':at': '2026-11-23T12:00:00.000Z' },
      }),
    )
    for (const accountId of [asked, erased]) {
      for (const status of ['open', 'parked'])
        expect((await setStatus(accountId, status)).body.code).toBe('account_erased')
      expect((await setStatus(accountId, 'closed')).body).toMatchObject({ status: 'closed' })
    }
  })
})
