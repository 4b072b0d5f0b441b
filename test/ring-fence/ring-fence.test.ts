import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { refundToCard, takeBack } from '../../functions/ledger/decide-payment.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { createDueStore } from '../../functions/plans/due.store.ts'
import { DUE_SHARDS } from '../../functions/plans/plan-keys.ts'
import { createUpcomingCharge } from '../../functions/plans/upcoming-charge.store.ts'
import { createProving } from '../../functions/proof/prove-account.store.ts'
import { createRingFenceStore } from '../../functions/ring-fence/ring-fence.store.ts'
import type { RingFenceMode } from '../../functions/ring-fence/ring-fence.ts'
import { setRingFence } from '../../functions/ring-fence/set-ring-fence.store.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { november, planAccounts, UNIT } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>
let charging: ReturnType<typeof createMonthlyCharging>
let ringFences: ReturnType<typeof createRingFenceStore>

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
  charging = createMonthlyCharging(database)
  ringFences = createRingFenceStore(database)
})
afterAll(() => database.stop())

const MONTH = 24_500_000n
const firstOfDecember = new Date('2026-11-30T23:00:00.000Z')
const firstOfJanuary = new Date('2026-12-31T23:00:00.000Z')

/** Sets the wish and does at once what it asks for, as the route does. */
async function fence(account: Account, mode: RingFenceMode, now = november) {
  const { accountId } = account
  expect(await setRingFence(database, { accountId, mode, at: now.toISOString() })).toMatchObject({ ok: true })
  return charging.chargeDue(accountId, now)
}

async function moneyOf(account: Account) {
  const { head, entries, faults } = await world.statement(account)
  const ringFence = await ringFences.read(account.accountId)
  expect(faults).toEqual([])
  expect(ringFence.lots.reduce((sum, { changeMicros }) => sum + changeMicros, 0n)).toBe(ringFence.heldMicros)
  expect(head.heldMicros).toBe(ringFence.heldMicros)
  return {
    available: head.availableMicros,
    setAside: ringFence.heldMicros,
    kinds: entries.map(({ kind }) => kind),
    entries,
    ringFence,
  }
}

async function proofOf({ accountId }: Account) {
  return createProving(database).prove({
    ...{ accountId, now: november.toISOString(), actor: 'machine:test', whole: true, mostEntries: 1000 },
  })
}

async function listDue(at: Date) {
  const found: { kind: string; accountId: string }[] = []
  for (let shard = 0; shard < DUE_SHARDS; shard++)
    for await (const page of createDueStore(database).listDue(shard, at.toISOString())) found.push(...page)
  return found
}

const setStatus = ({ accountId }: Account, status: string) =>
  database.client.send(
    new UpdateCommand({
      TableName: database.ledgerTable,
      Key: { pk: `ACCOUNT#${accountId}`, sk: 'HEAD' },
      UpdateExpression: 'SET #status = :status ADD #revision :one',
      ExpressionAttributeNames: { '#status': 'status', '#revision': 'revision' },
      ExpressionAttributeValues: { ':status': status, ':one': 1n },
    }),
  )

describe('a ring-fence of the whole charge', () => {
  it('sets aside all of the next charge at once, and no more', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    await fence(account, 'whole')
    expect(await moneyOf(account)).toMatchObject({ available: 100n * UNIT - MONTH, setAside: MONTH })
    await charging.chargeDue(account.accountId, november)
    expect((await moneyOf(account)).kinds).toEqual(['top_up', 'ring_fence'])
    expect(await proofOf(account)).toMatchObject({ result: 'proven', faults: [] })
  })

  it('sets aside what there is, and the rest when credit comes in', async () => {
    const account = await world.openWithPlan(5, 10n * UNIT)
    await fence(account, 'whole')
    expect(await moneyOf(account)).toMatchObject({ available: 0n, setAside: 10n * UNIT })
    await world.give(account, 50n * UNIT, 'more')
    await charging.chargeDue(account.accountId, november)
    expect(await moneyOf(account)).toMatchObject({ available: 60n * UNIT - MONTH, setAside: MONTH })
  })

  it('is not there for usage, and covers its month when nothing else is left', async () => {
    const account = await world.openWithPlan(5, 30n * UNIT)
    await fence(account, 'whole')
    expect(await world.take(account, 6n * UNIT, 'too much')).toMatchObject({ reason: 'insufficient_credit' })
    expect(await world.take(account, 5_500_000n, 'all')).toMatchObject({ ok: true })
    const preview = await createUpcomingCharge(database).preview(account, november)
    expect(preview).toMatchObject({ availableMicros: 0n, setAsideMicros: MONTH, shortfallMicros: 0n })
    const { months } = await charging.chargeDue(account.accountId, firstOfDecember)
    expect(months).toEqual([{ period: '2026-12', result: 'charged' }])
    expect(await moneyOf(account)).toMatchObject({ available: 0n, setAside: 0n })
    expect((await moneyOf(account)).entries.at(-1)).toMatchObject({
      kind: 'plan',
      amountMicros: -MONTH,
      postings: [
        { account: 'client:held', amountMicros: -MONTH },
        { account: 'revenue:plan', amountMicros: MONTH },
      ],
    })
    expect(await proofOf(account)).toMatchObject({ result: 'proven' })
  })

  it.each([
    ['less than', 10n, 1],
    ['exactly', 24n, 1],
    ['more than', 100n, 5],
  ])('holds %s the charge: the month is charged once, and the next is set aside', async (_, units, seats) => {
    const account = await world.openWithPlan(5, units * UNIT + 500_000n)
    await fence(account, 'whole')
    // The plan gets smaller for the next month; what is too much stays set aside until somebody looks.
    await world.choose(account, seats, november)
    await world.give(account, 100n * UNIT, 'unseen')
    const total = BigInt(seats) * 4_900_000n
    const runs = Array.from({ length: 4 }, () => charging.chargeDue(account.accountId, firstOfDecember))
    const months = (await Promise.all(runs)).flatMap((run) => run.months)
    expect(months).toEqual([{ period: '2026-12', result: 'charged' }])
    const after = await moneyOf(account)
    expect(after.setAside).toBe(total)
    expect(after.available).toBe(units * UNIT + 500_000n + 100n * UNIT - total - total)
    expect(after.ringFence.period).toBe('2027-01')
    expect(after.entries.filter(({ kind }) => kind === 'plan')).toHaveLength(1)
    expect(await proofOf(account)).toMatchObject({ result: 'proven' })
  })

  it('and available credit pay a month together, by one line that says both', async () => {
    const account = await world.openWithPlan(5, 10n * UNIT)
    await fence(account, 'whole')
    await world.give(account, 15n * UNIT, 'late')
    await charging.chargeDue(account.accountId, firstOfDecember)
    const { entries, available, setAside } = await moneyOf(account)
    const plan = entries.find(({ kind }) => kind === 'plan')!
    expect(plan.postings).toEqual([
      { account: 'client:available', amountMicros: -14_500_000n },
      { account: 'client:held', amountMicros: -10n * UNIT },
      { account: 'revenue:plan', amountMicros: MONTH },
    ])
    expect({ available, setAside }).toEqual({ available: 0n, setAside: 500_000n })
  })

  it('stays set aside through a short month, pays it first when credit comes, and then the next', async () => {
    const account = await world.openWithPlan(5, 10n * UNIT)
    await fence(account, 'whole')
    const { months } = await charging.chargeDue(account.accountId, firstOfDecember)
    expect(months).toEqual([{ period: '2026-12', result: 'short' }])
    const [note] = (await moneyOf(account)).entries.filter(({ kind }) => kind === 'plan_short')
    expect(JSON.parse(note!.detail)).toMatchObject({ shortfall: '14.50' })
    expect(await moneyOf(account)).toMatchObject({ available: 0n, setAside: 10n * UNIT })
    await world.give(account, 40n * UNIT, 'later')
    expect((await charging.chargeDue(account.accountId, firstOfDecember)).months).toEqual([
      { period: '2026-12', result: 'settled' },
    ])
    // 50 less December leaves 25.50, of which January's 24.50.
    expect(await moneyOf(account)).toMatchObject({ available: 1n * UNIT, setAside: MONTH })
    expect(await proofOf(account)).toMatchObject({ result: 'proven' })
  })

  it('counts what is owed besides the next charge', async () => {
    const account = await world.openWithPlan(5, 0n)
    await charging.chargeDue(account.accountId, firstOfDecember)
    await fence(account, 'whole', firstOfDecember)
    await world.give(account, 20n * UNIT, 'some')
    // The next charge alone would be 4.90.
    await world.choose(account, 1, firstOfDecember)
    await charging.chargeDue(account.accountId, firstOfDecember)
    // Less than is owed, and all of it kept from usage.
    expect(await moneyOf(account)).toMatchObject({ available: 0n, setAside: 20n * UNIT })
  })

  it('is given back when it is switched off, and when the next charge gets smaller', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    await fence(account, 'whole')
    await world.choose(account, 1, new Date(november.getTime() + 1000))
    await charging.chargeDue(account.accountId, november)
    expect(await moneyOf(account)).toMatchObject({ available: 95_100_000n, setAside: 4_900_000n })
    await fence(account, 'off')
    expect(await moneyOf(account)).toMatchObject({ available: 100n * UNIT, setAside: 0n })
    const { accountId } = account
    const again = await setRingFence(database, { accountId, mode: 'off', at: november.toISOString() })
    expect(again).toEqual({ ok: true, isChange: false })
  })
})

describe('a ring-fence that accrues', () => {
  it('has the part of the days that have begun, all on the last day, and the calendar asks for each', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    await fence(account, 'accruing')
    // The 10th of 30.
    expect((await moneyOf(account)).setAside).toBe((MONTH * 10n) / 30n)
    const due = () => listDue(new Date('2026-11-10T23:00:00.000Z'))
    expect(await due()).toContainEqual({ kind: 'ring_fence', accountId: account.accountId })
    await charging.chargeDue(account.accountId, new Date('2026-11-10T23:00:00.000Z'))
    expect((await moneyOf(account)).setAside).toBe((MONTH * 11n) / 30n)
    expect(await due()).not.toContainEqual({ kind: 'ring_fence', accountId: account.accountId })
    await charging.chargeDue(account.accountId, new Date('2026-11-30T22:59:00.000Z'))
    expect((await moneyOf(account)).setAside).toBe(MONTH)
    await charging.chargeDue(account.accountId, firstOfDecember)
    const { setAside, ringFence } = await moneyOf(account)
    expect(setAside).toBe(MONTH / 31n)
    expect(ringFence).toMatchObject({ period: '2027-01', dueAt: '2026-12-01T23:00:00.000Z' })
    await fence(account, 'off', firstOfDecember)
    expect((await ringFences.read(account.accountId)).dueAt).toBeUndefined()
  })

  it('moves its date on also where there is no credit to set aside', async () => {
    const account = await world.openWithPlan(5, 0n)
    await fence(account, 'accruing')
    expect(await moneyOf(account)).toMatchObject({ setAside: 0n, kinds: [] })
    expect(await listDue(november)).not.toContainEqual({ kind: 'ring_fence', accountId: account.accountId })
  })
})

describe('credit that expires', () => {
  it('before the charge, or at its instant, is not set aside', async () => {
    const account = await world.openWithPlan(5, 0n)
    await world.give(account, 10n * UNIT, 'gone', firstOfDecember.toISOString())
    await world.give(account, 7n * UNIT, 'lasting', '2026-12-05T00:00:00.000Z')
    await fence(account, 'whole')
    const { ringFence } = await moneyOf(account)
    expect(ringFence.lots).toMatchObject([{ lot: 2n, changeMicros: 7n * UNIT }])
  })

  it('before the next charge comes back while a month is owed, and pays that as long as nothing else uses it', async () => {
    const account = await world.openWithPlan(5, 0n)
    await world.give(account, 7n * UNIT, 'lasting', '2026-12-05T00:00:00.000Z')
    await fence(account, 'whole')
    await charging.chargeDue(account.accountId, firstOfDecember)
    expect(await moneyOf(account)).toMatchObject({ available: 7n * UNIT, setAside: 0n })
    await world.give(account, 20n * UNIT, 'rest')
    const { months } = await charging.chargeDue(account.accountId, firstOfDecember)
    expect(months).toEqual([{ period: '2026-12', result: 'settled' }])
    expect(await moneyOf(account)).toMatchObject({ available: 0n, setAside: 2_500_000n })
  })

  it('is not kept longer by being set aside: it comes back and expires', async () => {
    const account = await world.openWithPlan(5, 0n)
    await world.give(account, 7n * UNIT, 'lasting', '2026-12-05T00:00:00.000Z')
    await fence(account, 'whole')
    // Nobody looks before it has expired. Both would cover the month.
    const late = new Date('2026-12-06T00:00:00.000Z')
    await world.give(account, 20n * UNIT, 'late')
    expect((await charging.chargeDue(account.accountId, late)).months).toMatchObject([{ result: 'short' }])
    const { kinds, setAside, available } = await moneyOf(account)
    expect(kinds).toEqual([
      'top_up',
      'ring_fence',
      'top_up',
      'ring_fence',
      'expiry',
      'plan_short',
      'ring_fence',
    ])
    expect({ setAside, available }).toEqual({ setAside: 20n * UNIT, available: 0n })
    expect(await proofOf(account)).toMatchObject({ result: 'proven' })
  })
})

describe('what else moves credit', () => {
  it('refunds to a card only what is not set aside', async () => {
    const account = await world.openWithPlan(5, 30n * UNIT)
    await fence(account, 'whole')
    const { head, entries } = await world.statement(account)
    const asked = {
      amountMicros: 6n * UNIT,
      contra: 'cash:stripe',
      reason: 'r',
      actor: 'a',
      detail: {},
    } as const
    expect(refundToCard(head, entries[0]!, asked)).toMatchObject({
      ok: false,
      reason: 'more_than_unspent',
      unspentMicros: 5_500_000n,
    })
  })

  it('takes a disputed payment out of what is available, and leaves what is set aside', async () => {
    const account = await world.openWithPlan(5, 30n * UNIT)
    await fence(account, 'whole')
    const { head, entries } = await world.statement(account)
    const what = { kind: 'dispute', amountMicros: 30n * UNIT, contra: 'cash:stripe' } as const
    const taken = { ...what, reason: 'r', actor: 'a', detail: {} }
    expect(takeBack(head, entries[0]!, taken).draft.postings).toEqual([
      { account: 'client:available', amountMicros: -5_500_000n },
      { account: 'cash:stripe', amountMicros: 30n * UNIT },
      { account: 'receivable:payments', amountMicros: -MONTH },
    ])
  })

  it('moves nothing on a parked account, and makes up for it when it is open', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    await setStatus(account, 'parked')
    expect(await fence(account, 'whole')).toMatchObject({ stopped: 'account_parked' })
    expect((await moneyOf(account)).setAside).toBe(0n)
    expect(await listDue(november)).toContainEqual({ kind: 'ring_fence', accountId: account.accountId })
    await setStatus(account, 'open')
    await createMonthlyCharging(database).chargeDue(account.accountId, november)
    expect((await moneyOf(account)).setAside).toBe(MONTH)
  })

  it('is found by the proof where the document says otherwise than the lines', async () => {
    const account = await world.openWithPlan(5, 100n * UNIT)
    await fence(account, 'whole')
    await database.client.send(
      new UpdateCommand({
        TableName: database.documentsTable,
        Key: { pk: `ACCOUNT#${account.accountId}`, sk: 'RING_FENCE' },
        UpdateExpression: 'SET heldMicros = :less',
        ExpressionAttributeValues: { ':less': 1n },
      }),
    )
    expect(await proofOf(account)).toMatchObject({ result: 'mismatch' })
  })
})

describe('at the same time', () => {
  it('usage never uses what is set aside, and no credit is made or lost', async () => {
    const account = await world.openWithPlan(5, 30n * UNIT)
    const { accountId } = account
    await setRingFence(database, { accountId, mode: 'whole', at: november.toISOString() })
    const other = planAccounts(database)
    const bursts = Array.from({ length: 12 }, (_, index) =>
      [world, other][index % 2]!.take(account, 1_300_000n, `burst-${index}`),
    )
    const raises = Array.from({ length: 3 }, () =>
      createMonthlyCharging(database).chargeDue(accountId, november),
    )
    const [taken] = await Promise.all([Promise.all(bursts), Promise.all(raises)])
    await charging.chargeDue(accountId, november)
    const { available, setAside, entries } = await moneyOf(account)
    const used = BigInt(taken.filter(({ ok }) => ok).length) * 1_300_000n
    expect(available + setAside + used).toBe(30n * UNIT)
    expect(setAside === MONTH || available === 0n).toBe(true)
    // What was set aside is never less afterwards.
    const held = entries.map(({ heldAfterMicros }) => heldAfterMicros)
    expect(held).toEqual(held.toSorted((one, next) => (one < next ? -1 : 1)))
    expect(await proofOf(account)).toMatchObject({ result: 'proven' })
  })

  it('a change of the wish and the charge of the month exclude each other, and the month is charged once', async () => {
    for (const mode of ['whole', 'accruing'] as const) {
      const account = await world.openWithPlan(5, 60n * UNIT)
      await fence(account, 'whole')
      await Promise.all([
        createMonthlyCharging(database).chargeDue(account.accountId, firstOfDecember),
        fence(account, 'off', firstOfDecember),
        createMonthlyCharging(database).chargeDue(account.accountId, firstOfDecember),
      ])
      await fence(account, mode, firstOfDecember)
      const { entries, available, setAside } = await moneyOf(account)
      expect(entries.filter(({ kind }) => kind === 'plan')).toHaveLength(1)
      expect(available + setAside).toBe(60n * UNIT - MONTH)
    }
  })
})

describe('a process that dies at any write', () => {
  it('leaves what the next one makes good: the month charged once, the next set aside, the books in order', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let atWrite = 1; atWrite <= 5; atWrite++) {
        const account = await world.openWithPlan(5, 30n * UNIT)
        const { accountId } = account
        const dying = () => ({ ...database, client: dyingClient(database.client, { atWrite, when }) })
        const survive = (error: unknown) => expect(error).toBeInstanceOf(Died)
        const wish = { accountId, mode: 'accruing', at: november.toISOString() } as const
        await setRingFence(dying(), wish).catch(survive)
        await setRingFence(database, wish)
        await createMonthlyCharging(dying()).chargeDue(accountId, november).catch(survive)
        await charging.chargeDue(accountId, november)
        expect((await moneyOf(account)).setAside).toBe((MONTH * 10n) / 30n)
        await createMonthlyCharging(dying()).chargeDue(accountId, firstOfJanuary).catch(survive)
        await charging.chargeDue(accountId, firstOfJanuary)
        await world.give(account, 30n * UNIT, 'later')
        await createMonthlyCharging(dying()).chargeDue(accountId, firstOfJanuary).catch(survive)
        await charging.chargeDue(accountId, firstOfJanuary)
        const { entries, available, setAside } = await moneyOf(account)
        const charged = entries.filter(({ kind }) => kind === 'plan').map(({ key }) => key)
        expect(charged).toEqual(['plan:2026-12', 'plan:2027-01'])
        expect(setAside).toBe(MONTH / 31n)
        expect(available + setAside).toBe(60n * UNIT - 2n * MONTH)
        expect(await proofOf(account)).toMatchObject({ result: 'proven' })
      }
    }
  })
})
