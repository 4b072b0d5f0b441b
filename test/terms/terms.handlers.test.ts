import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountRoutes } from '../../functions/accounts/accounts.routes.ts'
import { sha256OfText } from '../../functions/edge/sha256.ts'
import { termsRoutes } from '../../functions/terms/terms.routes.ts'
import { type S3, startS3 } from '../../local/s3.ts'
import { type Sqs, startSqs } from '../../local/sqs.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { personClaims, send, staffClaims, useDatabase } from '../support/request.ts'

const folder = mkdtempSync(join(tmpdir(), 'drawdown-terms-'))
const text = '# Terms\n\nNumbers are ported within five days – “soon”.\n'
const owner = personClaims('owner@example.com')
let database: TestDatabase
let files: S3
let queues: Sqs
let handlers: Record<'accounts' | 'terms' | 'accept', unknown>
let accountId: string

beforeAll(async () => {
  database = await startTestDatabase()
  files = await startS3({ folder, buckets: ['files'] })
  queues = await startSqs({ folder, queues: [{ name: 'tellings' }] })
  useDatabase(database)
  Object.assign(process.env, {
    ...{ AWS_ENDPOINT_URL_S3: files.url, FILES_BUCKET: 'files' },
    ...{ AWS_ENDPOINT_URL_SQS: queues.url, TELLING_QUEUE_URL: queues.queueUrl('tellings') },
  })
  handlers = {
    accounts: (await import('../../functions/accounts/accounts.handler.ts')).handler,
    terms: (await import('../../functions/terms/terms.handler.ts')).handler,
    accept: (await import('../../functions/terms/accept-terms.handler.ts')).handler,
  }
  const body = { name: 'Example', clientType: 'hosted', currency: 'USD', ownerEmail: 'Owner@Example.com' }
  const headers = { 'idempotency-key': 'open' }
  const opened = await send(handlers.accounts, {
    route: accountRoutes.openAccount,
    body,
    headers,
    claims: staffClaims,
  })
  accountId = String(opened.body.accountId)
})
afterAll(async () => {
  await files.close()
  await queues.close()
  await database.stop()
  rmSync(folder, { recursive: true })
})

const publish = (version: string, more: Record<string, unknown> = {}) =>
  send(handlers.terms, {
    route: termsRoutes.publishTerms,
    body: {
      ...{ document: 'terms-of-service', version, title: 'Terms', class: 'material', text },
      ...{ effectiveAt: '2018-05-29T00:00:00+02:00', ...more },
    },
    claims: staffClaims,
  })

const accept = (version: string, claims: Record<string, unknown> = owner, textSha256 = sha256OfText(text)) =>
  send(handlers.accept, {
    route: termsRoutes.acceptTerms,
    path: { accountId },
    body: { document: 'terms-of-service', version, textSha256, decision: 'accepted', pressed: 'I accept' },
    claims,
  })

const readMe = () => send(handlers.accounts, { route: accountRoutes.readMe, claims: owner })

describe('terms, from publication to acceptance', () => {
  it('publishes a text that reads back as it is, with its hash, and answers a repeat with the first reply', async () => {
    const first = await publish('1')
    expect([first.status, first.body.textSha256]).toEqual([201, sha256OfText(text)])
    expect(await publish('1')).toEqual(first)
    expect((await publish('1', { text: 'Other' })).body.code).toBe('terms_version_exists')
    const read = {
      route: termsRoutes.readTermsVersion,
      path: { document: 'terms-of-service', version: '1' },
      claims: owner,
    }
    expect((await send(handlers.terms, read)).body).toMatchObject({
      text,
      effectiveAt: '2018-05-28T22:00:00.000Z',
    })
    const raw = await send(handlers.terms, { ...read, headers: { accept: 'text/markdown' } })
    expect([sha256OfText(raw.text), raw.headers.etag]).toEqual([
      sha256OfText(text),
      `"${sha256OfText(text)}"`,
    ])
  })

  it('tells the owner what waits, and no more once it is accepted', async () => {
    const url = '/v1/terms/terms-of-service/versions/1'
    const waiting = {
      termsClosed: true,
      termsWaiting: [{ document: 'terms-of-service', version: '1', closed: true, url }],
    }
    expect((await readMe()).body.accounts).toMatchObject([{ accountId, role: 'owner', ...waiting }])
    const accepted = await accept('1')
    expect([accepted.status, accepted.body.person, accepted.body.signIn]).toEqual([
      201,
      { subject: owner.sub, email: 'owner@example.com', role: 'owner' },
      { issuer: 'https://issuer.example.com', clientId: 'portal', at: '2026-11-23T12:00:00.000Z' },
    ])
    expect(await accept('1')).toEqual(accepted)
    expect((await readMe()).body.accounts).toMatchObject([{ termsClosed: false, termsWaiting: [] }])
  })

  it('takes answers from owners and billing members alone', async () => {
    expect((await accept('1', staffClaims)).body.code).toBe('role_not_allowed')
    expect((await accept('1', { sub: 'm', client_id: 'm', scope: 'drawdown/usage' })).body.code).toBe(
      'role_not_allowed',
    )
    expect((await accept('1', { sub: 'm', client_id: 'm', scope: '' })).body.code).toBe('role_not_allowed')
    expect((await accept('1', personClaims('other@example.com'))).body.code).toBe('account_not_found')
    const viewer = { email: 'viewer@example.com', role: 'viewer' }
    const added = { route: accountRoutes.addMember, path: { accountId }, body: viewer, claims: owner }
    expect((await send(handlers.accounts, added)).status).toBe(201)
    expect((await accept('1', personClaims('viewer@example.com'))).body.code).toBe('role_not_allowed')
  })

  it('refuses another text’s hash, an unknown version and one that was replaced, and records nothing', async () => {
    expect((await accept('1', owner, '0'.repeat(64))).body.errors?.[0]?.field).toBe('textSha256')
    expect((await accept('9')).body.code).toBe('terms_not_found')
    await publish('2')
    const billing = personClaims('billing@example.com')
    const member = { email: 'billing@example.com', role: 'billing' }
    await send(handlers.accounts, {
      route: accountRoutes.addMember,
      path: { accountId },
      body: member,
      claims: staffClaims,
    })
    expect((await accept('1', billing)).body.code).toBe('terms_version_superseded')
    const list = { route: termsRoutes.listAcceptances, path: { accountId }, claims: staffClaims }
    expect((await send(handlers.accept, list)).body.acceptances).toHaveLength(1)
  })

  it('takes an answer to what is in effect, too, while the newest version is not yet', async () => {
    const document = 'service-levels'
    const ahead = { document, effectiveAt: '2999-01-01T00:00:00Z' }
    const answerTo = (version: string) =>
      send(handlers.accept, {
        ...{ route: termsRoutes.acceptTerms, path: { accountId }, claims: owner },
        body: { document, version, textSha256: sha256OfText(text), decision: 'accepted', pressed: 'OK' },
      })
    const waitsFor = async () => {
      type Waiting = { document: string; closed: boolean; version: string; inEffect?: object }
      const { accounts } = (await readMe()).body as unknown as { accounts: { termsWaiting: Waiting[] }[] }
      return accounts[0]!.termsWaiting.find((waiting) => waiting.document === document)
    }
    await publish('1', { document })
    await publish('2', { document })
    await publish('3', ahead)
    expect(await waitsFor()).toMatchObject({
      ...{ closed: true, version: '3' },
      inEffect: {
        ...{ version: '2', effectiveAt: '2018-05-28T22:00:00.000Z' },
        url: `/v1/terms/${document}/versions/2`,
      },
    })
    expect((await answerTo('1')).body.code).toBe('terms_version_superseded')
    expect((await answerTo('2')).status).toBe(201)
    expect(await waitsFor()).toMatchObject({ closed: false, version: '3' })
    await publish('4', ahead)
    expect((await answerTo('3')).body.code).toBe('terms_version_superseded')
    expect((await answerTo('2')).status).toBe(201)
    expect((await answerTo('4')).status).toBe(201)
    expect(await waitsFor()).toBeUndefined()
  })

  it('tells of a version that needs no answer until it is in effect, and what it changes', async () => {
    const document = 'acceptable-use'
    const ahead = { document, class: 'editorial', effectiveAt: '2999-01-01T00:00:00Z' }
    await publish('1', { document, class: 'editorial' })
    await publish('2', { ...ahead, summary: 'A comma.' })
    const { accounts } = (await readMe()).body
    expect(accounts).toMatchObject([
      {
        termsAnnounced: [
          {
            ...{ document, version: '2', class: 'editorial', kind: 'agreement', title: 'Terms' },
            ...{ effectiveAt: '2999-01-01T00:00:00.000Z', summary: 'A comma.', language: 'en' },
            url: `/v1/terms/${document}/versions/2`,
            changesUrl: `/v1/terms/${document}/versions/2/changes?since=1`,
          },
        ],
      },
    ])
  })

  it('refuses a publication that is not whole, naming the field', async () => {
    const bad: [string, Record<string, unknown>][] = [
      ['text', { text: 'x'.repeat(200 * 1024 + 1) }],
      ['text', { text: '\ud800' }],
      ['effectiveAt', { effectiveAt: 'tomorrow' }],
      ['effectiveAt', { effectiveAt: '9999-12-31T23:59:59-14:00' }],
      // Its days of grace would end in a year that no text orders.
      ['effectiveAt', { effectiveAt: '9999-12-31T00:00:00Z', graceDays: 365 }],
      ['version', { version: 'A#B' }],
      ['class', { class: 'minor' }],
      ['kind', { kind: 'statement' }],
      ['translations.0.language', { translations: [{ language: 'en', title: 'Terms', text }] }],
    ]
    for (const [field, more] of bad) {
      const reply = await publish('bad', more)
      expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([400, field])
    }
    expect((await publish('bad', { text: 'x'.repeat(4 * 1024 * 1024) })).status).toBe(413)
  })
})

describe('a statement in two languages', () => {
  const german = '# Datenschutz\n\nWir speichern <script>alert(1)</script> nichts.\n'
  const publishPrivacy = (version: string, more: Record<string, unknown> = {}) =>
    publish(version, {
      ...{
        document: 'privacy',
        kind: 'statement',
        title: 'Privacy',
        text: '# Privacy\n\nWe keep nothing.\n',
      },
      ...{ translations: [{ language: 'de', title: 'Datenschutz', text: german }], ...more },
    })
  const read = (suffix: string, query: Record<string, string>, accept?: string, version = '2') =>
    send(handlers.terms, {
      route: suffix === '' ? termsRoutes.readTermsVersion : termsRoutes.readTermsChanges,
      path: { document: 'privacy', version },
      ...{ query, headers: { ...(accept && { accept }) }, claims: owner },
    })
  const answer = (decision: string, language: string, textSha256: string) =>
    send(handlers.accept, {
      route: termsRoutes.acceptTerms,
      path: { accountId },
      body: { document: 'privacy', version: '2', language, textSha256, decision, pressed: 'Gelesen' },
      claims: owner,
    })

  it('is shown in the language that is asked for, else in the one that binds', async () => {
    expect((await publishPrivacy('1')).body).toMatchObject({ kind: 'statement', language: 'en' })
    expect((await publishPrivacy('2', { text: '# Privacy\n\nWe keep your name.\n' })).status).toBe(201)
    expect((await read('', { language: 'de-AT' })).body).toMatchObject({
      shown: { language: 'de', title: 'Datenschutz', textSha256: sha256OfText(german) },
      text: german,
    })
    expect((await read('', { language: 'fr' })).body.shown).toMatchObject({ language: 'en' })
  })

  it('is a page on which a script is text', async () => {
    const page = await read('', { language: 'de' }, 'text/html')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.headers['content-security-policy']).toContain("script-src 'none'")
    expect(page.text).toContain('<html lang="de">')
    expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  })

  it('shows what it changes, as data and as a page', async () => {
    expect((await read('changes', {})).body).toMatchObject({
      ...{ version: '2', since: '1', unchanged: 1, tooLong: false },
      changes: [
        {
          section: 'Privacy',
          pieces: [
            { kind: 'same', text: 'We keep ' },
            { kind: 'removed', text: 'nothing' },
            { kind: 'added', text: 'your name' },
            { kind: 'same', text: '.' },
          ],
        },
      ],
    })
    const page = await read('changes', { since: '1' }, 'text/html')
    expect(page.text).toContain('<del>nothing</del><ins>your name</ins>')
    expect((await read('changes', { language: 'de' })).body.changes).toEqual([])
    expect((await read('changes', { since: '9' })).body.code).toBe('terms_not_found')
  })

  it('is acknowledged, not accepted, in the language that was shown', async () => {
    expect((await answer('accepted', 'de', sha256OfText(german))).body.errors?.[0]?.field).toBe('decision')
    expect((await answer('acknowledged', 'en', sha256OfText(german))).body.errors?.[0]?.field).toBe(
      'textSha256',
    )
    expect((await answer('acknowledged', 'de', sha256OfText(german))).body).toMatchObject({
      ...{ decision: 'acknowledged', language: 'de', pressed: 'Gelesen' },
    })
  })

  it('says what may be acknowledged now, and what it changes in what was', async () => {
    await publishPrivacy('3', { text: '# Privacy\n\nWe keep your name and street.\n' })
    const [account] = (await readMe()).body.accounts as unknown as [{ termsWaiting: { document: string }[] }]
    expect(account.termsWaiting.find(({ document }) => document === 'privacy')).toMatchObject({
      ...{ kind: 'statement', version: '3' },
      changesUrl: '/v1/terms/privacy/versions/3/changes?since=2',
    })
  })

  it('is compared in one language that both versions have, where one lacks what is asked for', async () => {
    const italian = { language: 'it', title: 'Privacy', text: '# Privacy\n\nConserviamo il nome.\n' }
    await publishPrivacy('4', { text: '# Privacy\n\nWe keep your name and city.\n', translations: [italian] })
    for (const language of ['it', 'de']) {
      const { headers, body } = await read('changes', { language }, undefined, '4')
      expect(headers['content-language']).toBe('en')
      expect(body).toMatchObject({ language: 'en', since: '3', changes: [{ change: 'changed' }] })
    }
  })
})

describe('a comparison that would be longer than a reply may be', () => {
  const read = (accept?: string) =>
    send(handlers.terms, {
      route: termsRoutes.readTermsChanges,
      path: { document: 'minced', version: '2' },
      ...{ headers: { ...(accept && { accept }) }, claims: owner },
    })
  const mince = (word: string) => `# ${'x'.repeat(1000)}\n${`${word}\n\n`.repeat(65_000)}`

  it('says so, as data and as a page, and has the whole text read', async () => {
    const minced = { document: 'minced', class: 'editorial', clientTypes: ['private_cloud'] }
    for (const [version, word] of Object.entries({ 1: 'a', 2: 'b' }))
      expect((await publish(version, { ...minced, text: mince(word) })).status).toBe(201)
    const changes = await read()
    expect(changes.body).toMatchObject({ since: '1', unchanged: 0, tooLong: true, changes: [] })
    const page = await read('text/html')
    expect([page.status, page.text.length < 10_000]).toEqual([200, true])
    expect(page.text).toContain('too long to show here. Please read the whole text.')
  })
})

describe('the account’s own requests', () => {
  beforeAll(async () => {
    const newest = { route: termsRoutes.listTerms, claims: owner }
    type Newest = { document: string; version: string; kind: string; textSha256: string }
    const { documents } = (await send(handlers.terms, newest)).body as unknown as { documents: Newest[] }
    for (const { document, version, kind, textSha256 } of documents) {
      const decision = kind === 'statement' ? 'acknowledged' : 'accepted'
      const body = { document, version, textSha256, decision, pressed: 'OK' }
      await send(handlers.accept, {
        route: termsRoutes.acceptTerms,
        path: { accountId },
        body,
        claims: owner,
      })
    }
  })

  const change = (body: unknown, claims: Record<string, unknown> = owner) =>
    send(handlers.accounts, { route: accountRoutes.changeAccount, path: { accountId }, body, claims })

  it('change what the role may change, and nothing else', async () => {
    const lowCreditThreshold = { amount: '20.00', currency: 'USD' }
    expect((await change({ name: 'Renamed', lowCreditThreshold })).body).toMatchObject({
      name: 'Renamed',
      lowCreditThreshold,
    })
    expect((await change({ timeZone: 'Europe/Berlin' })).body.code).toBe('role_not_allowed')
    expect((await change({ timeZone: 'Europe/Berlin' }, staffClaims)).body.timeZone).toBe('Europe/Berlin')
    expect((await change({ lowCreditThreshold: { amount: '1', currency: 'EUR' } })).body.code).toBe(
      'wrong_currency',
    )
    expect((await change({})).status).toBe(400)
    expect((await change({ currency: 'EUR' })).body.errors?.[0]?.field).toBe('currency')
    expect((await change({ name: 'x' }, personClaims('viewer@example.com'))).body.code).toBe(
      'role_not_allowed',
    )
    expect((await change({ name: 'x' }, personClaims('other@example.com'))).status).toBe(404)
  })

  it('list accounts page by page, and refuse a cursor that is none', async () => {
    const list = { route: accountRoutes.listAccounts, claims: owner }
    expect((await send(handlers.accounts, list)).body.accounts).toMatchObject([{ accountId }])
    for (const cursor of ['x', 'e30', '%']) {
      const reply = await send(handlers.accounts, { ...list, query: { cursor } })
      expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([400, 'cursor'])
    }
  })
})
