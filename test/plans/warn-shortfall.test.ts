import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createPaceStore } from '../../functions/pace/pace.store.ts'
import { createPlanChanging } from '../../functions/plans/change-plan.store.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { createUpcomingCharge } from '../../functions/plans/upcoming-charge.store.ts'
import { createShortfallWarning } from '../../functions/plans/warn-shortfall.store.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
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
    expect(await warning.look(account.accountId, new Date(warningDay.getTime() - 1))).toEqual([])
    expect(await warning.look(account.accountId, warningDay)).toEqual([
      { period: '2026-12', result: 'warned' },
    ])
    expect(await warning.look(account.accountId, warningDay)).toEqual([])
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
          expectedUsage: { amount: '0.00', currency: 'USD' },
          projectedCredit: { amount: '9.999999', currency: 'USD' },
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
    await warningWith(bus).look(account.accountId, warningDay)
    expect(bus.events).toMatchObject([
      {
        detail: {
          credit: { amount: '26.00' },
          expiring: { amount: '6.00' },
          projectedCredit: { amount: '20.00' },
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
    expect(await warningWith(bus).look(account.accountId, warningDay)).toEqual([
      { period: '2026-12', result: 'covered' },
    ])
    expect(bus.events).toEqual([])
  })

  it('looks once a day until the month begins, and leaves the first to the charge', async () => {
    const account = await world.openWithPlan(5, 24_500_000n)
    const looked: string[] = []
    for (let hour = 0; hour <= 6 * 24; hour++) {
      const at = new Date(warningDay.getTime() + hour * 3_600_000)
      const due = await world.subscriptions.readDue(account.accountId, 'warning')
      if (due!.dueAt > at.toISOString()) continue
      looked.push(due!.dueAt)
      expect(await warningWith(recordingBus()).look(account.accountId, at)).toEqual([
        { period: '2026-12', result: 'covered' },
      ])
    }
    expect(looked).toEqual([25, 26, 27, 28, 29].map((day) => `2026-11-${day}T23:00:00.000Z`))
    expect(await world.subscriptions.readDue(account.accountId, 'warning')).toMatchObject({
      period: '2027-01',
      dueAt: '2026-12-26T23:00:00.000Z',
    })
  })

  it('warns, once, who becomes short after the first of these days: on the next, or with a message of its account', async () => {
    for (const seesMessage of [false, true]) {
      const bus = recordingBus()
      const account = await world.openWithPlan(5, 24_500_000n)
      const look = (at: Date) => warningWith(bus).look(account.accountId, at)
      await look(warningDay)
      // Three hours later it takes fifty seats from December on.
      await world.choose(account, 50, new Date('2026-11-26T02:00:00.000Z'))
      const nextDay = new Date('2026-11-26T23:00:00.000Z')
      const warned = seesMessage ? new Date('2026-11-26T02:01:00.000Z') : nextDay
      expect(await look(warned)).toEqual([{ period: '2026-12', result: 'warned' }])
      expect(await look(nextDay)).toEqual([])
      expect(await world.subscriptions.readDue(account.accountId, 'warning')).toMatchObject({
        period: '2027-01',
      })
      await world.give(account, 220_500_000n, `fifty ${account.accountId}`)
      expect(await look(nextDay)).toEqual([{ period: '2026-12', result: 'withdrawn' }])
      await world.take(account, 100n * UNIT, `eaten late ${account.accountId}`)
      expect(await look(new Date('2026-11-29T23:00:00.000Z'))).toEqual([])
      expect(bus.events.map(({ detailType }) => detailType)).toEqual([
        'plan.warning',
        'plan.warning_withdrawn',
      ])
    }
  })

  it('warns who becomes short on the last of these days, after it was looked at', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 24_500_000n)
    const look = (at: string) => warningWith(bus).look(account.accountId, new Date(at))
    expect(await look('2026-11-29T23:00:00.000Z')).toMatchObject([{ result: 'covered' }])
    await world.take(account, 1n, `late ${account.accountId}`)
    expect(await look('2026-11-30T22:59:59.999Z')).toEqual([{ period: '2026-12', result: 'warned' }])
    expect(await look('2026-11-30T23:00:00.000Z')).toEqual([])
    expect(bus.events).toHaveLength(1)
  })

  it('looks again whichever write of a look that found it covered the process dies before or after', async () => {
    for (const when of ['before', 'after'] as const) {
      const bus = recordingBus()
      const account = await world.openWithPlan(5, 24_500_000n)
      const dying = warningWith(bus, dyingClient(database.client, { atWrite: 1, when }))
      await expect(dying.look(account.accountId, warningDay)).rejects.toThrow(Died)
      await world.take(account, 1n, `died ${when}`)
      const nextDay = new Date('2026-11-26T23:00:00.000Z')
      expect(await warningWith(bus).look(account.accountId, nextDay)).toMatchObject([{ result: 'warned' }])
    }
  })

  it('says nothing once the month has begun, and goes on to the next', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 0n)
    const late = new Date('2026-12-28T00:00:00.000Z')
    expect(await warningWith(bus).look(account.accountId, late)).toEqual([
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
    await warningWith(bus).look(account.accountId, new Date('2026-12-27T23:00:00.000Z'))
    expect(bus.events).toMatchObject([
      { detail: { period: '2027-01', need: { amount: '49.00' }, shortfall: { amount: '48.00' } } },
    ])
  })

  it('tells once, whichever write the process dies before or after', async () => {
    for (const when of ['before', 'after'] as const) {
      for (const atWrite of [1, 2]) {
        const bus = recordingBus()
        const account = await world.openWithPlan(5, 0n)
        const dying = warningWith(bus, dyingClient(database.client, { atWrite, when }))
        await expect(dying.look(account.accountId, warningDay)).rejects.toThrow(Died)
        await warningWith(bus).look(account.accountId, warningDay)
        await warningWith(bus).look(account.accountId, warningDay)
        const ids = bus.events.map(({ detail }) => detail.id)
        expect(new Set(ids)).toEqual(new Set([`${account.accountId}/plan.warning/2026-12`]))
        // Died after the bus was told and before that was noted: told again, under the same id.
        expect(ids).toHaveLength(atWrite === 2 && when === 'before' ? 2 : 1)
      }
    }
  })

  it('tells once however many look at once', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 0n)
    const looks = Array.from({ length: 6 }, () => warningWith(bus).look(account.accountId, warningDay))
    const results = (await Promise.all(looks)).flat()
    expect(results).toEqual([{ period: '2026-12', result: 'warned' }])
    expect(new Set(bus.events.map(({ detail }) => detail.id)).size).toBe(1)
  })

  it('says nothing when nothing is due, however fast the credit is used', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(0, 1n * UNIT)
    await useDaily(account, 10n * UNIT)
    expect(await warningWith(bus).look(account.accountId, warningDay)).toMatchObject([{ result: 'covered' }])
    expect(bus.events).toEqual([])
  })
})

/** So much on each of the seven days before the warning, as the stream of the ledger would have counted it. */
async function useDaily({ accountId }: Account, micros: bigint) {
  const days = Array.from({ length: 7 }, (_, index) => [`2026-11-${19 + index}`, micros])
  const counted = { accountId, countedSequence: 1n, firstDay: '2026-11-01', days: Object.fromEntries(days) }
  await createPaceStore(database).replace(undefined, counted)
}

describe('a warning by the pace of usage', () => {
  it('says what is expected to be used and from which days, and asks for what is missing then', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 26n * UNIT)
    await useDaily(account, 1n * UNIT)
    await warningWith(bus).look(account.accountId, warningDay)
    expect(bus.events).toMatchObject([
      {
        detailType: 'plan.warning',
        detail: {
          need: { amount: '24.50' },
          credit: { amount: '26.00' },
          expectedUsage: { amount: '5.00' },
          projectedCredit: { amount: '21.00' },
          pace: { from: '2026-11-19', to: '2026-11-25', days: 7, perDay: { amount: '1.00' } },
          shortfall: { amount: '3.50' },
          exactShortfall: { amount: '3.50' },
        },
      },
    ])
    const upcoming = await createUpcomingCharge(database).preview(account, warningDay)
    expect(upcoming).toMatchObject({ shortfallMicros: 0n })
  })

  it('is withdrawn at once when what it asked for comes in, once, also when usage eats it again', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 1n * UNIT)
    // More than the credit: what is topped up would be eaten too, and is asked for as well.
    await useDaily(account, 10n * UNIT)
    await warningWith(bus).look(account.accountId, warningDay)
    expect(bus.events).toMatchObject([
      { detail: { projectedCredit: { amount: '0.00' }, shortfall: { amount: '73.50' } } },
    ])
    await world.give(account, 73_490_000n, 'nearly')
    expect(await warningWith(bus).look(account.accountId, warningDay)).toEqual([])
    await world.give(account, 10_000n, 'all')
    const looks = Array.from({ length: 4 }, () => warningWith(bus).look(account.accountId, warningDay))
    expect((await Promise.all(looks)).flat()).toEqual([{ period: '2026-12', result: 'withdrawn' }])
    await world.take(account, 70n * UNIT, `eaten ${account.accountId}`)
    expect(await warningWith(bus).look(account.accountId, warningDay)).toEqual([])
    const names = new Set(bus.events.map(({ detail }) => detail.id))
    expect(names).toEqual(
      new Set([
        `${account.accountId}/plan.warning/2026-12`,
        `${account.accountId}/plan.warning_withdrawn/2026-12`,
      ]),
    )
  })

  it('is withdrawn by what it asked for also where usage has become faster since', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 20n * UNIT)
    await useDaily(account, 1n * UNIT)
    await warningWith(bus).look(account.accountId, warningDay)
    await world.take(account, 3n * UNIT, `faster ${account.accountId}`)
    await world.give(account, 9_500_000n, 'asked for')
    expect(await warningWith(bus).look(account.accountId, warningDay)).toMatchObject([
      { result: 'withdrawn' },
    ])
  })

  it('is not sent any more when the credit comes in while it is on its way', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 0n)
    const dying = warningWith(bus, dyingClient(database.client, { atWrite: 1, when: 'after' }))
    await expect(dying.look(account.accountId, warningDay)).rejects.toThrow(Died)
    await world.give(account, 30n * UNIT, 'meanwhile')
    await warningWith(bus).look(account.accountId, warningDay)
    expect(bus.events.map(({ detailType }) => detailType)).toEqual(['plan.warning_withdrawn'])
  })

  it('is withdrawn by the run that gave it when the credit comes in before it is written down', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 0n)
    let isFunded = false
    const client = interposedClient(database.client, async (command, send) => {
      if (command instanceof TransactWriteCommand && !isFunded) {
        isFunded = true
        await world.give(account, 30n * UNIT, 'meanwhile')
        // What its message sets off finds nothing to withdraw yet.
        expect(await warningWith(bus).look(account.accountId, new Date(warningDay.getTime() - 1))).toEqual([])
      }
      return send()
    })
    const results = await warningWith(bus, client).look(account.accountId, warningDay)
    expect(results.map(({ result }) => result)).toEqual(['warned', 'withdrawn'])
  })

  it('is withdrawn once, whichever write the process dies before or after', async () => {
    for (const when of ['before', 'after'] as const) {
      for (const atWrite of [1, 2]) {
        const bus = recordingBus()
        const account = await world.openWithPlan(5, 0n)
        await warningWith(bus).look(account.accountId, warningDay)
        await world.give(account, 30n * UNIT, 'funded')
        const dying = warningWith(bus, dyingClient(database.client, { atWrite, when }))
        await expect(dying.look(account.accountId, warningDay)).rejects.toThrow(Died)
        await warningWith(bus).look(account.accountId, warningDay)
        await warningWith(bus).look(account.accountId, warningDay)
        const ids = bus.named('plan.warning_withdrawn').map(({ detail }) => detail.id)
        expect(new Set(ids).size).toBe(1)
        expect(bus.named('plan.warning')).toHaveLength(1)
      }
    }
  })
})

describe('an account whose plan has ended', () => {
  it('is warned of no first on which nothing is charged, though an earlier month is owed', async () => {
    const bus = recordingBus()
    const account = await world.openWithPlan(5, 0n)
    const { accountId } = account
    const charging = createMonthlyCharging(database)
    await charging.chargeDue(accountId, new Date('2026-12-01T00:00:00.000Z'))
    await endPlan(account, new Date('2026-12-02T00:00:00.000Z'))
    for (const at of ['2026-12-27', '2027-01-01', '2027-01-27', '2027-02-01', '2027-02-25']) {
      await charging.chargeDue(accountId, new Date(at))
      await warningWith(bus).look(accountId, new Date(at))
    }
    expect((await world.subscriptions.listShort(accountId)).map(({ period }) => period)).toEqual(['2026-12'])
    expect(bus.named('plan.warning')).toEqual([])
  })
})

async function endPlan(account: Account, now: Date) {
  const choice = { planId: null, services: [] }
  const named = { key: 'plan-change:end', requestHash: 'end' }
  const ended = await createPlanChanging(database).change({
    account,
    choice,
    actor: 'person:test',
    now,
    ...named,
  })
  if (!ended.ok) throw new Error(ended.reason)
}
