import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeAccount } from '../../functions/accounts/change-account.store.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { choosePlan } from '../../functions/plans/choose-plan.store.ts'
import { readMonthDetail } from '../../functions/plans/month-entry.ts'
import { planPricesBody } from '../../functions/plans/plan-prices.api.ts'
import { setAgreedPrices } from '../../functions/plans/set-agreed-prices.store.ts'
import { createUpcomingCharge } from '../../functions/plans/upcoming-charge.store.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { Died, dyingClient } from './dying-client.ts'
import { november, planAccounts, UNIT } from './plan-account.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>
type Opened = Awaited<ReturnType<typeof world.open>>

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
  await world.setBasicPlan()
  await world.plans.set(
    'based',
    {
      ...{ name: 'Based', clientType: 'hosted', currency: 'USD', effectiveFrom: '2026-01-01T00:00:00.000Z' },
      baseFeeMicros: 20n * UNIT,
      services: [],
    },
    '2026-01-01T00:00:00.000Z',
  )
})
afterAll(() => database.stop())

const firstOfDecember = new Date('2026-11-30T23:00:00.000Z')
const seat = (unitFeeMicros: bigint, fromPeriod = '2026-12', service = 'seat') => ({
  ...{ service, unitFeeMicros, fromPeriod, reason: 'agreed' },
})
const agree = (
  account: Opened,
  wishes: ReturnType<typeof seat>[],
  more: { now?: Date; client?: typeof database.client } = {},
) =>
  setAgreedPrices(
    { ...database, client: more.client ?? database.client },
    { account, wishes, actor: 'machine:staff', now: more.now ?? november },
  )
const charge = (account: Opened, at = firstOfDecember, client = database.client) =>
  createMonthlyCharging({ ...database, client }).chargeDue(account.accountId, at)

describe('a price that is agreed with an account', () => {
  it('is what preview and charge go by, and the line says so; other accounts pay the plan’s', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    const other = await world.openWithPlan(5, 100n * UNIT)
    expect(await agree(account, [seat(3n * UNIT)])).toMatchObject({ ok: true })
    const preview = await createUpcomingCharge(database).preview(account, november)
    expect(preview).toMatchObject({ totalMicros: 15n * UNIT, lines: [{ service: 'seat', isAgreed: true }] })
    await Promise.all([charge(account), charge(other)])
    const { planLines, entries, faults } = await world.statement(account)
    expect(faults).toEqual([])
    expect(planLines).toMatchObject([{ amountMicros: -15n * UNIT }])
    const { lines } = readMonthDetail(entries.at(-1)!)
    expect(lines).toMatchObject([{ service: 'seat', unitFee: '3.00', isAgreed: true, amount: '15.00' }])
    const others = await world.statement(other)
    expect(others.planLines).toMatchObject([{ amountMicros: -24_500_000n }])
    expect(readMonthDetail(others.entries.at(-1)!).lines[0]).not.toHaveProperty('isAgreed')
  })

  it('waits for an account that has not chosen a plan, survives every choice, and may be of the base fee', async () => {
    const account = await world.open()
    expect(await agree(account, [seat(7n * UNIT, '2026-12', 'base-fee')])).toMatchObject({ ok: true })
    expect(await createUpcomingCharge(database).preview(account, november)).toBeUndefined()
    // It is no plan yet: its calendar may still move.
    expect(await changeAccount(database, account.accountId, { timeZone: 'Asia/Tokyo' })).toMatchObject({
      ok: true,
    })
    const moved = { ...account, timeZone: 'Asia/Tokyo' }
    await world.give(account, 100n * UNIT, 'opening')
    for (const services of [[], [{ service: 'seat', quantity: 1n }]]) {
      const planId = services.length === 0 ? 'based' : 'basic'
      await choosePlan(database, { account: moved, choice: { planId, services }, actor: 'x', now: november })
    }
    expect(await changeAccount(database, account.accountId, { timeZone: 'UTC' })).toMatchObject({ ok: false })
    // A plan without a base fee has one for who has agreed to it.
    expect(await createUpcomingCharge(database).preview(moved, november)).toMatchObject({
      totalMicros: 11_900_000n,
      lines: [{ service: 'base-fee', isAgreed: true }, { service: 'seat' }],
    })
  })

  it('is refused for a service that no such plan has, and nothing is written', async () => {
    const account = await world.open()
    expect(await agree(account, [seat(1n, '2026-12', 'saet')])).toMatchObject({
      ok: false,
      errors: [{ field: 'prices.0.service' }],
    })
    expect(await world.subscriptions.read(account.accountId)).toBeUndefined()
  })

  it('is written once when it is sent many times at once, with another choice beside it', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    const sent = await Promise.all([
      ...[1, 2, 3].map(() => agree(account, [seat(3n * UNIT)])),
      world.choose(account, 6, november),
    ])
    expect(sent.every(({ ok }) => ok)).toBe(true)
    const subscription = (await world.subscriptions.read(account.accountId))!
    expect(subscription).toMatchObject({
      revision: 3n,
      overrides: [{ unitFeeMicros: 3n * UNIT }],
      terms: [{ services: [{ quantity: 6n }] }],
    })
    await charge(account)
    expect((await world.statement(account)).planLines).toMatchObject([{ amountMicros: -18n * UNIT }])
  })

  it('and a charge exclude each other: one that comes between reading and charging counts', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    let isAgreed = false
    const client = interposedClient(database.client, async (command, send) => {
      if (command instanceof TransactWriteCommand && !isAgreed) {
        isAgreed = true
        // Agreed a moment before the first, and written before the charge is.
        const now = new Date(firstOfDecember.getTime() - 1)
        expect(await agree(account, [seat(3n * UNIT)], { now })).toMatchObject({ ok: true })
      }
      return send()
    })
    await charge(account, firstOfDecember, client)
    expect((await world.statement(account)).planLines).toMatchObject([{ amountMicros: -15n * UNIT }])
  })

  it('does not come behind a charge: whoever’s clock is behind is told to ask again', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    let isCharged = false
    const late = new Date(firstOfDecember.getTime() - 1)
    const client = interposedClient(database.client, async (command, send) => {
      if (command instanceof TransactWriteCommand && !isCharged) {
        isCharged = true
        await charge(account)
      }
      return send()
    })
    expect(await agree(account, [seat(3n * UNIT)], { now: late, client })).toEqual({
      ok: false,
      reason: 'busy',
    })
    expect((await world.subscriptions.read(account.accountId))!.overrides).toBeUndefined()
    expect(await agree(account, [seat(3n * UNIT, '2027-01')], { now: firstOfDecember })).toMatchObject({
      ok: true,
    })
    await charge(account, new Date('2026-12-31T23:00:00.000Z'))
    expect((await world.statement(account)).planLines).toMatchObject([
      { amountMicros: -24_500_000n },
      { amountMicros: -15n * UNIT },
    ])
  })

  it('is there wholly or not at all when the process dies, and the same list again mends it', async () => {
    for (const when of ['before', 'after'] as const) {
      const account = await world.openWithPlan(5, 100n * UNIT)
      const client = dyingClient(database.client, { atWrite: 1, when })
      await expect(agree(account, [seat(3n * UNIT)], { client })).rejects.toThrow(Died)
      expect(await agree(account, [seat(3n * UNIT)])).toMatchObject({ ok: true })
      expect(await world.subscriptions.read(account.accountId)).toMatchObject({ revision: 2n })
      await charge(account)
      expect((await world.statement(account)).planLines).toMatchObject([{ amountMicros: -15n * UNIT }])
    }
  })
})

describe('what is sent as agreed prices', () => {
  const good = { service: 'seat', unitFee: '3.00', fromPeriod: '2026-12', reason: 'agreed' }
  const pathOf = (body: unknown) => planPricesBody.safeParse(body).error?.issues[0]?.path.join('.')

  it.each([
    ['unitFee', 3],
    ['unitFee', '-1'],
    ['unitFee', '1e3'],
    ['unitFee', '1000000.01'],
    ['unitFee', '0.0000001'],
    ['fromPeriod', '2026-13'],
    ['fromPeriod', '2026-1'],
    ['fromPeriod', '2026-12-01'],
    ['fromPeriod', '+02026-12'],
    ['throughPeriod', '2026-00'],
    ['throughPeriod', null],
    ['service', ''],
    ['service', '__proto__'],
    ['reason', ''],
    ['reason', 'a\nb'],
    ['reason', '\ud800'],
  ])('names %s when it is %j', (field, value) => {
    expect(planPricesBody.safeParse({ prices: [good] }).success).toBe(true)
    expect(pathOf({ prices: [good, { ...good, [field]: value }] })).toBe(`prices.1.${field}`)
  })

  it('names a list that is none or too long, and members that are not known', () => {
    expect(pathOf({ prices: Array(101).fill(good) })).toBe('prices')
    for (const hostile of [undefined, null, {}, 'x']) expect(pathOf({ prices: hostile })).toBe('prices')
    expect(planPricesBody.safeParse({ prices: [{ ...good, discount: '1' }] }).success).toBe(false)
  })
})
