import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createPlanChanging } from '../../functions/plans/change-plan.store.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { createUpcomingCharge } from '../../functions/plans/upcoming-charge.store.ts'
import { createShortfallWarning } from '../../functions/plans/warn-shortfall.store.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { Died, dyingClient } from './dying-client.ts'
import { december, fullPlan } from './full-plan.ts'
import { recordingBus, UNIT } from './plan-account.ts'

let database: TestDatabase
let full: Awaited<ReturnType<typeof fullPlan>>
beforeAll(async () => {
  database = await startTestDatabase()
  full = await fullPlan(database)
})
afterAll(() => database.stop())

const january = (day: number) => december(31 + day)
const march = (day: number) => december(31 + 31 + 28 + day)

/** December is charged, and the account closed and looked at on a day after that. */
async function closeIn(day: Date) {
  const account = await full.openFull(186)
  await full.charging.chargeDue(account.accountId, december(1))
  await full.close(account, day)
  expect(await full.resultsOf(account, day)).toEqual([])
  expect(await isFound(account, 'charge')).toBe(false)
  return account
}

/** Whether the index of what is due has it. */
async function isFound({ accountId }: Account, kind: 'charge' | 'warning'): Promise<boolean> {
  const Key = { pk: `ACCOUNT#${accountId}`, sk: `DUE#${kind}` }
  const { Item } = await database.client.send(
    new GetCommand({ TableName: database.documentsTable, Key, ConsistentRead: true }),
  )
  return Item?.index1pk !== undefined
}

const termsOf = async ({ accountId }: Account) =>
  (await full.world.subscriptions.read(accountId))!.terms.map(
    ({ fromPeriod, isEnded }) => `${fromPeriod}${isEnded ? ' ended' : ''}`,
  )

describe('an account that was closed and is open again', () => {
  it('pays nothing for months that began while it was closed: its plan has ended', async () => {
    const account = await closeIn(january(1))
    await full.reopen(account, march(10))
    await full.give(account, 1000)
    expect(await full.resultsOf(account, march(10))).toEqual(Array(3).fill('nothing_to_pay'))
    expect(await full.linesOf(account)).toEqual({ lines: ['plan -186'], available: 1000n })
    expect(await termsOf(account)).toEqual(['2026-12', '2027-01 ended'])
    expect(await isFound(account, 'charge')).toBe(true)
  })

  it('foresees no charge of the months of which none is made, closed or open again, looked at or not', async () => {
    const { preview } = createUpcomingCharge(database)
    const account = await closeIn(january(1))
    expect(await preview(account, march(10))).toBeUndefined()
    await full.reopen(account, march(10))
    const nothing = { owedMicros: 0n, totalMicros: 0n, resumptionMicros: 0n, shortfallMicros: 0n }
    expect(await preview(account, march(10))).toMatchObject({ period: '2027-03', ...nothing })
    await full.charging.chargeDue(account.accountId, march(10))
    expect(await preview(account, march(10))).toMatchObject({ period: '2027-04', ...nothing })
  })

  it('foresees its next charge where no month has begun meanwhile', async () => {
    const { preview } = createUpcomingCharge(database)
    const account = await closeIn(december(10))
    expect(await preview(account, december(12))).toBeUndefined()
    await full.reopen(account, december(12))
    expect(await preview(account, december(12))).toMatchObject({
      period: '2027-01',
      totalMicros: 186n * UNIT,
    })
  })

  it('is charged again for a plan that it chooses anew, by day and by the month', async () => {
    const account = await closeIn(january(1))
    await full.reopen(account, march(30))
    await full.give(account, 1000)
    const choice = { planId: 'full', services: [{ service: 'trunk', quantity: 1n }] }
    const changed = await createPlanChanging(database).change({
      ...{ account, choice, actor: 'person:test', now: march(31) },
      ...{ key: 'plan-change:anew', requestHash: 'anew' },
    })
    expect(changed).toMatchObject({ ok: true, entry: { amountMicros: -4n * UNIT } })
    expect(await full.resultsOf(account, march(32))).toEqual(['charged'])
    expect(await full.linesOf(account)).toMatchObject({ available: 1000n - 4n - 124n })
  })

  it('keeps what it has chosen for the next month before it was looked at', async () => {
    const account = await closeIn(january(1))
    await full.reopen(account, march(10))
    await full.choose(account, ['number'], march(10))
    await full.give(account, 93)
    expect(await full.resultsOf(account, march(10))).toEqual(Array(3).fill('nothing_to_pay'))
    expect(await termsOf(account)).toEqual(['2026-12', '2027-01 ended', '2027-04'])
    expect(await full.resultsOf(account, march(32))).toEqual(['charged'])
  })

  it('goes on with its plan where no month has begun meanwhile, and the next is charged by the calendar', async () => {
    const account = await closeIn(december(10))
    await full.reopen(account, december(12))
    await full.give(account, 186)
    expect(await full.resultsOf(account, december(12))).toEqual([])
    expect(await isFound(account, 'charge')).toBe(true)
    expect(await full.resultsOf(account, january(1))).toEqual(['charged'])
  })

  it('pays what it owes, wherever the process dies and however many are at it', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let atWrite = 1; atWrite <= 5; atWrite++) {
        const account = await full.openFull(0)
        await full.charging.chargeDue(account.accountId, december(1))
        await full.close(account, december(20))
        await full.charging.chargeDue(account.accountId, january(1))
        await full.reopen(account, march(9))
        await full.give(account, 1000)
        const client = dyingClient(database.client, { atWrite, when })
        const dying = createMonthlyCharging({ ...database, client })
        await expect(dying.chargeDue(account.accountId, march(10))).rejects.toThrow(Died)
        await Promise.all([1, 2].map(() => full.charging.chargeDue(account.accountId, march(10))))
        expect(await full.linesOf(account)).toEqual({ lines: ['plan_short 0', 'plan -186'], available: 814n })
        expect(await isFound(account, 'charge')).toBe(true)
        expect(await termsOf(account)).toEqual(['2026-12', '2027-01 ended'])
      }
    }
  })

  it('is warned again', async () => {
    const account = await closeIn(december(10))
    const bus = recordingBus()
    const warning = createShortfallWarning({
      ...database,
      portalUrl: 'https://portal.example.com',
      put: bus.put,
    })
    await warning.look(account.accountId, december(20))
    expect(await isFound(account, 'warning')).toBe(false)
    await full.reopen(account, december(21))
    await warning.look(account.accountId, december(21))
    expect(await isFound(account, 'warning')).toBe(true)
    expect(bus.events).toEqual([])
    await warning.look(account.accountId, december(27))
    expect(bus.named('plan.warning')).toHaveLength(1)
  })
})
