import { TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountRoutes } from '../../functions/accounts/accounts.routes.ts'
import { creditRoutes } from '../../functions/credits/credits.routes.ts'
import { createUndoing } from '../../functions/credits/undo-entry.store.ts'
import { writeCursor } from '../../functions/edge/cursor.ts'
import {
  debit,
  type ReversalRefusal,
  reverse as reverseEntry,
} from '../../functions/ledger/decide-movement.ts'
import type { Entry } from '../../functions/ledger/entry.ts'
import { createLedger, type Ledger } from '../../functions/ledger/ledger.store.ts'
import { formatAmount } from '../../functions/ledger/money.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { lotRoutes } from '../../functions/lots/lots.routes.ts'
import { statementRoutes } from '../../functions/statements/statements.routes.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { type Reply, send, staffClaims, useDatabase } from '../support/request.ts'

const UNIT = 1_000_000n
let database: TestDatabase
let ledger: Ledger
let handlers: Record<'accounts' | 'credit' | 'refund' | 'reverse' | 'lots' | 'statements', unknown>
let requests = 0

beforeAll(async () => {
  database = await startTestDatabase()
  ledger = createLedger(database)
  useDatabase(database)
  handlers = {
    accounts: (await import('../../functions/accounts/accounts.handler.ts')).handler,
    credit: (await import('../../functions/credits/give-credit.handler.ts')).handler,
    refund: (await import('../../functions/credits/refund-entry.handler.ts')).handler,
    reverse: (await import('../../functions/credits/reverse-entry.handler.ts')).handler,
    lots: (await import('../../functions/lots/lots.handler.ts')).handler,
    statements: (await import('../../functions/statements/statements.handler.ts')).handler,
  }
})
afterAll(() => database.stop())

const claims = staffClaims
const keyed = (key = `key-${++requests}`) => ({ 'idempotency-key': key })

async function openAccount(timeZone = 'UTC'): Promise<string> {
  const owner = { ownerEmail: 'owner@example.com', name: 'Example', clientType: 'hosted' }
  const body = { ...owner, currency: 'USD', timeZone }
  const reply = await send(handlers.accounts, {
    route: accountRoutes.openAccount,
    body,
    headers: keyed(),
    claims,
  })
  return String(reply.body.accountId)
}

const give = (accountId: string, amount: string, more: Record<string, unknown> = {}, key?: string) =>
  send(handlers.credit, {
    route: creditRoutes.giveCredit,
    path: { accountId },
    body: { kind: 'promotional', amount, currency: 'USD', reason: 'Welcome', ...more },
    headers: keyed(key),
    claims,
  })

const refund = (
  accountId: string,
  sequence: bigint,
  amount: unknown,
  more: Record<string, unknown> = {},
  key?: string,
) =>
  send(handlers.refund, {
    route: creditRoutes.refundEntry,
    path: { accountId, sequence: String(sequence) },
    body: { amount, currency: 'USD', reason: 'The line was down', ...more },
    headers: keyed(key),
    claims,
  })

const reverse = (accountId: string, sequence: bigint) =>
  send(handlers.reverse, {
    route: creditRoutes.reverseEntry,
    path: { accountId, sequence: String(sequence) },
    body: { reason: 'A mistake' },
    headers: keyed(),
    claims,
  })

const listLots = (accountId: string, query: Record<string, string> = {}) =>
  send(handlers.lots, { route: lotRoutes.listLots, path: { accountId }, query, claims })

async function charge(accountId: string, amountMicros: bigint): Promise<Entry> {
  const lowering = { amountMicros, currency: 'USD', reason: 'r', actor: 'a', detail: {} }
  const posted = await ledger.post({
    accountId,
    at: new Date().toISOString(),
    decide: (head) => debit(head, { ...lowering, kind: 'charge', contra: 'revenue:charge' }),
  })
  if (!posted.ok) throw new Error(posted.reason)
  return posted.entry
}

async function prove(accountId: string) {
  const { head, lots } = (await ledger.readLots(accountId))!
  const entries = await ledger.listEntries(accountId, { limit: 1000, ascending: true })
  return { head, lots, entries, faults: proveAccount(head, entries, lots) }
}

const code = ({ status, body }: Reply) => [status, body.code]
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

describe('credit with a last day', () => {
  it('is a lot that expires at the midnight after it, in the account’s time zone', async () => {
    const accountId = await openAccount('Asia/Kolkata')
    const lastDay = inDays(40)
    const given = await give(accountId, '50.00', { lastDay })
    const expiresAt = new Date(Date.parse(`${lastDay}T18:30:00.000Z`)).toISOString()
    expect(given.body).toMatchObject({
      kind: 'credit',
      detail: { creditKind: 'promotional', lastDay },
      postings: [{}, { account: 'credit:promotional' }],
      lots: [{ transaction: 1, source: 'promotional', amount: { amount: '50.00' }, expiresAt }],
    })
    await give(accountId, '5.00', { kind: 'migration' })
    expect((await listLots(accountId)).body).toEqual({
      lots: [
        {
          transaction: 1,
          source: 'promotional',
          remaining: { amount: '50.00', currency: 'USD' },
          expiresAt,
          lastDay,
        },
        { transaction: 2, source: 'migration', remaining: { amount: '5.00', currency: 'USD' } },
      ],
    })
    const balance = await send(handlers.statements, {
      route: statementRoutes.readBalance,
      path: { accountId },
      claims,
    })
    expect(balance.body).toMatchObject({
      available: { amount: '55.00' },
      nextExpiry: { amount: { amount: '50.00' }, expiresAt, lastDay },
    })
  })

  it('is refused by its field where the day is past, far ahead or none, and nothing is written', async () => {
    const accountId = await openAccount()
    const bad = [
      inDays(-2),
      inDays(3_700),
      '9999-12-31',
      '2026-02-30',
      '31.12.2026',
      '',
      20261231,
      null,
      'never',
    ]
    for (const lastDay of bad) {
      const reply = await give(accountId, '1.00', { lastDay })
      expect([lastDay, reply.status, reply.body.errors?.[0]?.field]).toEqual([lastDay, 400, 'lastDay'])
    }
    const farthest = await give(accountId, '1.00', { lastDay: '9999-12-31' })
    expect(farthest.body.detail).toBe('lastDay: must be at most 10 years ahead')
    expect((await prove(accountId)).entries).toEqual([])
  })

  it('is given once per key, and another last day is another request', async () => {
    const accountId = await openAccount()
    const [first, second] = [
      await give(accountId, '1.00', { lastDay: inDays(3) }, 'once'),
      await give(accountId, '1.00', { lastDay: inDays(3) }, 'once'),
    ]
    expect(second.text).toBe(first.text)
    expect(code(await give(accountId, '1.00', { lastDay: inDays(4) }, 'once'))).toEqual([
      409,
      'idempotency_key_reused',
    ])
    expect((await prove(accountId)).entries).toHaveLength(1)
  })
})

describe('the lots of an account', () => {
  it('come page by page, each once, in the order of use', async () => {
    const accountId = await openAccount()
    for (let count = 0; count < 30; count++) await give(accountId, '1.00', { lastDay: inDays(40 - count) })
    const seen: unknown[] = []
    let cursor: string | undefined
    do {
      const page = await listLots(accountId, { limit: '7', ...(cursor && { cursor }) })
      expect(page.status).toBe(200)
      seen.push(
        ...(page.body.lots as unknown as { transaction: number }[]).map(({ transaction }) => transaction),
      )
      cursor = page.body.nextCursor as unknown as string | undefined
    } while (cursor)
    expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => 30 - index))
    const forged = ['\ud800', 'x', '~', '2026-11-23', ''].map((after) => writeCursor({ after }))
    for (const cursor of ['x', ...forged]) {
      const refused = await listLots(accountId, { cursor })
      expect([refused.status, refused.body.errors?.[0]?.field]).toEqual([400, 'cursor'])
    }
    expect((await listLots('acc_unknown00')).status).toBe(404)
  })
})

describe('a refund', () => {
  it('gives back to the lots that the charge was drawn from, once per key', async () => {
    const accountId = await openAccount()
    await give(accountId, '2.00', { lastDay: inDays(9) })
    await give(accountId, '10.00', { kind: 'migration' })
    const { sequence } = await charge(accountId, 5n * UNIT)
    const replies = await Promise.all([1, 2, 3].map(() => refund(accountId, sequence, '4.00', {}, 'one')))
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
    expect(replies[0]!.body).toMatchObject({
      kind: 'refund',
      amount: { amount: '4.00' },
      reverses: 3,
      key: 'refund:3:one',
      lots: [
        { transaction: 2, amount: { amount: '3.00' } },
        { transaction: 1, amount: { amount: '1.00' } },
      ],
    })
    const { head, faults } = await prove(accountId)
    expect([head.availableMicros, faults]).toEqual([11n * UNIT, []])
  })

  it('never exceeds what was charged, also where several come at once', async () => {
    const accountId = await openAccount()
    await give(accountId, '10.00')
    const { sequence } = await charge(accountId, 10n * UNIT)
    const replies = await Promise.all(Array.from({ length: 8 }, () => refund(accountId, sequence, '3.00')))
    expect(replies.map(code).sort()).toEqual([
      ...Array.from({ length: 3 }, () => [201, undefined]),
      ...Array.from({ length: 5 }, () => [409, 'more_than_left']),
    ])
    expect(replies.find(({ status }) => status === 409)!.body).toMatchObject({
      charged: { amount: '10.00' },
      left: { amount: '1.00' },
      errors: [{ field: 'amount' }],
    })
    expect((await refund(accountId, sequence, '1.00')).status).toBe(201)
    const { head, faults } = await prove(accountId)
    expect([head.availableMicros, faults]).toEqual([10n * UNIT, []])
  })

  it('and a reversal exclude each other, and say what is left', async () => {
    const accountId = await openAccount()
    await give(accountId, '10.00')
    const [one, other] = [await charge(accountId, 4n * UNIT), await charge(accountId, 4n * UNIT)]
    await refund(accountId, one.sequence, '1.50')
    const refused = await reverse(accountId, one.sequence)
    expect(code(refused)).toEqual([409, 'already_refunded'])
    expect(refused.body).toMatchObject({ refunded: { amount: '1.50' }, left: { amount: '2.50' } })
    expect((await reverse(accountId, other.sequence)).status).toBe(201)
    expect(code(await refund(accountId, other.sequence, '1.00'))).toEqual([409, 'already_reversed'])
    const third = await charge(accountId, 2n * UNIT)
    const both = await Promise.all([
      reverse(accountId, third.sequence),
      refund(accountId, third.sequence, '2.00'),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
    const { head, faults } = await prove(accountId)
    expect([head.availableMicros, faults]).toEqual([11_500_000n - 4n * UNIT, []])
  })

  it('is refused where it makes no sense, and nothing is written', async () => {
    const accountId = await openAccount()
    await give(accountId, '10.00')
    const { sequence } = await charge(accountId, 5n * UNIT)
    const refunded = await refund(accountId, sequence, '1.00')
    for (const amount of ['0', '-1', '0.0000001', 1, 'NaN', null, undefined]) {
      const reply = await refund(accountId, sequence, amount)
      expect([amount, reply.status, reply.body.errors?.[0]?.field]).toEqual([amount, 400, 'amount'])
    }
    expect(code(await refund(accountId, sequence, '1.00', { currency: 'EUR' }))).toEqual([
      422,
      'wrong_currency',
    ])
    expect(code(await refund(accountId, 1n, '1.00'))).toEqual([409, 'not_refundable'])
    expect(code(await refund(accountId, BigInt(Number(refunded.body.sequence)), '1.00'))).toEqual([
      409,
      'not_refundable',
    ])
    expect(code(await refund(accountId, 99n, '1.00'))).toEqual([404, 'transaction_not_found'])
    expect(code(await refund('acc_unknown00', 1n, '1.00'))).toEqual([404, 'account_not_found'])
    await database.client.send(
      new UpdateCommand({
        TableName: database.ledgerTable,
        Key: { pk: `ACCOUNT#${accountId}`, sk: 'HEAD' },
        UpdateExpression: 'SET #status = :closed',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':closed': 'closed' },
      }),
    )
    expect(code(await refund(accountId, sequence, '1.00'))).toEqual([409, 'account_closed'])
    expect((await prove(accountId)).entries).toHaveLength(3)
  })

  it('brings each lot what it gave, whatever parts the whole charge comes back in', async () => {
    const parts = fc.array(fc.bigInt({ min: 1n, max: 4n }), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(
        parts,
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 }),
        async (amounts, days) => {
          const accountId = await openAccount()
          for (const day of days) await give(accountId, '5.00', { lastDay: inDays(day + 1) })
          const whole = amounts.reduce((sum, amount) => sum + amount, 0n) * UNIT
          const creditMicros = BigInt(days.length) * 5n * UNIT
          const before = await prove(accountId)
          if (whole > creditMicros) return
          const { sequence } = await charge(accountId, whole)
          for (const amount of amounts) {
            const reply = await refund(accountId, sequence, formatAmount(amount * UNIT, 'USD'))
            expect(reply.status).toBe(201)
          }
          expect(code(await refund(accountId, sequence, '0.000001'))).toEqual([409, 'more_than_left'])
          const after = await prove(accountId)
          expect(after.faults).toEqual([])
          expect(after.lots).toEqual(before.lots)
        },
      ),
      { numRuns: 20 },
    )
  })
})

describe('a reversal of credit of which a part has expired', () => {
  const lastDay = inDays(3)
  const midnight = `${inDays(4)}T00:00:00.000Z`
  const justBefore = new Date(Date.parse(midnight) - 1).toISOString()
  const reversing = (accountId: string, sequence: bigint, at = midnight, client = database.client) =>
    createUndoing({ ...database, client })<ReversalRefusal>({
      accountId,
      sequence,
      key: `reverse:${sequence}`,
      requestHash: 'h',
      at,
      decide: (head, entry, undone) => reverseEntry(head, entry, { reason: 'r', actor: 'a' }, undone),
    })

  async function giveAndSpend(spentMicros: bigint, bought = '10.00') {
    const accountId = await openAccount()
    await give(accountId, '10.00', { lastDay })
    if (bought !== '0') await give(accountId, bought, { kind: 'migration' })
    const charged = spentMicros > 0n ? await charge(accountId, spentMicros) : undefined
    return { accountId, charged }
  }

  it('takes back what was used of it alone, whoever lets the rest expire', async () => {
    for (const isExpiredBefore of [true, false]) {
      const { accountId } = await giveAndSpend(4n * UNIT)
      if (isExpiredBefore) await ledger.expireLots(accountId, midnight)
      const posted = await reversing(accountId, 1n)
      expect(posted).toMatchObject({
        ok: true,
        entry: {
          amountMicros: -4n * UNIT,
          postings: [{}, { account: 'credit:promotional', amountMicros: 4n * UNIT }],
          lots: [{ lot: 2n, changeMicros: -4n * UNIT }],
        },
      })
      expect(posted.ok && JSON.parse(posted.entry.detail)).toMatchObject({ expiredMicros: '6000000' })
      const { entries, head, faults } = await prove(accountId)
      expect([head.availableMicros, faults]).toEqual([6n * UNIT, []])
      const gift = entries
        .flatMap(({ postings }) => postings)
        .filter(({ account }) => account.includes('promo'))
      expect(gift.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)).toBe(0n)
      expect(await reversing(accountId, 1n)).toMatchObject({ ok: true, replayed: true })
    }
  })

  it('is refused when all of it has expired, or what was used of it is not there', async () => {
    const unused = await giveAndSpend(0n)
    expect(await reversing(unused.accountId, 1n)).toEqual({ ok: false, reason: 'not_reversible' })
    const spent = await giveAndSpend(4n * UNIT, '0')
    expect(await reversing(spent.accountId, 1n)).toMatchObject({
      reason: 'insufficient_credit',
      shortfallMicros: 4n * UNIT,
    })
    expect((await prove(unused.accountId)).head.availableMicros).toBe(10n * UNIT)
  })

  it('counts what came back to it and expired later, and comes out the same whichever clock is ahead', async () => {
    const { accountId, charged } = await giveAndSpend(4n * UNIT)
    await ledger.expireLots(accountId, midnight)
    await refund(accountId, charged!.sequence, '1.00')
    await ledger.expireLots(accountId, midnight)
    expect(await reversing(accountId, 1n, justBefore)).toMatchObject({ entry: { amountMicros: -3n * UNIT } })
    const { head, faults } = await prove(accountId)
    expect([head.availableMicros, faults]).toEqual([7n * UNIT, []])
  })

  it('is not fooled by credit that expires between its look and its write', async () => {
    const { accountId } = await giveAndSpend(4n * UNIT)
    let isFirst = true
    const interrupted = interposedClient(database.client, async (command, pass) => {
      if (command instanceof TransactWriteCommand && isFirst) {
        isFirst = false
        await createLedger(database).expireLots(accountId, midnight)
      }
      return pass()
    })
    const posted = await reversing(accountId, 1n, justBefore, interrupted)
    expect(posted).toMatchObject({ entry: { amountMicros: -4n * UNIT } })
    const { head, faults } = await prove(accountId)
    expect([head.availableMicros, faults]).toEqual([6n * UNIT, []])
  })
})
