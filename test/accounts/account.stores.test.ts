import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AccountStore, createAccountStore } from '../../functions/accounts/account.store.ts'
import type { Account, MemberRole } from '../../functions/accounts/account.ts'
import { changeAccount } from '../../functions/accounts/change-account.store.ts'
import { createMemberStore, type MemberStore } from '../../functions/accounts/member.store.ts'
import { openAccount } from '../../functions/accounts/open-account.store.ts'
import { writeTogether } from '../../functions/edge/write-together.ts'
import { createLedger, type Ledger } from '../../functions/ledger/ledger.store.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

const at = '2026-11-23T12:00:00.000Z'
let database: TestDatabase
let accounts: AccountStore
let members: MemberStore
let ledger: Ledger
let opened = 0

beforeAll(async () => {
  database = await startTestDatabase()
  accounts = createAccountStore(database)
  members = createMemberStore(database)
  ledger = createLedger(database)
})
afterAll(() => database.stop())

function newAccount(): Account {
  opened += 1
  return {
    accountId: `acc_account${String(opened).padStart(4, '0')}`,
    name: 'Example Telephony',
    clientType: 'hosted',
    currency: 'USD',
    timeZone: 'UTC',
    lowCreditThresholdMicros: 0n,
    createdAt: `2026-11-23T12:00:00.${String(opened).padStart(3, '0')}Z`,
  }
}

const open = (account: Account, requestHash = 'first', ownerEmail = 'owner@example.com') =>
  openAccount(database, {
    account,
    ownerEmail,
    requestHash,
    ledgerOpening: ledger.openingOf(account.accountId, account.currency),
  })

const openNew = async (ownerEmail?: string) => {
  const account = newAccount()
  await open(account, 'first', ownerEmail)
  return account.accountId
}

const addMember = (accountId: string, email: string, role: MemberRole) =>
  members.add({ accountId, email, role, addedAt: at })
const ownersOf = async (accountId: string) =>
  (await accounts.listMembers(accountId)).filter(({ role }) => role === 'owner').map(({ email }) => email)

describe('opening an account', () => {
  it('writes profile, owner and an empty ledger together', async () => {
    const account = newAccount()
    expect(await open(account)).toEqual({ ok: true, account })
    expect(await accounts.read(account.accountId)).toEqual(account)
    expect(await ownersOf(account.accountId)).toEqual(['owner@example.com'])
    expect(await ledger.readHead(account.accountId)).toMatchObject({
      availableMicros: 0n,
      sequence: 0n,
      currency: 'USD',
    })
  })

  it('answers a repeat with the account as it was opened, even when it was changed since', async () => {
    const account = newAccount()
    await open(account)
    await changeAccount(database, account.accountId, { name: 'Another name' })
    expect(await open({ ...account, createdAt: '2026-11-24T00:00:00.000Z' })).toEqual({ ok: true, account })
  })

  it('refuses another request under the same key and leaves the account as it was', async () => {
    const account = newAccount()
    await open(account)
    expect(await open({ ...account, name: 'Other' }, 'second')).toEqual({
      ok: false,
      reason: 'idempotency_key_reused',
    })
    expect((await accounts.read(account.accountId))?.name).toBe(account.name)
  })

  it('opens one account for ten requests at once, and answers all of them alike', async () => {
    const account = newAccount()
    const answers = await Promise.all(Array.from({ length: 10 }, () => open(account)))
    expect(answers.every((answer) => answer.ok && answer.account.createdAt === account.createdAt)).toBe(true)
    expect(await ownersOf(account.accountId)).toHaveLength(1)
  })
})

describe('members', () => {
  it('returns the member who is there already, and refuses another role', async () => {
    const accountId = await openNew()
    expect(await addMember(accountId, 'billing@example.com', 'billing')).toMatchObject({
      ok: true,
      replayed: false,
    })
    expect(await addMember(accountId, 'billing@example.com', 'billing')).toMatchObject({
      ok: true,
      replayed: true,
    })
    expect(await addMember(accountId, 'billing@example.com', 'viewer')).toEqual({
      ok: false,
      reason: 'member_exists',
    })
  })

  it('never removes or demotes the last owner', async () => {
    const accountId = await openNew()
    expect(await members.remove(accountId, 'owner@example.com', { at })).toEqual({
      ok: false,
      reason: 'last_owner',
    })
    expect(await members.change(accountId, 'owner@example.com', 'viewer')).toEqual({
      ok: false,
      reason: 'last_owner',
    })
    expect(await ownersOf(accountId)).toEqual(['owner@example.com'])
  })

  it('keeps one owner when two owners remove each other at once', async () => {
    for (let round = 0; round < 10; round++) {
      const accountId = await openNew()
      await addMember(accountId, 'second@example.com', 'owner')
      const outcomes = await Promise.all([
        members.remove(accountId, 'owner@example.com', { at }),
        members.change(accountId, 'second@example.com', 'billing'),
      ])
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1)
      expect(await ownersOf(accountId)).toHaveLength(1)
    }
  })

  it.each([
    ['added', (accountId: string) => addMember(accountId, 'new@example.com', 'owner')],
    ['changed', (accountId: string) => members.change(accountId, 'viewer@example.com', 'owner')],
  ])('gets an owner again where the last one was taken away: %s', async (_, makeOwner) => {
    const accountId = await openNew()
    await addMember(accountId, 'viewer@example.com', 'viewer')
    const taken = await members.remove(accountId, 'owner@example.com', { at, evenLastOwner: true })
    expect(taken).toEqual({ ok: true })
    const made = await makeOwner(accountId)
    expect(made).toMatchObject({ ok: true, member: { role: 'owner' } })
    const [email] = await ownersOf(accountId)
    expect(await members.remove(accountId, email!, { at })).toEqual({ ok: false, reason: 'last_owner' })
  })

  it('gives nobody to an account that does not exist', async () => {
    expect(await addMember('acc_nowhere0001', 'owner@example.com', 'owner')).toMatchObject({ ok: false })
    expect(await ownersOf('acc_nowhere0001')).toEqual([])
  })

  it('counts an owner once when the same person is made owner many times at once', async () => {
    const accountId = await openNew()
    await addMember(accountId, 'second@example.com', 'viewer')
    await Promise.all(
      Array.from({ length: 8 }, () => members.change(accountId, 'second@example.com', 'owner')),
    )
    expect(await members.remove(accountId, 'owner@example.com', { at })).toEqual({ ok: true })
    expect(await members.remove(accountId, 'second@example.com', { at })).toEqual({
      ok: false,
      reason: 'last_owner',
    })
  })

  it('tells that somebody is no member', async () => {
    const accountId = await openNew()
    expect(await members.remove(accountId, 'nobody@example.com', { at })).toEqual({
      ok: false,
      reason: 'member_not_found',
    })
    expect(await members.change(accountId, 'nobody@example.com', 'owner')).toEqual({
      ok: false,
      reason: 'member_not_found',
    })
  })
})

describe('lists of accounts', () => {
  it('pages all accounts newest first, each once', async () => {
    for (let count = 0; count < 5; count++) await openNew('lists@example.com')
    const seen: Account[] = []
    for (let after: Account | undefined; ; after = seen.at(-1)) {
      const page = await accounts.listAll({ limit: 3, after })
      seen.push(...page)
      if (page.length < 3) break
    }
    const times = seen.map(({ createdAt }) => createdAt)
    expect(times).toEqual([...new Set(times)].sort().reverse())
    expect(seen).toHaveLength(opened)
  })

  it('pages a person’s own accounts and nobody else’s', async () => {
    const own = [
      await openNew('own@example.com'),
      await openNew('own@example.com'),
      await openNew('own@example.com'),
    ]
    const first = await accounts.listMemberships('own@example.com', { limit: 2 })
    const rest = await accounts.listMemberships('own@example.com', {
      limit: 2,
      after: first.at(-1)!.accountId,
    })
    expect([...first, ...rest].map(({ accountId }) => accountId)).toEqual(own)
    expect((await accounts.readMany(own)).map(({ accountId }) => accountId)).toEqual(own)
  })
})

describe('changing an account', () => {
  it('keeps the time zone while there is a plan, and the other settings of that request too', async () => {
    const accountId = await openNew()
    expect(await changeAccount(database, accountId, { timeZone: 'Europe/Berlin' })).toMatchObject({
      ok: true,
    })
    const Item = { pk: `ACCOUNT#${accountId}`, sk: 'PLAN' }
    await writeTogether(database.client, [{ Put: { TableName: database.documentsTable, Item } }])
    expect(await changeAccount(database, accountId, { name: 'New', timeZone: 'UTC' })).toEqual({
      ok: false,
      reason: 'time_zone_in_use',
    })
    expect(await accounts.read(accountId)).toMatchObject({
      name: 'Example Telephony',
      timeZone: 'Europe/Berlin',
    })
    expect(await changeAccount(database, accountId, { lowCreditThresholdMicros: 5n })).toMatchObject({
      account: { lowCreditThresholdMicros: 5n },
    })
  })
})
