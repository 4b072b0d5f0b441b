import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { createUpcomingCharge } from '../../functions/plans/upcoming-charge.store.ts'
import { createShortfallWarning } from '../../functions/plans/warn-shortfall.store.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { Died, dyingClient } from './dying-client.ts'
import { planAccounts, recordingBus, UNIT } from './plan-account.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
})
afterAll(() => database.stop())

const warningDay = new Date('2026-11-25T23:00:00.000Z')
const portalUrl = 'https://portal.example.com'
const warningWith = (bus: ReturnType<typeof recordingBus>, client = database.client) =>
  createShortfallWarning({ ...database, client, portalUrl, put: bus.put })

describe('warning of a shortfall', () => {
  it('says what is missing, rounded up to a coin, with a link that tops up exactly that; once', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 10n * UNIT)
    await world.take(account, 1n, 'a micro')
    const warning = warningWith(bus)
    expect(await warning.warnDue(account.accountId, new Date(warningDay.getTime() - 1))).toEqual([])
    expect(await warning.warnDue(account.accountId, warningDay)).toEqual([
      { period: '2026-12', result: 'warned' },
    ])
    expect(await warning.warnDue(account.accountId, warningDay)).toEqual([])
    expect(bus.events).toEqual([
      {
        detailType: 'plan.warning',
        detail: {
          id: `${account.accountId}/plan.warning/2026-12`,
          accountId: account.accountId,
          at: warningDay.toISOString(),
          period: '2026-12',
          chargeDate: '2026-12-01',
          need: { amount: '24.50', currency: 'USD' },
          credit: { amount: '9.999999', currency: 'USD' },
          shortfall: { amount: '14.51', currency: 'USD' },
          exactShortfall: { amount: '14.500001', currency: 'USD' },
          topUpUrl: `https://portal.example.com/top-up?account=${account.accountId}&amount=14.51&currency=USD`,
        },
      },
    ])
    await world.give(account, 14_510_000n, 'as the link says')
    const charging = createMonthlyCharging(database)
    const { months } = await charging.chargeDue(account.accountId, new Date('2026-12-01T00:00:00.000Z'))
    expect(months).toEqual([{ period: '2026-12', result: 'charged' }])
  })

  it('does not count credit that expires before the charge, or at its very instant', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 20n * UNIT)
    await world.give(account, 6n * UNIT, 'a gift', '2026-11-30T23:00:00.000Z')
    const upcoming = createUpcomingCharge(database)
    const preview = await upcoming.preview(account, warningDay)
    expect(preview).toMatchObject({
      availableMicros: 20n * UNIT,
      expiringMicros: 6n * UNIT,
      shortfallMicros: 4_500_000n,
    })
    await warningWith(bus).warnDue(account.accountId, warningDay)
    expect(bus.events).toMatchObject([
      {
        detail: {
          credit: { amount: '20.00' },
          expiring: { amount: '6.00' },
          shortfall: { amount: '4.50' },
        },
      },
    ])
    const lasting = await world.openWithPlan(5, 20n * UNIT)
    await world.give(lasting, 6n * UNIT, 'a longer gift', '2026-11-30T23:00:01.000Z')
    expect(await upcoming.preview(lasting, warningDay)).toMatchObject({
      expiringMicros: 0n,
      shortfallMicros: 0n,
    })
  })

  it('says nothing when the credit covers the month', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 24_500_000n)
    expect(await warningWith(bus).warnDue(account.accountId, warningDay)).toEqual([
      { period: '2026-12', result: 'covered' },
    ])
    expect(bus.events).toEqual([])
    expect(await world.subscriptions.readDue(account.accountId, 'warning')).toMatchObject({
      period: '2027-01',
    })
  })

  it('says nothing once the month has begun, and goes on to the next', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 0n)
    const late = new Date('2026-12-28T00:00:00.000Z')
    expect(await warningWith(bus).warnDue(account.accountId, late)).toEqual([
      { period: '2026-12', result: 'too_late' },
      { period: '2027-01', result: 'warned' },
    ])
    // December was never charged, and is needed as well.
    expect(bus.events).toMatchObject([{ detail: { period: '2027-01', need: { amount: '49.00' } } }])
  })

  it('counts what is owed for earlier months', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 1n * UNIT)
    await createMonthlyCharging(database).chargeDue(account.accountId, new Date('2026-12-01T00:00:00.000Z'))
    await warningWith(bus).warnDue(account.accountId, new Date('2026-12-27T23:00:00.000Z'))
    expect(bus.events).toMatchObject([
      { detail: { period: '2027-01', need: { amount: '49.00' }, shortfall: { amount: '48.00' } } },
    ])
  })

  it('tells under one id when the process dies between telling and writing it down', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 0n)
    const dying = warningWith(bus, dyingClient(database.client, { atWrite: 1, when: 'before' }))
    await expect(dying.warnDue(account.accountId, warningDay)).rejects.toThrow(Died)
    await warningWith(bus).warnDue(account.accountId, warningDay)
    expect(bus.events).toHaveLength(2)
    expect(new Set(bus.events.map(({ detail }) => detail.id)).size).toBe(1)
    const after = warningWith(bus, dyingClient(database.client, { atWrite: 1, when: 'after' }))
    const january = new Date('2026-12-26T23:00:00.000Z')
    await expect(after.warnDue(account.accountId, january)).rejects.toThrow(Died)
    expect(await warningWith(bus).warnDue(account.accountId, january)).toEqual([])
    expect(bus.events).toHaveLength(3)
  })
})
