import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountRoutes } from '../../functions/accounts/accounts.routes.ts'
import { creditRoutes } from '../../functions/credits/credits.routes.ts'
import { createLedger, type Ledger } from '../../functions/ledger/ledger.store.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { personClaims, send, staffClaims, useDatabase } from '../support/request.ts'

let database: TestDatabase
let ledger: Ledger
let accountsHandler: unknown
let creditHandler: unknown
let reversalHandler: unknown
let requests = 0

beforeAll(async () => {
  database = await startTestDatabase()
  ledger = createLedger(database)
  useDatabase(database)
  accountsHandler = (await import('../../functions/accounts/accounts.handler.ts')).handler
  creditHandler = (await import('../../functions/credits/give-credit.handler.ts')).handler
  reversalHandler = (await import('../../functions/credits/reverse-entry.handler.ts')).handler
})
afterAll(() => database.stop())

async function openAccount(): Promise<string> {
  const body = { name: 'Example', clientType: 'hosted', currency: 'USD', ownerEmail: 'owner@example.com' }
  const headers = { 'idempotency-key': `open-${++requests}` }
  const reply = await send(accountsHandler, {
    route: accountRoutes.openAccount,
    body,
    headers,
    claims: staffClaims,
  })
  expect(reply.status).toBe(201)
  return String(reply.body.accountId)
}

const giveCredit = (
  accountId: string,
  key: string,
  amount: unknown = '20.00',
  more: Record<string, unknown> = {},
) =>
  send(creditHandler, {
    route: creditRoutes.giveCredit,
    path: { accountId },
    body: { kind: 'goodwill', amount, currency: 'USD', reason: 'An outage', ...more },
    headers: { 'idempotency-key': key },
    claims: staffClaims,
  })

const reverse = (accountId: string, sequence: string, key: string, reason = 'A mistake') =>
  send(reversalHandler, {
    route: creditRoutes.reverseEntry,
    path: { accountId, sequence },
    body: { reason },
    headers: { 'idempotency-key': key },
    claims: staffClaims,
  })

async function expectProven(accountId: string, availableMicros: bigint, entries: number) {
  const head = (await ledger.readHead(accountId))!
  const history = await ledger.listEntries(accountId, { limit: 1000, ascending: true })
  expect(proveAccount(head, history)).toEqual([])
  expect([head.availableMicros, history.length]).toEqual([availableMicros, entries])
}

describe('a credit', () => {
  it('raises the balance once however often it is sent, with the first reply each time', async () => {
    const accountId = await openAccount()
    const replies = await Promise.all(Array.from({ length: 5 }, () => giveCredit(accountId, 'one')))
    expect(replies.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201])
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
    expect(replies[0]!.body).toMatchObject({
      sequence: 1,
      kind: 'credit',
      amount: { amount: '20.00' },
      key: 'credit:one',
    })
    expect(replies[0]!.body.postings).toMatchObject([
      {},
      { account: 'credit:goodwill', amount: { amount: '-20.00' } },
    ])
    await expectProven(accountId, 20_000_000n, 1)
  })

  it('is refused under a key that carried another one', async () => {
    const accountId = await openAccount()
    await giveCredit(accountId, 'one')
    expect((await giveCredit(accountId, 'one', '21.00')).body.code).toBe('idempotency_key_reused')
    await expectProven(accountId, 20_000_000n, 1)
  })

  it('is refused with the field’s name when it is not what it should be, and nothing is written', async () => {
    const accountId = await openAccount()
    for (const amount of [
      '-1',
      'NaN',
      '1e400',
      '0',
      '0.0000001',
      20,
      '9007199254740993000',
      '',
      '1,5',
      null,
    ]) {
      const reply = await giveCredit(accountId, 'bad', amount)
      expect([amount, reply.status, reply.body.errors?.[0]?.field]).toEqual([amount, 400, 'amount'])
    }
    expect((await giveCredit(accountId, 'bad', '1', { reason: 'x'.repeat(501) })).status).toBe(400)
    expect((await giveCredit(accountId, 'bad', '1', { more: 1 })).body.errors?.[0]?.field).toBe('more')
    const other = await giveCredit(accountId, 'bad', '1', { currency: 'EUR' })
    expect([other.status, other.body.code]).toEqual([422, 'wrong_currency'])
    expect(other.body.errors).toMatchObject([{ field: 'currency' }])
    expect((await giveCredit('acc_unknown00', 'bad')).status).toBe(404)
    await expectProven(accountId, 0n, 0)
  })

  it('is refused with a reason that no database gives back as it was, and the account stays provable', async () => {
    const accountId = await openAccount()
    await giveCredit(accountId, 'good', '20.00', { reason: 'An outage 😀, naïve' })
    for (const reason of ['half a character: \ud800', '\udc00 reversed', 'a\u0000b']) {
      expect((await giveCredit(accountId, 'bad', '1', { reason })).body.errors?.[0]?.field).toBe('reason')
      expect((await reverse(accountId, '1', 'bad', reason)).body.errors?.[0]?.field).toBe('reason')
    }
    await expectProven(accountId, 20_000_000n, 1)
  })

  it('is for staff alone', async () => {
    const accountId = await openAccount()
    const request = {
      route: creditRoutes.giveCredit,
      path: { accountId },
      headers: { 'idempotency-key': 'x' },
    }
    const body = { kind: 'goodwill', amount: '1', currency: 'USD', reason: 'x' }
    const claims = personClaims('owner@example.com')
    expect((await send(creditHandler, { ...request, body, claims })).body.code).toBe('role_not_allowed')
    expect((await send(creditHandler, { ...request, body })).status).toBe(401)
  })
})

describe('a reversal', () => {
  it('undoes a transaction once, whatever the keys', async () => {
    const accountId = await openAccount()
    await giveCredit(accountId, 'one')
    const replies = await Promise.all(['a', 'b', 'c', 'd'].map((key) => reverse(accountId, '1', key)))
    expect(replies.map(({ status }) => status)).toEqual([201, 201, 201, 201])
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
    expect(replies[0]!.body).toMatchObject({
      sequence: 2,
      kind: 'reversal',
      reverses: 1,
      amount: { amount: '-20.00' },
    })
    expect((await reverse(accountId, '1', 'a', 'Another reason')).body.code).toBe('already_reversed')
    await expectProven(accountId, 0n, 2)
  })

  it('is refused for what is not there, what is a reversal, and what is no number', async () => {
    const accountId = await openAccount()
    await giveCredit(accountId, 'one')
    await reverse(accountId, '1', 'a')
    expect((await reverse(accountId, '2', 'a')).body.code).toBe('not_reversible')
    expect((await reverse(accountId, '3', 'a')).body.code).toBe('transaction_not_found')
    for (const sequence of ['0', '-1', '1.5', 'x', '01']) {
      const reply = await reverse(accountId, sequence, 'a')
      expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([400, 'sequence'])
    }
    await expectProven(accountId, 0n, 2)
  })
})
