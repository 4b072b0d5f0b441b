import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createUndoing } from '../../functions/credits/undo-entry.store.ts'
import { refund } from '../../functions/ledger/decide-movement.ts'
import { createPlanChanging } from '../../functions/plans/change-plan.store.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { choosePlan } from '../../functions/plans/choose-plan.store.ts'
import { presentPlanChange } from '../../functions/plans/present-plan-change.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { Died, dyingClient } from './dying-client.ts'
import { fullPlan } from './full-plan.ts'
import { planAccounts, UNIT } from './plan-account.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>
let charging: ReturnType<typeof createMonthlyCharging>

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
  charging = createMonthlyCharging(database)
})
afterAll(() => database.stop())

const december = new Date('2026-12-01T00:00:00.000Z')
/** The 12th of December in Berlin: twenty days are left, this one included. */
const twelfth = new Date('2026-12-11T23:30:00.000Z')
const seats = (quantity: number) => ({
  planId: 'basic',
  services: [{ service: 'seat', quantity: BigInt(quantity) }],
})

const requestOf = (account: Account, quantity: number | null, now: Date) => ({
  account,
  choice: quantity === null ? { planId: null, services: [] } : seats(quantity),
  actor: 'person:test',
  now,
})

function change(
  account: Account,
  quantity: number | null,
  now: Date,
  { key = 'one', client = database.client } = {},
) {
  const changing = createPlanChanging({ ...database, client })
  const named = { key: `plan-change:${key}`, requestHash: `to ${quantity}` }
  return changing.change({ ...requestOf(account, quantity, now), ...named })
}

/** In December, with five seats charged. */
async function inDecember(creditMicros = 100n * UNIT) {
  const account = await world.openWithPlan(5, creditMicros)
  await charging.chargeDue(account.accountId, december)
  return account
}

const readDecember = ({ accountId }: Account) => world.subscriptions.readPeriod(accountId, '2026-12')

describe('changing a plan within the month', () => {
  it('charges an addition by day from today, exactly what the preview said', async () => {
    const account = await inDecember()
    const preview = await createPlanChanging(database).preview(requestOf(account, 8, twelfth))
    expect(preview).toMatchObject({ nextMonth: { period: '2027-01', totalMicros: 39_200_000n } })
    const changed = await change(account, 8, twelfth)
    // Three seats more at 4.90, 20 of 31 days: 14.70 × 20 ⁄ 31 = 9.483870967…, as what has accrued by the days is rounded down.
    expect(preview).toMatchObject({ ok: true, chargedMicros: 9_483_871n, givenBackMicros: 0n })
    expect(changed).toMatchObject({ ok: true, entry: { kind: 'plan_change', amountMicros: -9_483_871n } })
    const { faults, head } = await world.statement(account)
    expect(faults).toEqual([])
    expect(head.availableMicros).toBe(100n * UNIT - 24_500_000n - 9_483_871n)
    expect(await readDecember(account)).toMatchObject({
      status: 'charged',
      totalMicros: 24_500_000n + 9_483_871n,
      movements: [
        { sequence: 2n, amountMicros: 24_500_000n },
        { sequence: 3n, amountMicros: 9_483_871n },
      ],
      lines: [
        { quantity: 5n, firstDay: 1, lastDay: 11 },
        { quantity: 8n, firstDay: 12, lastDay: 31 },
      ],
    })
    const next = await charging.chargeDue(account.accountId, new Date('2026-12-31T23:00:00.000Z'))
    expect(next.months).toEqual([{ period: '2027-01', result: 'charged' }])
    expect((await world.statement(account)).planLines.at(-1)).toMatchObject({ amountMicros: -39_200_000n })
  })

  it('says what is missing with what a top-up pays first, as a top-up would have to be', async () => {
    const account = await inDecember(24_500_000n)
    const preview = await createPlanChanging(database).preview(requestOf(account, 8, twelfth))
    if (!preview.ok) throw new Error(preview.reason)
    const credit = { availableMicros: 1n * UNIT, receivableMicros: 3n * UNIT }
    const { head } = await world.statement(account)
    const shown = (more: Partial<typeof credit>) =>
      presentPlanChange(preview, { ...head, ...credit, ...more }).shortfall.amount
    // The change costs 9.483871.
    expect(shown({})).toBe('11.483871')
    expect(shown({ availableMicros: 20n * UNIT })).toBe('0.00')
  })

  it('gives back a removal from tomorrow on, to the lots that the month was drawn from', async () => {
    const account = await world.openWithPlan(5, 0n)
    const expiresAt = '2026-12-20T00:00:00.000Z'
    await world.give(account, 20n * UNIT, 'expiring', expiresAt)
    await world.give(account, 20n * UNIT, 'lasting')
    await charging.chargeDue(account.accountId, december)
    const changed = await change(account, 0, twelfth)
    // 19 of 31 days: 24.50 × 19 ⁄ 31.
    expect(changed).toMatchObject({ ok: true, entry: { kind: 'plan_credit', amountMicros: 15_016_130n } })
    const { faults, head } = await world.statement(account)
    expect(faults).toEqual([])
    expect(head.lots).toMatchObject([
      { remainingMicros: 15_016_130n - 4_500_000n, expiresAt },
      { remainingMicros: 20n * UNIT },
    ])
    expect((await readDecember(account))?.totalMicros).toBe(24_500_000n - 15_016_130n)
  })

  it('costs nothing to remove and add again, and gives nothing', async () => {
    const account = await inDecember()
    await change(account, 0, twelfth, { key: 'off' })
    const back = await change(account, 5, twelfth, { key: 'on' })
    expect(back).toMatchObject({ ok: true })
    const { head, faults } = await world.statement(account)
    expect(faults).toEqual([])
    expect(head.availableMicros).toBe(100n * UNIT - 24_500_000n)
    expect((await readDecember(account))?.lines).toMatchObject([{ quantity: 5n, firstDay: 1, lastDay: 31 }])
  })

  it('costs nothing to remove and add again, though the credit that paid the month has expired since', async () => {
    const account = await world.openWithPlan(5, 0n)
    await world.give(account, 10n * UNIT, 'expiring', '2026-12-05T23:00:00.000Z')
    await world.give(account, 100n * UNIT, 'lasting')
    await charging.chargeDue(account.accountId, december)
    // Of the 15.016130 for the rest of the month, 14.50 were paid with what lasts.
    const off = await change(account, 0, twelfth, { key: 'off' })
    expect(off).toMatchObject({ ok: true, entry: { amountMicros: 14_500_000n } })
    expect((await readDecember(account))?.notGivenBackMicros).toBe(516_130n)
    const on = await change(account, 5, twelfth, { key: 'on' })
    expect(on).toMatchObject({ ok: true, entry: { amountMicros: -14_500_000n } })
    const { head, faults } = await world.statement(account)
    expect(faults).toEqual([])
    expect(head.availableMicros).toBe(110n * UNIT - 24_500_000n)
  })

  it('gives nothing back of what was bought, where what is removed was added for a gift that has expired since', async () => {
    const [idle, clever] = await Promise.all([1, 2].map(() => inDecember(24_500_000n)))
    const fifth = new Date('2026-12-05T11:00:00.000Z')
    for (const account of [idle!, clever!])
      await world.give(account, 500n * UNIT, 'gift', '2026-12-10T23:00:00.000Z')
    expect(await change(clever!, 105, fifth, { key: 'add' })).toMatchObject({ ok: true })
    expect(await change(clever!, 5, twelfth, { key: 'remove' })).toMatchObject({ ok: true })
    for (const account of [idle!, clever!]) {
      await world.ledger.expireLots(account.accountId, twelfth.toISOString())
      const { head, faults } = await world.statement(account)
      expect([head.availableMicros, faults]).toEqual([0n, []])
    }
    // What was kept is there to take again, and of what was bought the days to come return, but for a micro of rounding.
    expect(await change(clever!, 105, twelfth, { key: 'again' })).toMatchObject({
      entry: { amountMicros: 0n },
    })
    expect(await change(clever!, 0, twelfth, { key: 'none' })).toMatchObject({
      entry: { amountMicros: 15_016_129n },
    })
  })

  it('begins a plan within the month, for the days that are left, and goes on with the next', async () => {
    await world.setBasicPlan()
    const account = await world.open()
    await world.give(account, 100n * UNIT, 'opening')
    expect(await change(account, 5, twelfth)).toMatchObject({
      ok: true,
      entry: { amountMicros: -15_806_452n },
    })
    expect(await world.subscriptions.readDue(account.accountId, 'charge')).toMatchObject({
      period: '2027-01',
    })
    const { months } = await charging.chargeDue(account.accountId, new Date('2027-01-02T00:00:00.000Z'))
    expect(months).toEqual([{ period: '2027-01', result: 'charged' }])
    expect((await world.statement(account)).faults).toEqual([])
  })

  it('ends a plan: the rest of the month comes back, and later months cost nothing', async () => {
    const account = await inDecember()
    expect(await createPlanChanging(database).preview(requestOf(account, null, twelfth))).toMatchObject({
      givenBackMicros: 15_016_130n,
      nextMonth: { totalMicros: 0n, lines: [] },
    })
    expect(await change(account, null, twelfth)).toMatchObject({
      ok: true,
      entry: { amountMicros: 15_016_130n },
    })
    const { months } = await charging.chargeDue(account.accountId, new Date('2027-01-02T00:00:00.000Z'))
    expect(months).toEqual([{ period: '2027-01', result: 'nothing_to_pay' }])
    expect(await change(account, null, twelfth, { key: 'again' })).toMatchObject({
      reason: 'request_invalid',
    })
  })

  it('ends today a plan that was to end with the month, once', async () => {
    const account = await inDecember()
    const ending = { account, choice: { planId: null, services: [] }, actor: 'person:test', now: december }
    expect(await choosePlan(database, ending)).toMatchObject({ ok: true, fromPeriod: '2027-01' })
    expect(await choosePlan(database, ending)).toMatchObject({ ok: false, reason: 'request_invalid' })
    expect(await change(account, null, twelfth)).toMatchObject({
      ok: true,
      entry: { kind: 'plan_credit', amountMicros: 15_016_130n },
    })
    expect((await world.subscriptions.read(account.accountId))?.terms).toMatchObject([
      { fromPeriod: '2026-12', isEnded: true },
    ])
    const again = await change(account, null, twelfth, { key: 'again' })
    expect(again).toMatchObject({ ok: false, reason: 'request_invalid' })
  })

  it('refuses what the credit does not cover, and changes nothing', async () => {
    const account = await inDecember(30n * UNIT)
    const refused = await change(account, 50, twelfth)
    expect(refused).toMatchObject({ ok: false, reason: 'insufficient_credit' })
    expect((await readDecember(account))?.totalMicros).toBe(24_500_000n)
    expect((await world.subscriptions.read(account.accountId))?.terms).toMatchObject([
      { fromPeriod: '2026-12', services: [{ quantity: 5n }] },
    ])
  })

  it.each(['parked', 'closed'])(
    'says of a %s account that it is, in the preview as in the change',
    async (status) => {
      const { setStatus } = await fullPlan(database)
      const charged = await inDecember()
      const uncharged = await world.openWithPlan(5, 100n * UNIT)
      for (const account of [charged, uncharged]) {
        await setStatus(account.accountId, status)
        for (const quantity of [8, 0, null]) {
          const refusal = { ok: false, reason: `account_${status}` }
          const preview = await createPlanChanging(database).preview(requestOf(account, quantity, twelfth))
          expect(preview).toMatchObject(refusal)
          expect(await change(account, quantity, twelfth)).toMatchObject(refusal)
        }
      }
    },
  )

  it('lowers and ends a month that was added to as often as it may be, and adds nothing more to it', async () => {
    const account = await inDecember(1000n * UNIT)
    const { preview } = createPlanChanging(database)
    for (let quantity = 6; quantity <= 64; quantity++)
      expect(await change(account, quantity, december, { key: `to ${quantity}` })).toMatchObject({ ok: true })
    const full = await readDecember(account)
    const refusal = { ok: false, reason: 'too_many_changes' }
    expect(await preview(requestOf(account, 65, december))).toEqual(refusal)
    expect(await change(account, 65, december, { key: 'to 65' })).toEqual(refusal)
    expect(await readDecember(account)).toEqual(full)
    for (const quantity of [1, null]) {
      const previewed = await preview(requestOf(account, quantity, december))
      const lowered = await change(account, quantity, december, { key: `less: ${quantity}` })
      if (!previewed.ok || !lowered.ok) throw new Error(`${quantity}: it cannot be lowered`)
      expect(lowered.entry).toMatchObject({ kind: 'plan_credit', amountMicros: previewed.givenBackMicros })
      if (quantity === 1) expect(previewed.parts).toHaveLength(60)
    }
    const { head, faults } = await world.statement(account)
    expect(faults).toEqual([])
    // One day of 64 seats is paid.
    expect(head.availableMicros).toBe(1000n * UNIT - (64n * 4_900_000n) / 31n)
  })

  it('is made once per key, wherever its process dies, the month that is due with it', async () => {
    for (const atWrite of [1, 2, 3, 4]) {
      for (const when of ['before', 'after'] as const) {
        const account = await world.openWithPlan(5, 100n * UNIT)
        const client = dyingClient(database.client, { atWrite, when })
        const first = await change(account, 8, twelfth, { client }).catch((error: unknown) => error)
        expect(first instanceof Died || atWrite > 2).toBe(true)
        const repeats = await Promise.all([1, 2, 3].map(() => change(account, 8, twelfth)))
        expect(repeats.every(({ ok }) => ok)).toBe(true)
        const { head, faults } = await world.statement(account)
        expect(faults).toEqual([])
        expect(head.availableMicros).toBe(100n * UNIT - 24_500_000n - 9_483_871n)
      }
    }
  })

  it('comes to what the last says when several change at once', async () => {
    const account = await inDecember()
    const wanted = [1, 9, 3, 7, 0, 6]
    const changed = await Promise.all(
      wanted.map((quantity) => change(account, quantity, twelfth, { key: `to ${quantity}` })),
    )
    expect(changed.every(({ ok }) => ok)).toBe(true)
    const { head, faults } = await world.statement(account)
    expect(faults).toEqual([])
    const month = (await readDecember(account))!
    const moved = month.movements.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
    expect(moved).toBe(month.totalMicros)
    expect(head.availableMicros).toBe(100n * UNIT - month.totalMicros)
  })

  it('charges the month that is due before it changes it', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    expect(await createPlanChanging(database).preview(requestOf(account, 8, twelfth))).toMatchObject({
      reason: 'month_not_charged',
    })
    expect(await change(account, 8, twelfth)).toMatchObject({ ok: true })
    const { planLines } = await world.statement(account)
    expect(planLines).toEqual([{ kind: 'plan', key: 'plan:2026-12', amountMicros: -24_500_000n }])
    expect((await readDecember(account))?.totalMicros).toBe(24_500_000n + 9_483_871n)
  })

  it('is refused by a clock that is behind the one that charged the next month, whose price is made', async () => {
    const account = await inDecember()
    await charging.chargeDue(account.accountId, new Date('2026-12-31T23:00:00.000Z'))
    const before = new Date('2026-12-31T22:59:59.999Z')
    expect(await createPlanChanging(database).preview(requestOf(account, 0, before))).toEqual({
      ok: false,
      reason: 'clock_behind',
    })
    expect(await change(account, 0, before)).toEqual({ ok: false, reason: 'clock_behind' })
    expect((await world.subscriptions.read(account.accountId))?.terms).toHaveLength(1)
    // The same request again, a moment later.
    expect(await change(account, 0, new Date('2026-12-31T23:00:00.000Z'))).toMatchObject({ ok: true })
    // Its first day has begun and is paid.
    expect(await world.subscriptions.readPeriod(account.accountId, '2027-01')).toMatchObject({
      totalMicros: 790_322n,
    })
  })

  it('takes no more while a month is owed; less of it lowers what is owed', async () => {
    const account = await inDecember(10n * UNIT)
    expect(await change(account, 6, twelfth)).toEqual({ ok: false, reason: 'plan_owed' })
    expect(await change(account, 0, twelfth, { key: 'less' })).toMatchObject({
      ok: true,
      entry: { kind: 'plan_change', amountMicros: 0n },
    })
    const owed = await readDecember(account)
    expect(owed).toMatchObject({ status: 'short', totalMicros: 24_500_000n - 15_016_130n })
    expect((await charging.chargeDue(account.accountId, twelfth)).months).toEqual([
      { period: '2026-12', result: 'settled' },
    ])
    expect((await world.statement(account)).head.availableMicros).toBe(10n * UNIT - 9_483_870n)
  })

  it('gives back no more than is left of what was charged', async () => {
    const account = await inDecember()
    const refunded = await createUndoing(database)({
      accountId: account.accountId,
      sequence: 2n,
      key: 'refund:2:one',
      requestHash: 'r',
      at: december.toISOString(),
      decide: (head, entry, undone) => {
        const asked = { amountMicros: 20n * UNIT, currency: 'USD' }
        return refund(head, entry, asked, { reason: 'kindness', actor: 'staff:1' }, undone)
      },
    })
    expect(refunded).toMatchObject({ ok: true })
    expect(await change(account, 0, twelfth)).toMatchObject({
      ok: true,
      entry: { kind: 'plan_credit', amountMicros: 4_500_000n },
    })
    const { head, faults } = await world.statement(account)
    expect(faults).toEqual([])
    expect(head.availableMicros).toBe(100n * UNIT)
    // What was refunded is not charged again by coming back: 24.50 less the 20.00 refunded, as before.
    expect(await change(account, 5, twelfth, { key: 'back' })).toMatchObject({
      ok: true,
      entry: { kind: 'plan_change', amountMicros: -4_500_000n },
    })
    expect((await world.statement(account)).head.availableMicros).toBe(100n * UNIT - 4_500_000n)
    expect(await readDecember(account)).toMatchObject({ totalMicros: 24_500_000n, notGivenBackMicros: 0n })
  })
})
