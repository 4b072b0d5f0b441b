import {
  GetCommand,
  type PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTogether } from '../../functions/edge/write-together.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { createUpcomingCharge } from '../../functions/plans/upcoming-charge.store.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { Died, dyingClient } from './dying-client.ts'
import { planAccounts, UNIT } from './plan-account.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>
let charging: ReturnType<typeof createMonthlyCharging>

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
  // What happens when grace is over is told elsewhere.
  charging = createMonthlyCharging({ ...database, graceDays: 365 })
  // Before any run is opened: what comes after that is not known to it.
  await setRisingPlan(1n, '2026-01-01T00:00:00.000Z')
  await setRisingPlan(2n, '2026-11-30T23:00:00.001Z')
})
afterAll(() => database.stop())

const firstOfDecember = new Date('2026-11-30T23:00:00.000Z')
const firstOfJanuary = new Date('2026-12-31T23:00:00.000Z')
const plan = (period: string, micros: bigint) => ({
  kind: 'plan',
  key: `plan:${period}`,
  amountMicros: -micros,
})
const short = (period: string) => ({ kind: 'plan_short', key: `plan-short:${period}`, amountMicros: 0n })

const setRisingPlan = (baseFeeMicros: bigint, effectiveFrom: string) =>
  world.plans.set(
    'rising',
    {
      ...{ name: 'Rising', clientType: 'hosted', currency: 'USD', effectiveFrom, baseFeeMicros },
      services: [],
    },
    '2026-01-01T00:00:00.000Z',
  )

async function setStatus(accountId: string, status: string) {
  await database.client.send(
    new UpdateCommand({
      TableName: database.ledgerTable,
      Key: { pk: `ACCOUNT#${accountId}`, sk: 'HEAD' },
      UpdateExpression: 'SET #status = :status',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':status': status },
    }),
  )
}

describe('charging a month', () => {
  it('charges at the first instant of the month, not a millisecond before, exactly what the preview said', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    const early = new Date(firstOfDecember.getTime() - 1)
    expect(await charging.chargeDue(account.accountId, early)).toEqual({ months: [] })
    const preview = await createUpcomingCharge(database).preview(account, early)
    const { months } = await charging.chargeDue(account.accountId, firstOfDecember)
    expect(months).toEqual([{ period: '2026-12', result: 'charged' }])
    const { planLines, head: after, faults } = await world.statement(account)
    expect(faults).toEqual([])
    expect(planLines).toEqual([plan('2026-12', preview!.totalMicros)])
    expect(preview).toMatchObject({ period: '2026-12', totalMicros: 24_500_000n, shortfallMicros: 0n })
    expect(after.availableMicros).toBe(100n * UNIT - 24_500_000n)
    const period = await world.subscriptions.readPeriod(account.accountId, '2026-12')
    expect(period).toMatchObject({
      status: 'charged',
      totalMicros: 24_500_000n,
      movements: [{ sequence: 2n, amountMicros: 24_500_000n }],
      planVersion: 1,
    })
    expect(await world.subscriptions.readDue(account.accountId, 'charge')).toMatchObject({
      period: '2027-01',
    })
  })

  it('charges once however often and how many at once are fired', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    const runs = Array.from({ length: 6 }, () => charging.chargeDue(account.accountId, firstOfDecember))
    const months = (await Promise.all(runs)).flatMap((run) => run.months)
    expect(months).toEqual([{ period: '2026-12', result: 'charged' }])
    expect(await charging.chargeDue(account.accountId, firstOfDecember)).toEqual({ months: [] })
    expect((await world.statement(account)).planLines).toEqual([plan('2026-12', 24_500_000n)])
  })

  it('makes up for missed months, oldest first, and stops at the first that does not fit', async () => {
    const account = await world.openWithPlan(5, 50n * UNIT)
    const { months } = await charging.chargeDue(account.accountId, new Date('2027-02-10T00:00:00.000Z'))
    expect(months).toEqual([
      { period: '2026-12', result: 'charged' },
      { period: '2027-01', result: 'charged' },
      { period: '2027-02', result: 'short' },
    ])
    expect((await world.statement(account)).head.availableMicros).toBe(1n * UNIT)
  })

  it('settles owed months oldest first, and charges no newer month while an older one is short', async () => {
    const account = await world.openWithPlan(5, 0n)
    await charging.chargeDue(account.accountId, firstOfDecember)
    await world.choose(account, 1, new Date('2026-12-10T00:00:00.000Z'))
    await world.give(account, 10n * UNIT, 'small')
    // 10 would cover January’s 4.90, but December’s 24.50 comes first.
    const { months } = await charging.chargeDue(account.accountId, firstOfJanuary)
    expect(months).toEqual([{ period: '2027-01', result: 'short' }])
    const preview = await createUpcomingCharge(database).preview(account, firstOfJanuary)
    expect(preview).toMatchObject({
      period: '2027-02',
      owedMicros: 29_400_000n,
      shortfallMicros: 24_300_000n,
    })
    await world.give(account, 15n * UNIT, 'second')
    expect((await charging.chargeDue(account.accountId, firstOfJanuary)).months).toEqual([
      { period: '2026-12', result: 'settled' },
    ])
    await world.give(account, 5n * UNIT, 'third')
    const topUps = Array.from({ length: 3 }, () => charging.chargeDue(account.accountId, firstOfJanuary))
    const settled = (await Promise.all(topUps)).flatMap((run) => run.months)
    expect(settled).toEqual([{ period: '2027-01', result: 'settled' }])
    const { planLines, faults } = await world.statement(account)
    expect(faults).toEqual([])
    expect(planLines).toEqual([
      short('2026-12'),
      short('2027-01'),
      plan('2026-12', 24_500_000n),
      plan('2027-01', 4_900_000n),
    ])
  })

  it('settles a month and moves what is due on only once, each by its own condition', async () => {
    const account = await world.openWithPlan(5, 0n)
    const due = (await world.subscriptions.readDue(account.accountId, 'charge'))!
    await charging.chargeDue(account.accountId, firstOfDecember)
    const [owed] = await world.subscriptions.listShort(account.accountId)
    const settlement = world.subscriptions.replacePeriod({ ...owed!, status: 'charged' }, owed!)
    const lateMove = world.subscriptions.moveDueOn('charge', due, account.timeZone)
    expect(await writeTogether(database.client, [lateMove])).toMatchObject({ reason: 'condition_failed' })
    expect(await writeTogether(database.client, [settlement])).toEqual({ ok: true })
    expect(await writeTogether(database.client, [settlement])).toMatchObject({ reason: 'condition_failed' })
  })

  it('calls no month short for what a top-up has settled meanwhile', async () => {
    const account = await world.openWithPlan(5, 0n)
    await charging.chargeDue(account.accountId, firstOfDecember)
    let isOvertaken = false
    // A worker whose clock is behind settles December; for it, January has not begun.
    const client = interposedClient(database.client, async (command, send) => {
      if (command instanceof TransactWriteCommand && !isOvertaken) {
        isOvertaken = true
        await world.give(account, 60n * UNIT, 'meanwhile')
        await charging.chargeDue(account.accountId, new Date(firstOfJanuary.getTime() - 1))
      }
      return send()
    })
    const { months } = await createMonthlyCharging({ ...database, graceDays: 365, client }).chargeDue(
      account.accountId,
      firstOfJanuary,
    )
    expect(months).toEqual([{ period: '2027-01', result: 'charged' }])
    expect((await world.statement(account)).planLines).toEqual([
      short('2026-12'),
      plan('2026-12', 24_500_000n),
      plan('2027-01', 24_500_000n),
    ])
  })

  it('pays the older month first where a top-up that covers both comes between looking at the two', async () => {
    const account = await world.openWithPlan(5, 0n)
    await charging.chargeDue(account.accountId, firstOfDecember)
    let isGiven = false
    // December was found not to be covered; what prices January is read next.
    const client = interposedClient(database.client, async (command, send) => {
      const isOfPrices = command instanceof GetCommand && command.input.Key?.pk === 'RUN#2027-01'
      if (isOfPrices && !isGiven) {
        isGiven = true
        await world.give(account, 60n * UNIT, `both ${account.accountId}`)
      }
      return send()
    })
    await createMonthlyCharging({ ...database, client }).chargeDue(account.accountId, firstOfJanuary)
    expect(isGiven).toBe(true)
    expect((await world.statement(account)).planLines).toEqual([
      short('2026-12'),
      plan('2026-12', 24_500_000n),
      plan('2027-01', 24_500_000n),
    ])
  })

  it('decides anew when another worker finds the month short between two of its reads', async () => {
    const account = await world.openWithPlan(5, 0n)
    let isOvertaken = false
    // What is due has been read, what is owed has not.
    const client = interposedClient(database.client, async (command, send) => {
      const isOfMonths =
        command instanceof QueryCommand && command.input.ExpressionAttributeValues?.[':short'] === 'short'
      if (isOfMonths && !isOvertaken) {
        isOvertaken = true
        const { months } = await charging.chargeDue(account.accountId, firstOfDecember)
        expect(months).toEqual([{ period: '2026-12', result: 'short' }])
      }
      return send()
    })
    const { months } = await createMonthlyCharging({ ...database, graceDays: 365, client }).chargeDue(
      account.accountId,
      firstOfDecember,
    )
    expect(months).toEqual([])
    expect(isOvertaken).toBe(true)
    expect((await world.statement(account)).planLines).toEqual([short('2026-12')])
  })

  it('charges a month that was short as it was priced then', async () => {
    const account = await world.openWithPlan(5, 0n)
    await charging.chargeDue(account.accountId, firstOfDecember)
    await world.choose(account, 100, new Date('2026-12-10T00:00:00.000Z'))
    await world.give(account, 30n * UNIT, 'later')
    await charging.chargeDue(account.accountId, new Date('2026-12-11T00:00:00.000Z'))
    expect((await world.statement(account)).planLines).toEqual([
      short('2026-12'),
      plan('2026-12', 24_500_000n),
    ])
  })

  it('passes a month that costs nothing without a line', async () => {
    const account = await world.openWithPlan(0, 0n)
    const { months } = await charging.chargeDue(account.accountId, firstOfDecember)
    expect(months).toEqual([{ period: '2026-12', result: 'nothing_to_pay' }])
    expect((await world.statement(account)).entries).toEqual([])
    expect(await world.subscriptions.readPeriod(account.accountId, '2026-12')).toMatchObject({
      status: 'charged',
      totalMicros: 0n,
    })
  })

  it('charges a month by the choice that held when it began, also when it is charged late', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    await world.choose(account, 10, new Date('2026-12-01T00:30:00.000Z'))
    const { months } = await charging.chargeDue(account.accountId, new Date('2027-01-02T00:00:00.000Z'))
    expect(months).toHaveLength(2)
    expect((await world.statement(account)).planLines).toEqual([
      plan('2026-12', 24_500_000n),
      plan('2027-01', 49_000_000n),
    ])
  })

  it('charges a month by the plan version in force at its first instant', async () => {
    const account = await world.openWithPlan(1, 1n * UNIT)
    const { choosePlan } = await import('../../functions/plans/choose-plan.store.ts')
    await choosePlan(database, {
      account,
      choice: { planId: 'rising', services: [] },
      actor: 'x',
      now: new Date('2026-11-11T00:00:00.000Z'),
    })
    await charging.chargeDue(account.accountId, new Date('2027-01-02T00:00:00.000Z'))
    expect((await world.statement(account)).planLines).toEqual([plan('2026-12', 1n), plan('2027-01', 2n)])
  })

  it('does not charge a parked account, and makes up for it when it is open again', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    await setStatus(account.accountId, 'parked')
    expect(await charging.chargeDue(account.accountId, firstOfDecember)).toEqual({
      months: [],
      stopped: 'account_parked',
    })
    expect(await world.subscriptions.readDue(account.accountId, 'charge')).toMatchObject({
      period: '2026-12',
    })
    await setStatus(account.accountId, 'open')
    expect((await charging.chargeDue(account.accountId, firstOfDecember)).months).toHaveLength(1)
  })

  it('charges a closed account no more', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    await setStatus(account.accountId, 'closed')
    for (const _ of [1, 2]) {
      expect(await charging.chargeDue(account.accountId, firstOfDecember)).toEqual({
        months: [],
        stopped: 'account_closed',
      })
    }
    expect((await world.statement(account)).planLines).toEqual([])
  })

  it('does nothing for an account without a plan', async () => {
    const account = await world.open()
    expect(await charging.chargeDue(account.accountId, firstOfDecember)).toEqual({ months: [] })
  })

  it('is made good by the next firing, whichever write the process dies before or after', async () => {
    const now = new Date('2027-02-10T00:00:00.000Z')
    for (const when of ['before', 'after'] as const) {
      for (let atWrite = 1; atWrite <= 4; atWrite++) {
        const account = await world.openWithPlan(5, 30n * UNIT)
        const dying = createMonthlyCharging({
          ...database,
          graceDays: 365,
          client: dyingClient(database.client, { atWrite, when }),
        })
        await dying.chargeDue(account.accountId, now).catch((error) => expect(error).toBeInstanceOf(Died))
        await charging.chargeDue(account.accountId, now)
        await world.give(account, 50n * UNIT, 'later')
        const again = createMonthlyCharging({
          ...database,
          graceDays: 365,
          client: dyingClient(database.client, { atWrite, when }),
        })
        await again.chargeDue(account.accountId, now).catch((error) => expect(error).toBeInstanceOf(Died))
        await charging.chargeDue(account.accountId, now)
        const { planLines, faults } = await world.statement(account)
        expect(faults).toEqual([])
        expect(planLines).toEqual([
          plan('2026-12', 24_500_000n),
          short('2027-01'),
          short('2027-02'),
          plan('2027-01', 24_500_000n),
          plan('2027-02', 24_500_000n),
        ])
      }
    }
  })

  it('excludes a change of plan that comes between reading it and charging it', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    let isChanged = false
    const racing = new Proxy(database.client, {
      get(target, name) {
        if (name !== 'send') return Reflect.get(target, name)
        return async (command: PutCommand) => {
          if (command.constructor.name === 'TransactWriteCommand' && !isChanged) {
            isChanged = true
            // Made a moment before the first, and written before the charge is.
            const chosen = await world.choose(account, 7, new Date('2026-11-30T22:59:59.000Z'))
            expect(chosen).toMatchObject({ ok: true, fromPeriod: '2026-12' })
          }
          return target.send(command)
        }
      },
    })
    await createMonthlyCharging({ ...database, graceDays: 365, client: racing }).chargeDue(
      account.accountId,
      firstOfDecember,
    )
    expect((await world.statement(account)).planLines).toEqual([plan('2026-12', 34_300_000n)])
    // And the other way round: a clock that is behind cannot choose for a month that was charged.
    expect(await world.choose(account, 9, new Date('2026-11-30T22:59:59.000Z'))).toEqual({
      ok: false,
      reason: 'busy',
    })
  })
})
