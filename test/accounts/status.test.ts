import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountRoutes } from '../../functions/accounts/accounts.routes.ts'
import { eventDetails } from '../../functions/events/event.ts'
import { eventOfStatus } from '../../functions/events/event-of-status.ts'
import { createStatusStore } from '../../functions/ledger/status.store.ts'
import { statementRoutes } from '../../functions/statements/statements.routes.ts'
import { at, type Books, createBooks, UNIT } from '../proof/books.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { personClaims, send, staffClaims, useDatabase } from '../support/request.ts'

let database: TestDatabase
let books: Books
let handler: unknown
let statements: unknown

beforeAll(async () => {
  database = await startTestDatabase()
  useDatabase(database)
  books = createBooks(database)
  handler = (await import('../../functions/accounts/accounts.handler.ts')).handler
  statements = (await import('../../functions/statements/statements.handler.ts')).handler
})
afterAll(() => database.stop())

const owner = personClaims('owner@example.com')
const set = (accountId: string, body: unknown, claims: Record<string, unknown> = staffClaims) =>
  send(handler, { route: accountRoutes.setStatus, path: { accountId }, body, claims })
const read = (accountId: string, claims: Record<string, unknown> = staffClaims) =>
  send(handler, { route: accountRoutes.readAccount, path: { accountId }, claims })

describe('an account’s status', () => {
  it('is parked: credit comes in, nothing goes out, and reading goes on', async () => {
    const accountId = await books.open()
    const reply = await set(accountId, { status: 'parked', reason: 'Disputed payment' })
    const statusChange = {
      actor: 'machine:staff-machine',
      reason: 'Disputed payment',
      at: expect.any(String),
    }
    expect(reply).toMatchObject({ status: 200, body: { accountId, status: 'parked', statusChange } })
    expect(await books.take(accountId, UNIT)).toEqual({ ok: false, reason: 'account_parked' })
    expect(await books.give(accountId, UNIT)).toMatchObject({ ok: true })
    const balance = { route: statementRoutes.readBalance, path: { accountId }, claims: owner }
    expect((await send(statements, balance)).body).toMatchObject({
      status: 'parked',
      available: { amount: '101.00' },
    })
  })

  it('shows its clients that it is parked, and staff alone why', async () => {
    const accountId = await books.open()
    expect((await read(accountId)).body).toMatchObject({ status: 'open' })
    await set(accountId, { status: 'parked', reason: 'Suspicion' })
    expect((await read(accountId)).body.statusChange).toMatchObject({ reason: 'Suspicion' })
    const shown = (await read(accountId, owner)).body
    expect([shown.status, shown.statusChange]).toEqual(['parked', undefined])
  })

  it('is opened again, and each change is kept with who, when and why', async () => {
    const accountId = await books.open()
    await set(accountId, { status: 'parked', reason: 'first' })
    await set(accountId, { status: 'open', reason: 'second' })
    expect(await books.take(accountId, UNIT)).toMatchObject({ ok: true })
    const newest = await createStatusStore(database).readNewest(accountId)
    expect(newest).toMatchObject({ status: 'open', statusBefore: 'parked', reason: 'second' })
  })

  it('is known of every instant, and HEAD says when a closed account was last opened again', async () => {
    const accountId = await books.open({ creditMicros: 0n })
    const statuses = createStatusStore(database)
    const change = (status: 'open' | 'parked' | 'closed', at: string) =>
      statuses.change({ accountId, status, at, actor: 'person:staff', reason: 'test' })
    const reopenedAt = async () => (await books.ledger.readHead(accountId))!.reopenedAt
    await change('parked', '2026-12-01T00:00:00.000Z')
    await change('open', '2026-12-02T00:00:00.000Z')
    expect(await reopenedAt()).toBe(undefined)
    await change('closed', '2026-12-03T00:00:00.000Z')
    await change('parked', '2026-12-04T00:00:00.000Z')
    await change('open', '2026-12-05T00:00:00.000Z')
    await books.give(accountId, UNIT)
    expect(await reopenedAt()).toBe('2026-12-04T00:00:00.000Z')
    const instants = ['2026-11-30', '2026-12-01', '2026-12-02', '2026-12-03', '2026-12-04', '2026-12-06']
    expect(
      await Promise.all(instants.map((day) => statuses.readAt(accountId, `${day}T00:00:00.000Z`))),
    ).toEqual(['open', 'parked', 'open', 'closed', 'parked', 'open'])
    expect(await statuses.readAt(accountId, '2026-12-03T23:59:59.999Z')).toBe('closed')
  })

  it('is set once, however often it is asked for', async () => {
    const accountId = await books.open()
    const body = { status: 'parked', reason: 'once' }
    const replies = await Promise.all(Array.from({ length: 6 }, () => set(accountId, body)))
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
    const before = (await createStatusStore(database).readNewest(accountId))!
    await set(accountId, { status: 'parked', reason: 'again' })
    expect(await createStatusStore(database).readNewest(accountId)).toEqual(before)
    expect((await books.ledger.readHead(accountId))!.revision).toBe(before.revision)
  })

  it('is not closed while there is credit, whose amounts the refusal names; then nothing moves', async () => {
    const accountId = await books.open({ creditMicros: 5n * UNIT })
    const refused = await set(accountId, { status: 'closed', reason: 'Contract ended' })
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'account_not_empty', available: { amount: '5.00' }, held: { amount: '0.00' } },
    })
    expect(refused.body.detail).toContain('5.00 USD are available')
    expect((await read(accountId)).body.status).toBe('open')
    await books.take(accountId, 5n * UNIT)
    expect(await set(accountId, { status: 'closed', reason: 'Contract ended' })).toMatchObject({
      status: 200,
    })
    expect(await books.give(accountId, UNIT)).toEqual({ ok: false, reason: 'account_closed' })
  })

  it('is not closed by a change that races with a top-up', async () => {
    for (let round = 0; round < 5; round += 1) {
      const accountId = await books.open({ creditMicros: 0n })
      const close = set(accountId, { status: 'closed', reason: 'Contract ended' })
      const [closed, given] = await Promise.all([close, books.give(accountId, UNIT)])
      expect([closed.status, given.ok]).toEqual(closed.status === 200 ? [200, false] : [409, true])
    }
  })

  it('is for staff; names what is wrong; hides what is not there', async () => {
    const accountId = await books.open()
    const body = { status: 'parked', reason: 'x' }
    expect((await set(accountId, body, owner)).body.code).toBe('role_not_allowed')
    expect((await set('acc_nobody000', body)).body.code).toBe('account_not_found')
    for (const [field, bad] of [
      ['status', { ...body, status: 'gone' }],
      ['reason', { ...body, reason: ' ' }],
      ['reason', { status: 'parked' }],
      ['more', { ...body, more: 1 }],
    ] as const) {
      const reply = await set(accountId, bad)
      expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([400, field])
    }
    expect((await read(accountId)).body.status).toBe('open')
  })

  it('is told on the bus as the event’s schema says', () => {
    const change = { ...{ accountId: 'acc_status01', revision: 7n, at, actor: 'person:x', reason: 'why' } }
    const events = (['parked', 'open', 'closed'] as const).map((status) =>
      eventOfStatus({ ...change, status, statusBefore: 'open' }),
    )
    expect(events.map(({ detail }) => detail.id)).toEqual([
      'acc_status01/account.parked/7',
      'acc_status01/account.reopened/7',
      'acc_status01/account.closed/7',
    ])
    for (const { detailType, detail } of events)
      expect(eventDetails[detailType].strict().parse(JSON.parse(JSON.stringify(detail)))).toEqual(detail)
  })
})
