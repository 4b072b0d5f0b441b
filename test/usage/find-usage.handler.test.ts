import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountRoutes } from '../../functions/accounts/accounts.routes.ts'
import { usageRoutes } from '../../functions/usage/usage.routes.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { personClaims, send, staffClaims, useDatabase } from '../support/request.ts'
import { machineOn, NOW, numberedEvent, SOURCE } from './numbered-account.ts'
import { usageEvent } from './priced.ts'

let database: TestDatabase
let accountsHandler: unknown
let usageHandler: unknown
let usage: ReturnType<typeof machineOn>['usage']

beforeAll(async () => {
  database = await startTestDatabase()
  useDatabase(database)
  accountsHandler = (await import('../../functions/accounts/accounts.handler.ts')).handler
  usageHandler = (await import('../../functions/usage/read-usage.handler.ts')).handler
  usage = machineOn(database).usage
})
afterAll(() => database.stop())

async function openAccount(ownerEmail: string): Promise<string> {
  const reply = await send(accountsHandler, {
    route: accountRoutes.openAccount,
    body: { name: 'Example', clientType: 'hosted', currency: 'USD', ownerEmail },
    headers: { 'idempotency-key': `open-${ownerEmail}` },
    claims: staffClaims,
  })
  return String(reply.body.accountId)
}

const find = (query: Record<string, string>, claims: Record<string, unknown> = staffClaims) =>
  send(usageHandler, { route: usageRoutes.findUsage, query: { source: SOURCE, ...query }, claims })

describe('looking for a usage event', () => {
  it('finds a client’s own, also where another client’s event has the same source and id', async () => {
    const other = await openAccount('other@example.com')
    const own = await openAccount('own@example.com')
    await usage.deduct(other, [usageEvent(other, { source: SOURCE, id: 'shared' })], NOW)
    await usage.deduct(own, [numberedEvent(own, 1, { id: 'shared' })], NOW)
    const window = { from: '2026-11-23T00:00:00Z', to: '2026-11-24T00:00:00Z' }
    const asked = { id: 'shared', accountId: own, ...window }
    for (const claims of [personClaims('own@example.com'), staffClaims]) {
      const { status, body } = await find(asked, claims)
      expect([status, body.accountId, body.sequence]).toEqual([200, own, '1'])
    }
    expect((await find(asked, personClaims('other@example.com'))).status).toBe(404)
    expect((await find({ id: 'shared' }, personClaims('own@example.com'))).status).toBe(404)
  })

  it('names a bound that leaves no time to look through', async () => {
    const accountId = await openAccount('bounds@example.com')
    for (const [bound, at] of [
      ['from', '9999-01-01T00:00:00Z'],
      ['to', '2020-01-01T00:00:00Z'],
    ] as const) {
      const { status, body } = await find({ id: 'x', accountId, [bound]: at })
      expect([status, body.errors?.[0]?.field]).toEqual([400, bound])
    }
  })
})
