import { afterAll, beforeAll, expect, it } from 'vitest'
import { openAccount } from '../../functions/accounts/open-account.store.ts'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import { createGapRelease } from '../../functions/usage/release-gap.store.ts'
import { usageRoutes } from '../../functions/usage/usage.routes.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { send, staffClaims, useDatabase } from '../support/request.ts'
import { historyOf, machineOn, NOW, numberedEvents, SOURCE } from './numbered-account.ts'

const accountId = 'acc_releases0001'
let database: TestDatabase
let handler: unknown

beforeAll(async () => {
  database = await startTestDatabase()
  useDatabase(database)
  process.env.FILES_BUCKET = 'files'
  handler = (await import('../../functions/usage/release-gap.handler.ts')).handler
  const ledgerOpening = createLedger(database).openingOf(accountId, 'USD')
  const settings = { name: 'Example', clientType: 'hosted', currency: 'USD', timeZone: 'UTC' } as const
  const account = { accountId, ...settings, lowCreditThresholdMicros: 0n, createdAt: NOW }
  await openAccount(database, { account, ownerEmail: 'owner@example.com', requestHash: 'x', ledgerOpening })
})
afterAll(() => database.stop())

it('takes up what waits where a process died after the entry of a release, under whatever key it is asked again', async () => {
  const { usage, ledger, numbered } = machineOn(database)
  await usage.deduct(accountId, numberedEvents(accountId, 3, 4), NOW)
  const asked = { source: SOURCE, through: 2, reason: 'lost', actor: 'machine:staff' }
  const request = { key: 'gap-release:first', requestHash: 'x', at: NOW }
  expect(await createGapRelease({ ledger, numbered }).release(accountId, asked, request)).toMatchObject({
    ok: true,
  })
  expect((await historyOf(database, accountId)).decided).toEqual([])
  const reply = await send(handler, {
    route: usageRoutes.releaseGap,
    path: { accountId },
    body: { source: SOURCE, through: 2, reason: 'lost' },
    headers: { 'idempotency-key': 'second' },
    claims: staffClaims,
  })
  expect(reply).toMatchObject({ status: 409, body: { code: 'nothing_waits' } })
  const { decided, head } = await historyOf(database, accountId)
  expect(decided.map(({ event }) => event.number)).toEqual([3, 4])
  expect(Object.values(head.watermarks)).toEqual([{ last: 4n, isWaiting: false }])
})
