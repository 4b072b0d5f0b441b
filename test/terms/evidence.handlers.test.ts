import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { accountRoutes } from '../../functions/accounts/accounts.routes.ts'
import { createMemberStore } from '../../functions/accounts/member.store.ts'
import { createStatusStore } from '../../functions/ledger/status.store.ts'
import { createAddressStatusStore } from '../../functions/notices/address-status.store.ts'
import { layOutCoverage } from '../../functions/terms/lay-out-coverage.ts'
import { coverageReply } from '../../functions/terms/present-evidence.ts'
import { draftTerms } from '../../functions/terms/publish-terms.ts'
import { evidenceRoutes, termsRoutes } from '../../functions/terms/terms.routes.ts'
import { createTermsStore } from '../../functions/terms/terms.store.ts'
import { publishTermsSchema, type TermsVersion } from '../../functions/terms/terms.ts'
import { planAccounts } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { personClaims, send, staffClaims, useDatabase } from '../support/request.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>
let handlers: Record<'evidence' | 'accept' | 'accounts', unknown>
let opened = 0
const now = new Date().toISOString()
const tomorrow = new Date(Date.now() + 86_400_000).toISOString()

beforeAll(async () => {
  database = await startTestDatabase()
  useDatabase(database)
  world = planAccounts(database)
  handlers = {
    evidence: (await import('../../functions/terms/terms-evidence.handler.ts')).handler,
    accept: (await import('../../functions/terms/accept-terms.handler.ts')).handler,
    accounts: (await import('../../functions/accounts/accounts.handler.ts')).handler,
  }
})
afterAll(() => database.stop())

async function open(more: Partial<Account> = {}): Promise<{ account: Account; owner: string }> {
  opened += 1
  return { account: await world.open(more), owner: `owner${opened}@client.example.com` }
}

async function publish(document: string, version: string, more: Record<string, unknown> = {}) {
  const asked = { document, version, title: 'Terms', class: 'material', effectiveAt: tomorrow, text: version }
  const { draft, publicationHash } = draftTerms(publishTermsSchema.parse({ ...asked, ...more }), {
    ...{ actor: 'machine:staff', at: now },
  })
  const published = await createTermsStore(database).publish(draft, publicationHash)
  if (!published.ok) throw new Error(published.reason)
  return published.version
}

const answer = (account: Account, version: TermsVersion, email: string, decision = 'accepted') =>
  send(handlers.accept, {
    route: termsRoutes.acceptTerms,
    path: { accountId: account.accountId },
    body: {
      ...{ document: version.document, version: version.version, textSha256: version.textSha256 },
      ...{ decision, pressed: 'I accept – ‘all’' },
    },
    claims: personClaims(email),
  })

const readEvidence = (account: Account, claims: Record<string, unknown>, accept = 'application/json') =>
  send(handlers.evidence, {
    route: evidenceRoutes.readEvidence,
    path: { accountId: account.accountId },
    headers: { accept },
    claims,
  })

const readCoverage = (
  version: TermsVersion,
  query: Record<string, string> = {},
  accept = 'application/json',
) =>
  send(handlers.evidence, {
    route: evidenceRoutes.readCoverage,
    path: { document: version.document, version: version.version },
    headers: { accept },
    query,
    claims: staffClaims,
  })

describe('the evidence of an account', () => {
  it('has each answer with all that was recorded, and how to check the text', async () => {
    const { account, owner } = await open({ name: 'Νίκη Δημητρίου 中' })
    const version = await publish('evidence', '1', { title: 'Όροι χρήσης' })
    expect((await answer(account, version, owner, 'declined')).status).toBe(201)
    expect((await answer(account, version, owner)).status).toBe(201)
    const reply = await readEvidence(account, personClaims(owner))
    expect(reply.status).toBe(200)
    expect(reply.body).toMatchObject({
      account: { accountId: account.accountId, name: 'Νίκη Δημητρίου 中' },
      answers: [
        { decision: 'declined' },
        {
          ...{ decision: 'accepted', document: 'evidence', version: '1', title: 'Όροι χρήσης' },
          ...{ textSha256: version.textSha256, effectiveAt: tomorrow, pressed: 'I accept – ‘all’' },
          textUrl: '/v1/terms/evidence/versions/1?language=en',
          person: { email: owner, role: 'owner' },
          ...{ sourceIp: '192.0.2.1', userAgent: 'test' },
          signIn: { issuer: 'https://issuer.example.com', clientId: 'portal' },
        },
      ],
      howToCheck: expect.stringContaining('sha256sum'),
    })
    expect((await readEvidence(account, staffClaims)).status).toBe(200)
  })

  it('is a PDF where one asks for it, as bytes that the gateway decodes', async () => {
    const { account, owner } = await open({ name: 'Жанна <b> 中 Ěš' })
    const version = await publish('printed', '1')
    await answer(account, version, owner)
    const reply = await readEvidence(account, personClaims(owner), 'application/pdf')
    expect(reply.headers['content-type']).toBe('application/pdf')
    const bytes = Buffer.from(reply.text, 'base64')
    expect(bytes.toString('latin1', 0, 5)).toBe('%PDF-')
    expect(bytes.length).toBeLessThan(300_000)
  })

  it('is the account’s own: another’s is not there, and a viewer may not see it', async () => {
    const { account, owner } = await open()
    const other = await open()
    expect((await readEvidence(account, personClaims(other.owner))).body.code).toBe('account_not_found')
    const viewer = { accountId: account.accountId, email: 'viewer@example.com', role: 'viewer' } as const
    await createMemberStore(database).add({ ...viewer, addedAt: now })
    expect((await readEvidence(account, personClaims('viewer@example.com'))).body.code).toBe(
      'role_not_allowed',
    )
    expect((await readEvidence(account, personClaims(owner))).body.answers).toEqual([])
  })
})

describe('the coverage of a version', () => {
  it('says of each open account that it concerns where it stands, and sums them page by page', async () => {
    const type = { clientType: 'global_infrastructure' } as const
    const places = [await open(type), await open(type), await open(type), await open(type), await open(type)]
    const [accepted, declined, silent, later, closed] = places.map(({ account }) => account)
    const version = await publish('covered', '1', { clientTypes: ['global_infrastructure'] })
    await answer(accepted!, version, places[0]!.owner)
    await answer(declined!, version, places[1]!.owner, 'declined')
    const status = {
      accountId: closed!.accountId,
      status: 'closed',
      reason: 'x',
      actor: 'x',
      at: now,
    } as const
    await createStatusStore(database).change(status)
    const bounced = { state: 'bounced' as const, at: now }
    await createAddressStatusStore(database).note({
      ...{ address: places[2]!.owner, status: bounced, sentAt: now },
    })
    const second = await publish('covered', '2', { clientTypes: ['global_infrastructure'] })
    await answer(later!, second, places[3]!.owner)
    const opened = await open({ ...type, createdAt: '2026-11-02T00:00:00.000Z' })

    const states = new Map<unknown, unknown>()
    let last: Awaited<ReturnType<typeof readCoverage>>['body'] | undefined
    let pages = 0
    for (let cursor: unknown; pages === 0 || cursor; cursor = last!.nextCursor) {
      const reply = await readCoverage(version, { limit: '3', ...(cursor ? { cursor: String(cursor) } : {}) })
      expect(reply.status).toBe(200)
      last = reply.body
      pages += 1
      for (const line of last.accounts as unknown as { accountId: string; state: string }[])
        states.set(line.accountId, line)
    }
    expect(pages).toBeGreaterThan(2)
    expect(states.get(accepted!.accountId)).toMatchObject({
      state: 'accepted',
      answers: [{ decision: 'accepted' }],
    })
    expect(states.get(declined!.accountId)).toMatchObject({ state: 'declined', answerBy: tomorrow })
    expect(states.get(silent!.accountId)).toMatchObject({
      ...{ state: 'unanswered', answerBy: tomorrow, isOverdue: false },
      cannotBeReached: [{ email: places[2]!.owner, emailStatus: bounced }],
    })
    expect(states.get(later!.accountId)).toMatchObject({ state: 'accepted_later' })
    expect(states.get(opened.account.accountId)).toMatchObject({ state: 'unanswered' })
    expect(states.has(closed!.accountId)).toBe(false)
    expect(last!.counts).toEqual({
      ...{ accounts: 5, answered: 2, declined: 1, unanswered: 2, notAsked: 0 },
      ...{ overdue: 0, unreachable: 1, leftOutAsClosed: 1 },
    })
  })

  it('comes as CSV, with a line per answer and the next page in its Link header', async () => {
    const { account, owner } = await open({ clientType: 'private_cloud', name: '=SUM(1)' })
    const version = await publish('listed', '1', { clientTypes: ['private_cloud'] })
    await answer(account, version, owner)
    const reply = await readCoverage(version, {}, 'text/csv')
    expect(reply.headers['content-type']).toContain('text/csv')
    const line = reply.text.split('\r\n').find((text) => text.startsWith(account.accountId))
    expect(line).toContain(`,accepted,`)
    expect(line).toContain(owner)
    expect(line).not.toContain(',=SUM')
    expect((await readCoverage(version, { limit: '1' }, 'text/csv')).headers.link).toMatch(/rel="next"$/)
  })

  it('comes as a PDF that a person can read, part by part: who has not, by when, and who has', async () => {
    const type = { clientType: 'private_cloud' } as const
    const version = await publish('printed-coverage', '1', { clientTypes: ['private_cloud'] })
    const [one, other] = [await open({ ...type, name: 'Ärger 中' }), await open(type)]
    await answer(one.account, version, one.owner)
    const reply = await readCoverage(version, {}, 'application/pdf')
    expect([reply.status, reply.headers['content-type']]).toEqual([200, 'application/pdf'])
    expect(reply.headers['content-disposition']).toContain('printed-coverage-1-coverage.pdf')
    expect(Buffer.from(reply.text, 'base64').toString('latin1', 0, 5)).toBe('%PDF-')
    expect((await readCoverage(version, { limit: '1' }, 'application/pdf')).headers.link).toMatch(
      /rel="next"$/,
    )

    const { body } = await readCoverage(version, { limit: '200' })
    const coverage = coverageReply.parse(body)
    const { sections, introduction } = layOutCoverage(coverage, { title: 'Terms', preparedAt: now })
    const linesOf = (heading: string) =>
      sections
        .find((section) => section.heading.startsWith(heading))!
        .lines.map(([name, text]) => name + text)
    expect(linesOf('Not answered')).toContainEqual(
      expect.stringMatching(`${other.account.accountId}.*, by ${tomorrow}$`),
    )
    expect(linesOf('Accepted or acknowledged')).toContainEqual(
      expect.stringMatching(`^Ärger 中${one.account.accountId}.*${one.owner}.*${version.textSha256}`),
    )
    expect(introduction.join(' ')).toContain(`${coverage.counts.unanswered} not answered`)
    expect(introduction.join(' ')).toContain('This is the last part')
    const first = { ...coverage, nextCursor: 'next' }
    const ofFirst = layOutCoverage(first, { title: 'Terms', preparedAt: now })
    expect(ofFirst.introduction.join(' ')).toContain('More parts follow')
  })

  it('is for staff, of versions that are there, by cursors of its own', async () => {
    const version = await publish('guarded', '1')
    expect((await readCoverage({ ...version, version: '9' })).body.code).toBe('terms_not_found')
    expect((await readCoverage(version, { cursor: 'abc' })).body.errors?.[0]?.field).toBe('cursor')
    const { owner } = await open()
    const asked = {
      route: evidenceRoutes.readCoverage,
      path: { document: 'guarded', version: '1' },
      claims: personClaims(owner),
    }
    expect((await send(handlers.evidence, asked)).status).toBe(403)
  })
})

describe('answers that race', () => {
  it('with a publication are to the newest version, or are not recorded', async () => {
    for (let round = 0; round < 6; round++) {
      const { account, owner } = await open()
      const first = await publish(`raced-${round}`, '1')
      const [reply, second] = await Promise.all([
        answer(account, first, owner),
        publish(`raced-${round}`, '2'),
      ])
      const recorded = (await readEvidence(account, personClaims(owner))).body.answers as unknown as {
        version: string
      }[]
      const ofThis = recorded.filter((one) => 'document' in one && one.document === `raced-${round}`)
      if (reply.status === 201) expect(ofThis).toHaveLength(1)
      else expect([reply.status, reply.body.code, ofThis]).toEqual([409, 'terms_version_superseded', []])
      // Whichever came first, the newer one is to be answered now.
      expect((await answer(account, first, owner, 'accepted')).status).toBe(reply.status === 201 ? 201 : 409)
      expect((await answer(account, second, owner)).status).toBe(201)
    }
  })

  it('with themselves are one record', async () => {
    const { account, owner } = await open()
    const version = await publish('twice', '1')
    const replies = await Promise.all([1, 2, 3, 4].map(() => answer(account, version, owner)))
    expect(replies.map(({ status }) => status)).toEqual([201, 201, 201, 201])
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
    const evidence = (await readEvidence(account, personClaims(owner))).body.answers as unknown as unknown[]
    expect(evidence).toHaveLength(1)
  })

  it('with the removal of the person are refused, and nothing is recorded', async () => {
    for (let round = 0; round < 4; round++) {
      const { account } = await open()
      const email = `leaving${round}@example.com`
      const members = createMemberStore(database)
      await members.add({ accountId: account.accountId, email, role: 'billing', addedAt: now })
      const version = await publish(`left-${round}`, '1')
      const [reply] = await Promise.all([
        answer(account, version, email),
        members.remove(account.accountId, email, { at: now }),
      ])
      const recorded = (await readEvidence(account, staffClaims)).body.answers as unknown as unknown[]
      if (reply.status === 201) expect(recorded).toHaveLength(1)
      else {
        expect(['account_not_found', 'changed_meanwhile']).toContain(String(reply.body.code))
        expect(recorded).toEqual([])
      }
      expect((await answer(account, version, email)).body.code).toBe('account_not_found')
    }
  })

  it('show a member’s address that cannot be written to, to owners and staff alone', async () => {
    const { account, owner } = await open()
    const viewer = {
      accountId: account.accountId,
      email: `sees${opened}@example.com`,
      role: 'viewer',
    } as const
    await createMemberStore(database).add({ ...viewer, addedAt: now })
    const status = { state: 'complained' as const, at: now }
    await createAddressStatusStore(database).note({ address: owner, status, sentAt: now })
    const list = async (claims: Record<string, unknown>) => {
      const asked = { route: accountRoutes.listMembers, path: { accountId: account.accountId }, claims }
      const { members } = (await send(handlers.accounts, asked)).body as unknown as {
        members: { email: string; emailStatus?: unknown }[]
      }
      return members.find(({ email }) => email === owner)?.emailStatus
    }
    expect(await list(personClaims(owner))).toEqual(status)
    expect(await list(staffClaims)).toEqual(status)
    expect(await list(personClaims(viewer.email))).toBeUndefined()
  })
})
