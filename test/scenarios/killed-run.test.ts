import { afterAll, beforeAll, expect, it } from 'vitest'
import { createApiClient } from '../../cli/api-client.ts'
import type { RunReply } from '../../cli/drawdown/run.ts'
import { readKept } from '../../cli/month/read-kept.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { startLocalStack } from '../../local/stack.ts'
import { type DoomedStack, startDoomedStack } from '../support/doomed-stack.ts'
import { refusalOf } from '../support/stack.ts'

const PERIOD = '2026-12'
/** Enough that their segments are not all done at once. */
const ACCOUNTS = 40
const AT_ONCE = 2
/** Each fourth has no credit. */
const WITHOUT_CREDIT = ACCOUNTS / 4

let first: DoomedStack
beforeAll(async () => {
  first = await startDoomedStack('2026-11-30T23:50:00.000Z')
}, 300_000)
afterAll(() => first?.remove())

async function openAccount(number: number): Promise<string> {
  const { staff } = first
  const { accountId } = await staff.send<{ accountId: string }>('POST', '/v1/accounts', {
    body: {
      ...{ name: `Client ${number}`, clientType: 'hosted', currency: 'USD', timeZone: 'UTC' },
      ownerEmail: `owner${number}@client.example.com`,
    },
    idempotencyKey: `open-${number}`,
  })
  const reason = 'credit to be charged'
  if (number % 4 !== 0)
    await staff.send('POST', `/v1/accounts/${accountId}/credits`, {
      body: { kind: 'goodwill', amount: '15.00', currency: 'USD', reason },
      idempotencyKey: 'credit',
    })
  const body = { planId: 'hosted-basic', services: [] }
  await staff.send('PUT', `/v1/accounts/${accountId}/plan`, { body })
  return accountId
}

async function openAccounts(): Promise<string[]> {
  const accountIds: string[] = []
  const numbers = Array.from({ length: ACCOUNTS }, (_, number) => number).values()
  const openSome = async () => {
    for (const number of numbers) accountIds.push(await openAccount(number))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, openSome))
  return accountIds
}

/** As soon as some accounts are charged. */
async function readUnderWay(): Promise<RunReply> {
  for (;;) {
    try {
      const run = await first.staff.get<RunReply>(`/v1/staff/runs/${PERIOD}`)
      if (run.done > 0) return run
    } catch (error) {
      // The run is not open yet.
      expect(await refusalOf(Promise.reject(error))).toMatchObject({ status: 404 })
    }
  }
}

it('goes on with a run in whose middle everything was killed, and charges everybody once', async () => {
  const plan = { name: 'Hosted basic', clientType: 'hosted', currency: 'USD', baseFee: '10.00', services: [] }
  await first.staff.send('PUT', '/v1/plans/hosted-basic', { body: plan })
  const accountIds = await openAccounts()
  first.beginMoveTo('2026-12-01T00:30:00.000Z')
  const seen = await readUnderWay()
  await first.kill()
  expect(seen.done).toBeLessThan(ACCOUNTS)
  expect(seen).toMatchObject({ status: 'open', accountsPerSecond: expect.any(Number), closingScan: null })
  expect(seen.segments.open).toBeGreaterThan(0)
  expect(Date.parse(seen.expectedEnd!)).toBeGreaterThan(Date.parse('2026-12-01T00:00:00.000Z'))

  const stack = await startLocalStack({ folder: first.folder, port: 0, quiet: true })
  try {
    const staff = createApiClient(stack.apiUrl, () => stack.staffToken())
    const readRun = () => staff.get<RunReply>(`/v1/staff/runs/${PERIOD}`)
    await stack.clock.advanceTo('2026-12-01T12:30:00.000Z')
    await stack.waitUntilIdle()
    const counts = { charged: ACCOUNTS - WITHOUT_CREDIT, short: WITHOUT_CREDIT }
    expect(await readRun()).toMatchObject({
      ...{ status: 'closed', accounts: ACCOUNTS, done: ACCOUNTS, expectedEnd: null },
      counts: { ...counts, failed: 0 },
      closingScan: { accounts: ACCOUNTS, counts, findingCount: 0 },
    })
    for (const { head, entries } of await readKept(stack, accountIds)) {
      expect(proveAccount(head, entries)).toEqual([])
      const lines = entries.filter(({ kind }) => kind === 'plan' || kind === 'plan_short')
      expect(lines).toHaveLength(1)
    }
  } finally {
    await stack.close()
  }
}, 180_000)
