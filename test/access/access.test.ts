import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAccess } from '../../functions/access/access.store.ts'
import type { Account, MemberRole } from '../../functions/accounts/account.ts'
import { createMemberStore } from '../../functions/accounts/member.store.ts'
import { openAccount } from '../../functions/accounts/open-account.store.ts'
import type { Caller } from '../../functions/edge/caller.ts'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import { draftTerms } from '../../functions/terms/publish-terms.ts'
import { createTermsStore } from '../../functions/terms/terms.store.ts'
import { publishTermsSchema } from '../../functions/terms/terms.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

const at = '2026-11-23T12:00:00.000Z'
const EFFECTIVE_AT = '2026-12-01T00:00:00.000Z'
let database: TestDatabase
let access: ReturnType<typeof createAccess>
let opened = 0

beforeAll(async () => {
  database = await startTestDatabase()
  access = createAccess(database)
})
afterAll(() => database.stop())
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(at) })
  return () => vi.useRealTimers()
})

const person = (email: string): Caller => ({ kind: 'client', actor: 'person:1', subject: '1', email })
const staff: Caller = { kind: 'staff', actor: 'machine:staff', subject: 'staff' }
const usage: Caller = { kind: 'usage', actor: 'machine:usage', subject: 'usage' }

async function openNew(clientType: Account['clientType'] = 'hosted'): Promise<string> {
  opened += 1
  const account: Account = {
    accountId: `acc_access${String(opened).padStart(5, '0')}`,
    ...{ name: 'Example Telephony', clientType, currency: 'USD', timeZone: 'UTC' },
    ...{ lowCreditThresholdMicros: 0n, createdAt: at },
  }
  const ledgerOpening = createLedger(database).openingOf(account.accountId, 'USD')
  await openAccount(database, { account, ownerEmail: 'owner@example.com', requestHash: 'x', ledgerOpening })
  return account.accountId
}

const addMember = (accountId: string, email: string, role: MemberRole) =>
  createMemberStore(database).add({ accountId, email, role, addedAt: at })

describe('access', () => {
  it('answers another client’s account just as one that is not there', async () => {
    const accountId = await openNew()
    const roles = ['owner'] as const
    const asked = [
      () => access.require(person('other@example.com'), accountId, { roles }),
      () => access.require(staff, 'acc_unknown00', { roles: [], staff: true }),
      () => access.require({ ...staff, kind: 'client' }, accountId, { roles }),
    ]
    for (const ask of asked) await expect(ask()).rejects.toMatchObject({ code: 'account_not_found' })
  })

  it('refuses a member whose role is too small, and staff and machines unless they are named', async () => {
    const accountId = await openNew()
    await addMember(accountId, 'viewer@example.com', 'viewer')
    const allowed = { roles: ['owner', 'billing'] as const }
    for (const caller of [person('viewer@example.com'), staff, usage])
      await expect(access.require(caller, accountId, allowed)).rejects.toMatchObject({
        code: 'role_not_allowed',
      })
    expect(await access.require(person('owner@example.com'), accountId, allowed)).toMatchObject({ accountId })
    expect(await access.require(staff, accountId, { ...allowed, staff: true })).toMatchObject({ accountId })
    expect(await access.require(usage, accountId, { ...allowed, usage: true })).toMatchObject({ accountId })
  })

  it('is closed to a client’s people, and to them alone, from the instant on from which terms wait, but for what is theirs despite it', async () => {
    const accountId = await openNew('private_cloud')
    const publication = publishTermsSchema.parse({
      ...{ document: 'terms-of-service', version: '2026-12-01', title: 'Terms', class: 'material' },
      ...{ clientTypes: ['private_cloud'], effectiveAt: EFFECTIVE_AT, text: '# Terms' },
    })
    const { draft, publicationHash } = draftTerms(publication, { actor: 'person:staff', at })
    await createTermsStore(database).publish(draft, publicationHash)
    const owner = person('owner@example.com')
    const allowed = { roles: ['owner'] as const, staff: true, usage: true }

    vi.setSystemTime(Date.parse(EFFECTIVE_AT) - 1)
    expect(await access.require(owner, accountId, allowed)).toMatchObject({ accountId })
    vi.setSystemTime(EFFECTIVE_AT)
    await expect(access.require(owner, accountId, allowed)).rejects.toMatchObject({
      code: 'terms_required',
      extra: { missing: [{ document: 'terms-of-service', version: '2026-12-01' }] },
    })
    expect(await access.require(owner, accountId, { ...allowed, despiteTerms: true })).toMatchObject({
      accountId,
    })
    const anew = { ...allowed, staff: 'under_terms' } as const
    await expect(access.require(staff, accountId, anew)).rejects.toMatchObject({ code: 'terms_required' })
    for (const caller of [staff, usage])
      expect(await access.require(caller, accountId, allowed)).toMatchObject({ accountId })
    // Who may not see the account is not told what it has to accept.
    await expect(access.require(person('other@example.com'), accountId, allowed)).rejects.toMatchObject({
      code: 'account_not_found',
    })
    expect(await access.require(owner, await openNew('hosted'), allowed)).toBeDefined()
  })
})
