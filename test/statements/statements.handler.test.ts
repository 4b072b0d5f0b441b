import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAccount } from '../../functions/accounts/open-account.store.ts'
import { decideCredit } from '../../functions/credits/give-credit.ts'
import { createLedger, type Ledger } from '../../functions/ledger/ledger.store.ts'
import { statementRoutes } from '../../functions/statements/statements.routes.ts'
import type { EventDecision } from '../../functions/usage/decide-usage.ts'
import { draftUsageEntry } from '../../functions/usage/usage-entry.ts'
import { usageMarkerOf } from '../../functions/usage/usage-record.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { personClaims, send, useDatabase } from '../support/request.ts'

const accountId = 'acc_statements1'
const at = '2026-11-23T12:00:00.000Z'
const claims = personClaims('owner@example.com')
let database: TestDatabase
let ledger: Ledger
let handler: unknown

beforeAll(async () => {
  database = await startTestDatabase()
  useDatabase(database)
  ledger = createLedger(database)
  handler = (await import('../../functions/statements/statements.handler.ts')).handler
  const ledgerOpening = ledger.openingOf(accountId, 'USD')
  const settings = { name: 'Example', clientType: 'hosted', currency: 'USD', timeZone: 'UTC' } as const
  const account = { accountId, ...settings, lowCreditThresholdMicros: 0n, createdAt: at }
  await openAccount(database, { account, ownerEmail: 'owner@example.com', requestHash: 'x', ledgerOpening })
  const given = {
    kind: 'goodwill',
    amountMicros: 20_000_000n,
    currency: 'USD',
    actor: 'machine:staff',
  } as const
  const reason = '=1+1, "quoted"'
  await ledger.post({
    accountId,
    key: 'credit:1',
    at,
    decide: (head) => decideCredit(head, { ...given, reason }, { timeZone: 'UTC', at }),
  })
  await ledger.post({ accountId, at, decide: (head) => usagePosting(head.availableMicros) })
})
afterAll(() => database.stop())

function usagePosting(availableMicros: bigint) {
  const event = {
    source: '/switch/1',
    id: 'call-1',
    accountId,
    service: 'call',
    at,
    seconds: 61,
    attributes: {},
  }
  const decision: EventDecision = {
    event,
    verdict: 'deducted',
    amountMicros: 12_345n,
    availableBeforeMicros: availableMicros,
    availableAfterMicros: availableMicros - 12_345n,
  }
  const draft = draftUsageEntry(
    { decisions: [decision], totalMicros: 12_345n, counters: {} },
    'USD',
    undefined,
  )
  return { ok: true as const, draft, markers: [usageMarkerOf(decision, 'USD', at)] }
}

const list = (query: Record<string, string> = {}, headers = {}) =>
  send(handler, { route: statementRoutes.listTransactions, path: { accountId }, query, headers, claims })
const read = (sequence: string, who = claims) =>
  send(handler, { route: statementRoutes.readTransaction, path: { accountId, sequence }, claims: who })

describe('an account’s statement over the API', () => {
  it('has the balance with its newest number, and no upcoming charge without a plan', async () => {
    const reply = await send(handler, { route: statementRoutes.readBalance, path: { accountId }, claims })
    expect(reply.body).toEqual({
      ...{ accountId, status: 'open', currency: 'USD', sequence: 2 },
      available: { amount: '19.987655', currency: 'USD' },
      outlook: {
        runway: { lasts: 'unknown', reason: 'nothing_is_taken', basis: 'no usage, no service plan' },
      },
      held: { amount: '0.00', currency: 'USD' },
    })
  })

  it('goes on where the page before ended', async () => {
    const first = await list({ limit: '1' })
    expect(first.body.transactions).toMatchObject([
      { sequence: 2, kind: 'usage', amount: { amount: '-0.012345' } },
    ])
    const second = await list({ limit: '1', cursor: String(first.body.nextCursor) })
    expect(second.body.transactions).toMatchObject([{ sequence: 1, kind: 'credit' }])
    expect(second.body.nextCursor).toBeUndefined()
  })

  it('comes as CSV, safe for spreadsheets, with the next page in its Link header', async () => {
    const reply = await list({ limit: '1', kind: 'credit' }, { accept: 'text/csv' })
    expect(reply.headers['content-type']).toBe('text/csv; charset=utf-8; header=present')
    expect(reply.text.split('\r\n')[1]).toContain(`20.00,USD,0.00,20.00,"'=1+1, ""quoted""",machine:staff`)
    const page = await list({ limit: '1' }, { accept: 'text/csv' })
    expect(page.headers.link).toMatch(/^<\?limit=1&cursor=[\w-]+>; rel="next"$/)
  })

  it('explains a usage transaction by its events', async () => {
    const events = [
      { source: '/switch/1', id: 'call-1', verdict: 'deducted', amount: { amount: '0.012345' } },
    ]
    expect((await read('2')).body).toMatchObject({ kind: 'usage', events })
  })

  it('names what is wrong with a request, and hides other clients’ accounts', async () => {
    expect((await read('3')).body.code).toBe('transaction_not_found')
    for (const sequence of ['x', '0', '1.0', '9'.repeat(13)]) {
      const reply = await read(sequence)
      expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([400, 'sequence'])
    }
    expect((await read('1', personClaims('other@example.com'))).body.code).toBe('account_not_found')
    const bad = { limit: '0', cursor: 'e30', kind: 'gift', from: 'yesterday', to: '2026-12-01', more: '1' }
    for (const [field, value] of Object.entries(bad)) {
      const reply = await list({ [field]: value })
      expect([reply.status, reply.body.errors?.[0]?.field]).toEqual([400, field])
    }
    expect(
      (await list({ to: '9999-12-31T23:59:59Z', from: '0001-01-01T00:00:00Z' })).body.transactions,
    ).toHaveLength(2)
  })
})
