import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account, ClientType } from '../../functions/accounts/account.ts'
import { createMemberStore } from '../../functions/accounts/member.store.ts'
import { openAccount } from '../../functions/accounts/open-account.store.ts'
import type { Problem } from '../../functions/edge/problem.ts'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import { type AcceptanceStore, createAcceptanceStore } from '../../functions/terms/acceptance.store.ts'
import { draftTerms } from '../../functions/terms/publish-terms.ts'
import { createTermsStore, type TermsStore } from '../../functions/terms/terms.store.ts'
import { type Acceptance, publishTermsSchema, type TermsVersion } from '../../functions/terms/terms.ts'
import { createTermsGate, type TermsGate } from '../../functions/terms/terms-gate.store.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

const now = new Date('2026-11-23T12:00:00.000Z')
let database: TestDatabase
let terms: TermsStore
let acceptances: AcceptanceStore
let gate: TermsGate
let count = 0

beforeAll(async () => {
  database = await startTestDatabase()
  terms = createTermsStore(database)
  acceptances = createAcceptanceStore(database)
  gate = createTermsGate(database)
})
afterAll(() => database.stop())

const newDocument = () => `document-${++count}`

function publication(document: string, version: string, more: Record<string, unknown> = {}) {
  const asked = {
    document,
    version,
    title: 'Terms of service',
    class: 'material',
    effectiveAt: now.toISOString(),
  }
  const publication = publishTermsSchema.parse({ ...asked, text: `# ${document} ${version}`, ...more })
  return draftTerms(publication, { actor: 'machine:staff', at: now.toISOString() })
}

async function publish(
  document: string,
  version: string,
  more: Record<string, unknown> = {},
): Promise<TermsVersion> {
  const { draft, publicationHash } = publication(document, version, more)
  const published = await terms.publish(draft, publicationHash)
  if (!published.ok) throw new Error(published.reason)
  return published.version
}

async function openClient(clientType: ClientType = 'hosted'): Promise<Account> {
  const account: Account = {
    accountId: `acc_terms${String(++count).padStart(5, '0')}`,
    name: 'Example Telephony',
    clientType,
    currency: 'USD',
    timeZone: 'UTC',
    lowCreditThresholdMicros: 0n,
    createdAt: now.toISOString(),
  }
  const ledgerOpening = createLedger(database).openingOf(account.accountId, 'USD')
  await openAccount(database, { account, ownerEmail: 'owner@example.com', requestHash: 'x', ledgerOpening })
  return account
}

function answer(account: Account, version: TermsVersion, more: Partial<Acceptance> = {}): Acceptance {
  const { document, number, language, textSha256 } = version
  return {
    ...{ accountId: account.accountId, document, version: version.version, number, language, textSha256 },
    ...{
      decision: 'accepted',
      at: now.toISOString(),
      subject: 'owner-1',
      email: 'owner@example.com',
      role: 'owner',
    },
    ...{ sourceIp: '192.0.2.1', userAgent: 'test', pressed: 'I accept' },
    ...more,
  }
}

const record = (account: Account, version: TermsVersion, more: Partial<Acceptance> = {}) =>
  acceptances.record(answer(account, version, more), account.clientType)

describe('publishing', () => {
  it('numbers a document’s versions in the order of publication', async () => {
    const document = newDocument()
    await publish(document, 'b')
    await publish(document, 'a')
    expect((await terms.listVersions(document)).map(({ version, number }) => [version, number])).toEqual([
      ['b', 1n],
      ['a', 2n],
    ])
  })

  it('gives each of many versions published at once a number of its own', async () => {
    const document = newDocument()
    await Promise.all(Array.from({ length: 5 }, (_, index) => publish(document, `v${index}`)))
    expect((await terms.listVersions(document)).map(({ number }) => number)).toEqual([1n, 2n, 3n, 4n, 5n])
  })

  it('publishes the same publication once however often it is sent, and refuses another under its name', async () => {
    const document = newDocument()
    const { draft, publicationHash } = publication(document, '1')
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => terms.publish(draft, publicationHash)))
    expect(outcomes.filter((outcome) => outcome.ok && !outcome.replayed)).toHaveLength(1)
    expect(outcomes.every(({ ok }) => ok)).toBe(true)
    const other = publication(document, '1', { text: 'Something else' })
    expect(await terms.publish(other.draft, other.publicationHash)).toEqual({
      ok: false,
      reason: 'terms_version_exists',
    })
    expect(await terms.listVersions(document)).toHaveLength(1)
  })
})

describe('a version that was published before versions named their days of grace', () => {
  it('has the usual ones', async () => {
    const { document, version } = await publish(newDocument(), '1')
    await database.client.send(
      new UpdateCommand({
        TableName: database.documentsTable,
        Key: { pk: `TERMS#${document}`, sk: `V#${version}` },
        UpdateExpression: 'REMOVE graceDays',
      }),
    )
    expect(await terms.readVersion(document, version)).toMatchObject({ graceDays: 30 })
  })
})

describe('accepting', () => {
  it('keeps the first record when the same answer comes again', async () => {
    const account = await openClient()
    const version = await publish(newDocument(), '1')
    await record(account, version)
    const again = await record(account, version, { at: '2026-12-01T00:00:00.000Z', sourceIp: '198.51.100.7' })
    expect(again).toMatchObject({
      ok: true,
      replayed: true,
      acceptance: { at: now.toISOString(), sourceIp: '192.0.2.1' },
    })
    expect(await acceptances.list(account.accountId)).toHaveLength(1)
  })

  it('records nothing for a version that a newer one has replaced, but still answers a repeat', async () => {
    const account = await openClient()
    const document = newDocument()
    const first = await publish(document, '1')
    await record(account, first)
    await publish(document, '2')
    expect(await record(account, first, { subject: 'owner-2' })).toEqual({
      ok: false,
      reason: 'terms_version_superseded',
    })
    expect(await record(account, first)).toMatchObject({ ok: true, replayed: true })
    expect(await acceptances.list(account.accountId)).toHaveLength(1)
  })

  it('lets a version be accepted that only other client types have a newer one of', async () => {
    const account = await openClient('private_cloud')
    const document = newDocument()
    const first = await publish(document, '1')
    await publish(document, '2', { clientTypes: ['hosted'] })
    expect(await record(account, first)).toMatchObject({ ok: true })
  })

  it('has either the acceptance before the new version or a refusal when both come at once', async () => {
    for (let round = 0; round < 5; round++) {
      const account = await openClient()
      const document = newDocument()
      const first = await publish(document, '1')
      const [recorded] = await Promise.all([record(account, first), publish(document, '2')])
      expect(await acceptances.list(account.accountId)).toHaveLength(recorded.ok ? 1 : 0)
      if (!recorded.ok) expect(recorded.reason).toBe('terms_version_superseded')
    }
  })

  it('records no answer to an older version of who has not seen the newest', async () => {
    const account = await openClient()
    const document = newDocument()
    const first = await publish(document, '1')
    await publish(document, '2')
    const recordSeeing = (newest: string) =>
      acceptances.record(answer(account, first), account.clientType, newest)
    await publish(document, '3')
    expect(await recordSeeing('2')).toEqual({ ok: false, reason: 'terms_version_superseded' })
    expect(await recordSeeing('3')).toMatchObject({ ok: true, replayed: false })
  })

  it('records nothing for somebody whose role was taken meanwhile', async () => {
    const account = await openClient()
    const version = await publish(newDocument(), '1')
    const gone = { subject: 'billing-1', email: 'billing@example.com', role: 'billing' as const }
    expect(await record(account, version, gone)).toEqual({ ok: false, reason: 'role_changed' })
    await createMemberStore(database).add({
      ...gone,
      accountId: account.accountId,
      addedAt: now.toISOString(),
    })
    expect(await record(account, version, gone)).toMatchObject({ ok: true })
  })

  it('takes an acceptance after a refusal, beside it, and no refusal after an acceptance', async () => {
    const account = await openClient()
    const version = await publish(newDocument(), '1')
    expect(await record(account, version, { decision: 'declined' })).toMatchObject({ ok: true })
    expect(await record(account, version)).toMatchObject({ ok: true, replayed: false })
    expect(await record(account, version, { decision: 'declined', subject: 'owner-1' })).toMatchObject({
      replayed: true,
    })
    const other = await publish(newDocument(), '1')
    await record(account, other)
    expect(await record(account, other, { decision: 'declined' })).toEqual({
      ok: false,
      reason: 'terms_already_accepted',
    })
  })
})

describe('the gate', () => {
  it('closes the money routes from the effective date of a material version until it is accepted', async () => {
    const account = await openClient('global_infrastructure')
    const document = newDocument()
    const effectiveAt = '2027-01-01T00:00:00.000Z'
    const version = await publish(document, '2027-01-01', {
      effectiveAt,
      clientTypes: ['global_infrastructure'],
    })
    // What other tests published concerns everybody.
    for (const earlier of await terms.listAllVersions()) {
      if (earlier.document !== document) await record(account, earlier).catch(() => undefined)
    }
    const missingAt = async (instant: string) => {
      try {
        await gate.require(account, new Date(instant))
        return []
      } catch (error) {
        return (error as Problem).extra.missing as { document: string }[]
      }
    }
    expect(await missingAt('2026-12-31T23:59:59.999Z')).toEqual([])
    expect(await missingAt(effectiveAt)).toMatchObject([{ document, version: '2027-01-01', effectiveAt }])
    await record(account, version, { decision: 'declined' })
    expect(await missingAt(effectiveAt)).toHaveLength(1)
    await record(account, version)
    expect(await missingAt(effectiveAt)).toEqual([])
    expect(await gate.require(account, new Date(effectiveAt))).toContain(`${document}@2027-01-01`)
    expect(await gate.inForce(account, now)).not.toContain(`${document}@`)
  })
})
