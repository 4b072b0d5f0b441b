import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPlanChanging } from '../../functions/plans/change-plan.store.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { choosePlan } from '../../functions/plans/choose-plan.store.ts'
import { createFrozenPrices } from '../../functions/plans/frozen-prices.store.ts'
import { createPlanStore } from '../../functions/plans/plan.store.ts'
import { createUpcomingCharge } from '../../functions/plans/upcoming-charge.store.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { Died, dyingClient } from './dying-client.ts'
import { november, planAccounts, UNIT } from './plan-account.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
})
afterAll(() => database.stop())

const inBerlin = '2026-11-30T23:00:00.000Z'
const inNewYork = '2026-12-01T05:00:00.000Z'
let planCount = 0

/** A plan of its own, and an account with one seat of it from December on. */
async function openedOn(planId: string, timeZone: string) {
  const account = await world.open({ timeZone })
  const choice = { planId, services: [{ service: 'seat', quantity: 1n }] }
  const chosen = await choosePlan(database, { account, choice, actor: 'x', now: november })
  expect(chosen.ok).toBe(true)
  await world.give(account, 100n * UNIT, 'opening')
  return account
}

const setSeat = (planId: string, unitFeeMicros: bigint, now: string, effectiveFrom?: string) =>
  createPlanStore(database).set(
    planId,
    {
      ...{ name: 'Frozen', clientType: 'hosted', currency: 'USD', effectiveFrom, baseFeeMicros: 0n },
      services: [{ service: 'seat', name: 'Seat', unitFeeMicros }],
    },
    now,
  )

async function newPlan(unitFeeMicros: bigint): Promise<string> {
  planCount += 1
  await setSeat(`frozen-${planCount}`, unitFeeMicros, '2026-01-01T00:00:00.000Z')
  return `frozen-${planCount}`
}

const charged = async (accounts: Awaited<ReturnType<typeof world.open>>[]) =>
  Promise.all(accounts.map(async (account) => (await world.statement(account)).planLines[0]?.amountMicros))

describe('prices of a run', () => {
  it('are the same for the first account and the last, though a version begins between their months', async () => {
    const planId = await newPlan(5n * UNIT)
    const accounts = [await openedOn(planId, 'Europe/Berlin'), await openedOn(planId, 'America/New_York')]
    const charging = createMonthlyCharging(database)
    const upcoming = createUpcomingCharge(database)
    await charging.chargeDue(accounts[0]!.accountId, new Date(inBerlin))
    await setSeat(planId, 4n * UNIT, '2026-12-01T00:00:00.000Z')
    const at = new Date('2026-12-01T04:59:59.999Z')
    const preview = await upcoming.preview(accounts[1]!, at)
    expect(preview).toMatchObject({ period: '2026-12', totalMicros: 5n * UNIT, planVersion: 1 })
    // Another worker, which remembers nothing.
    await createMonthlyCharging(database).chargeDue(accounts[1]!.accountId, new Date(inNewYork))
    expect(await charged(accounts)).toEqual([-5n * UNIT, -5n * UNIT])
    // The version counts from January on.
    expect(await upcoming.preview(accounts[1]!, new Date(inNewYork))).toMatchObject({
      period: '2027-01',
      totalMicros: 4n * UNIT,
    })
  })

  it('are what the first of many that open it at once has written, also while versions are being set', async () => {
    const planId = await newPlan(9n)
    const period = '2028-01'
    const opened = Array.from({ length: 8 }, (_, index) =>
      createFrozenPrices(database).open(period, `2027-12-31T10:00:00.00${index}Z`),
    )
    const sets = [8n, 7n, 6n].map((fee) => setSeat(planId, fee, '2027-12-31T10:00:00.000Z'))
    const all = await Promise.all(opened)
    await Promise.all(sets)
    for (const frozen of all) expect(frozen).toEqual(all[0])
    expect(await createFrozenPrices(database).open(period, '2028-01-05T00:00:00.000Z')).toEqual(all[0])
    expect(await createFrozenPrices(database).read(period)).toEqual(all[0])
    expect(all[0]!.versions[planId]).toBeGreaterThanOrEqual(1)
  })

  it('know a version that was set before the run is opened, though the index does not show it yet', async () => {
    const planId = await newPlan(9n)
    const before = await createPlanStore(database).listAll()
    await setSeat(planId, 8n, '2026-06-01T00:00:00.000Z')
    const client = interposedClient(database.client, async (command, send) =>
      command instanceof QueryCommand && command.input.IndexName
        ? { Items: before.map((version) => ({ ...version })) }
        : send(),
    )
    const frozen = await createFrozenPrices({ ...database, client }).open('2028-02', inBerlin)
    expect(frozen.versions[planId]).toBe(2)
  })

  it('hold one way for all when a version is written between looking and opening', async () => {
    const planId = await newPlan(5n * UNIT)
    const period = '2027-02'
    const accounts = [await openedOn(planId, 'Europe/Berlin'), await openedOn(planId, 'America/New_York')]
    await createMonthlyCharging(database).chargeDue(accounts[0]!.accountId, new Date('2027-01-02T00:00:00Z'))
    await createMonthlyCharging(database).chargeDue(accounts[1]!.accountId, new Date('2027-01-02T00:00:00Z'))
    const client = interposedClient(database.client, async (command, send) => {
      if (command instanceof PutCommand && command.input.Item?.sk === 'FROZEN')
        await setSeat(planId, 4n * UNIT, '2027-01-31T10:00:00.000Z')
      return send()
    })
    const first = createMonthlyCharging({ ...database, client })
    await first.chargeDue(accounts[0]!.accountId, new Date('2027-01-31T23:00:00.000Z'))
    await createMonthlyCharging(database).chargeDue(
      accounts[1]!.accountId,
      new Date('2027-02-01T05:00:00.000Z'),
    )
    for (const account of accounts) {
      const document = await world.subscriptions.readPeriod(account.accountId, period)
      expect(document).toMatchObject({ planVersion: 1, totalMicros: 5n * UNIT })
    }
  })

  it('are opened for each month that is caught up with, and no version since then counts for it', async () => {
    const planId = await newPlan(5n * UNIT)
    const account = await openedOn(planId, 'Europe/Berlin')
    await setSeat(planId, 7n * UNIT, '2026-11-11T00:00:00.000Z', '2027-04-01T00:00:00.000Z')
    await createMonthlyCharging(database).chargeDue(account.accountId, new Date('2027-05-02T00:00:00.000Z'))
    const { planLines } = await world.statement(account)
    expect(planLines.map(({ key, amountMicros }) => [key, amountMicros])).toEqual([
      ['plan:2026-12', -5n * UNIT],
      ['plan:2027-01', -5n * UNIT],
      ['plan:2027-02', -5n * UNIT],
      ['plan:2027-03', -5n * UNIT],
      // The first of April in Berlin is before that in UTC.
      ['plan:2027-04', -5n * UNIT],
      ['plan:2027-05', -7n * UNIT],
    ])
  })

  it('stay as they were opened when whoever opened them dies before or after', async () => {
    for (const [when, period] of [
      ['before', '2028-03'],
      ['after', '2028-04'],
    ] as const) {
      const planId = await newPlan(9n)
      const client = dyingClient(database.client, { atWrite: 1, when })
      await expect(createFrozenPrices({ ...database, client }).open(period, inBerlin)).rejects.toThrow(Died)
      await setSeat(planId, 8n, '2026-06-01T00:00:00.000Z')
      const frozen = await createFrozenPrices(database).open(period, inNewYork)
      expect(frozen.versions[planId]).toBe(when === 'before' ? 2 : 1)
      expect(frozen.at).toBe(when === 'before' ? inNewYork : inBerlin)
    }
  })

  it('cover a service that came after them and was chosen for the month all the same', async () => {
    const planId = await newPlan(5n * UNIT)
    await createFrozenPrices(database).open('2027-12', '2027-11-30T10:00:00.000Z')
    await createPlanStore(database).set(
      planId,
      {
        ...{ name: 'Frozen', clientType: 'hosted', currency: 'USD', baseFeeMicros: 0n },
        services: [
          { service: 'seat', name: 'Seat', unitFeeMicros: 5n * UNIT },
          { service: 'fax', name: 'Fax', unitFeeMicros: 3n * UNIT },
        ],
      },
      '2027-11-30T11:00:00.000Z',
    )
    const account = await world.open({ timeZone: 'America/New_York' })
    await world.give(account, 100n * UNIT, 'opening')
    const choice = { planId, services: [{ service: 'fax', quantity: 2n }] }
    const now = new Date('2027-11-30T12:00:00.000Z')
    expect(await choosePlan(database, { account, choice, actor: 'x', now })).toMatchObject({ ok: true })
    await createMonthlyCharging(database).chargeDue(account.accountId, new Date('2027-12-01T05:00:00.000Z'))
    expect(await charged([account])).toEqual([-6n * UNIT])
  })
})

describe('a worker that charges many accounts', () => {
  it('reads a plan once, and again for a service that it has not seen, and what it goes by is the same', async () => {
    const planId = await newPlan(5n * UNIT)
    const accounts = [await openedOn(planId, 'Europe/Berlin'), await openedOn(planId, 'Europe/Berlin')]
    const late = await openedOn(planId, 'America/New_York')
    let reads = 0
    const client = interposedClient(database.client, async (command, send) => {
      const isOfPlan =
        command instanceof QueryCommand &&
        command.input.ExpressionAttributeValues?.[':pk'] === `PLAN#${planId}` &&
        command.input.Limit === undefined
      if (isOfPlan) reads += 1
      return send()
    })
    const worker = createMonthlyCharging({ ...database, client, readsTermsOnce: true })
    for (const { accountId } of accounts) await worker.chargeDue(accountId, new Date(inBerlin))
    expect(reads).toBe(1)
    await createPlanStore(database).set(
      planId,
      {
        ...{ name: 'Frozen', clientType: 'hosted', currency: 'USD', baseFeeMicros: 0n },
        services: [
          { service: 'seat', name: 'Seat', unitFeeMicros: 4n * UNIT },
          { service: 'fax', name: 'Fax', unitFeeMicros: 3n * UNIT },
        ],
      },
      '2026-12-01T00:00:00.000Z',
    )
    const services = [
      { service: 'fax', quantity: 2n },
      { service: 'seat', quantity: 1n },
    ]
    const now = new Date('2026-12-01T01:00:00.000Z')
    const chosen = await choosePlan(database, {
      account: late,
      choice: { planId, services },
      actor: 'x',
      now,
    })
    expect(chosen).toMatchObject({ ok: true })
    await worker.chargeDue(late.accountId, new Date(inNewYork))
    expect(reads).toBe(2)
    expect(await charged([...accounts, late])).toEqual([-5n * UNIT, -5n * UNIT, -11n * UNIT])
  })
})

describe('a service that is withdrawn', () => {
  it('stays with who has it and is charged; nobody takes it anew or more of it', async () => {
    const planId = await newPlan(5n * UNIT)
    const account = await openedOn(planId, 'Europe/Berlin')
    const other = await world.open()
    await createPlanStore(database).set(
      planId,
      {
        ...{ name: 'Frozen', clientType: 'hosted', currency: 'USD', baseFeeMicros: 0n },
        services: [{ service: 'seat', name: 'Seat', unitFeeMicros: 5n * UNIT, withdrawn: true }],
      },
      '2026-11-15T00:00:00.000Z',
    )
    const now = new Date('2026-11-16T00:00:00.000Z')
    const choose = (who: typeof account, quantity: bigint) => {
      const choice = { planId, services: [{ service: 'seat', quantity }] }
      return choosePlan(database, { account: who, choice, actor: 'x', now })
    }
    const refused = { ok: false, errors: [{ field: 'services.0.quantity', detail: expect.any(String) }] }
    expect(await choose(account, 2n)).toMatchObject(refused)
    expect(await choose(other, 1n)).toMatchObject(refused)
    expect(await choose(other, 0n)).toMatchObject({ ok: true })
    expect(await choose(account, 1n)).toMatchObject({ ok: true })
    await createMonthlyCharging(database).chargeDue(account.accountId, new Date(inBerlin))
    expect(await charged([account])).toEqual([-5n * UNIT])
  })

  it('is also within the month taken by nobody anew, though the month keeps the prices from before', async () => {
    const planId = await newPlan(5n * UNIT)
    const account = await openedOn(planId, 'Europe/Berlin')
    const other = await world.open()
    await world.give(other, 100n * UNIT, 'opening')
    await createMonthlyCharging(database).chargeDue(account.accountId, new Date(inBerlin))
    const content = { name: 'Frozen', clientType: 'hosted' as const, currency: 'USD', baseFeeMicros: 0n }
    const seat = { service: 'seat', name: 'Seat', unitFeeMicros: 4n * UNIT }
    const set = (services: (typeof seat & { withdrawn?: true })[], at: string) =>
      createPlanStore(database).set(planId, { ...content, services }, at)
    await set([{ ...seat, withdrawn: true }], '2026-12-05T00:00:00.000Z')
    const changing = createPlanChanging(database)
    const change = (who: typeof account, quantity: bigint, now: string) => ({
      ...{ account: who, choice: { planId, services: [{ service: 'seat', quantity }] }, actor: 'x' },
      ...{ now: new Date(now), key: `plan-change:${quantity}:${now}`, requestHash: `${quantity}` },
    })
    const later = '2026-12-10T00:00:00.000Z'
    const refused = { ok: false, errors: [{ field: 'services.0.quantity', detail: expect.any(String) }] }
    expect(await changing.change(change(other, 1n, later))).toMatchObject(refused)
    expect(await changing.preview(change(other, 1n, later))).toMatchObject(refused)
    expect(await changing.change(change(account, 2n, later))).toMatchObject(refused)
    expect(await changing.change(change(account, 1n, later))).toMatchObject({ ok: true })
    // Offered again, at once.
    await set([seat], '2026-12-11T00:00:00.000Z')
    const again = await changing.change(change(other, 1n, '2026-12-12T00:00:00.000Z'))
    // Twenty days of December at the 5 of its first instant.
    expect(again).toMatchObject({ ok: true, entry: { amountMicros: -3_225_807n } })
  })
})
