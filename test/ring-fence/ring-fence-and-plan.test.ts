import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createPlanChanging } from '../../functions/plans/change-plan.store.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { choosePlan } from '../../functions/plans/choose-plan.store.ts'
import { createDueStore } from '../../functions/plans/due.store.ts'
import { DUE_SHARDS } from '../../functions/plans/plan-keys.ts'
import { createPlanStanding } from '../../functions/plans/plan-standing.store.ts'
import { setAgreedPrices } from '../../functions/plans/set-agreed-prices.store.ts'
import { createUpcomingCharge } from '../../functions/plans/upcoming-charge.store.ts'
import { createProving } from '../../functions/proof/prove-account.store.ts'
import { createRingFenceStore } from '../../functions/ring-fence/ring-fence.store.ts'
import type { RingFenceMode } from '../../functions/ring-fence/ring-fence.ts'
import { setRingFence } from '../../functions/ring-fence/set-ring-fence.store.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { Died } from '../plans/dying-client.ts'
import { november, planAccounts, recordingBus, UNIT } from '../plans/plan-account.ts'
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
  const services = [
    { service: 'number', name: 'Numbers', unitFeeMicros: 62n * UNIT },
    { service: 'trunk', name: 'Trunks', unitFeeMicros: 93n * UNIT },
  ]
  const plan = { name: 'Full', clientType: 'hosted' as const, currency: 'USD', baseFeeMicros: 31n * UNIT }
  const content = { ...plan, services, effectiveFrom: '2026-01-01T00:00:00.000Z' }
  await world.plans.set('full', content, '2026-01-01T00:00:00.000Z')
})
afterAll(() => database.stop())

const MONTH = 24_500_000n
/** Local midnight of a day of December in Berlin. */
const december = (day: number) => new Date(Date.UTC(2026, 10, 29 + day, 23))

async function fence(account: Account, mode: RingFenceMode, now = november) {
  const { accountId } = account
  expect(await setRingFence(database, { accountId, mode, at: now.toISOString() })).toMatchObject({ ok: true })
  return charging.chargeDue(accountId, now)
}

const openFenced = async (creditMicros = 100n * UNIT, mode: RingFenceMode = 'whole') => {
  const account = await world.openWithPlan(5, creditMicros)
  await fence(account, mode)
  return account
}

/** Available and set aside, and that the document, the lines and all lots agree. */
async function creditOf(account: Account) {
  const { head } = await world.statement(account)
  const ringFence = await ringFences.read(account.accountId)
  expect(head.heldMicros).toBe(ringFence.heldMicros)
  const request = { accountId: account.accountId, now: november.toISOString(), actor: 'machine:test' }
  const proof = await createProving(database).prove({ ...request, whole: true, mostEntries: 1000 })
  expect(proof).toMatchObject({ result: 'proven', faults: [] })
  return { available: head.availableMicros, setAside: ringFence.heldMicros }
}

/** Something else happens just before the first command in which a text stands. */
function beforeFirst(text: string, happen: () => Promise<unknown>) {
  let hasHappened = false
  return interposedClient(database.client, async (command, send) => {
    const { input } = command as { input: unknown }
    const said = JSON.stringify(input, (_, value) => (typeof value === 'bigint' ? value.toString() : value))
    if (!hasHappened && said.includes(text)) {
      hasHappened = true
      await happen()
    }
    return send()
  })
}

async function isDue({ accountId }: Account, at: Date) {
  const found: { kind: string; accountId: string }[] = []
  for (let shard = 0; shard < DUE_SHARDS; shard++)
    for await (const page of createDueStore(database).listDue(shard, at.toISOString())) found.push(...page)
  return found.some((due) => due.kind === 'ring_fence' && due.accountId === accountId)
}

describe('a month beside credit of many lots', () => {
  it('is charged, and foreseen, when what is set aside and the lots in HEAD do not suffice, and those behind do', async () => {
    const account = await world.openWithPlan(5, 0n)
    for (let gift = 0; gift < 24; gift++) await world.give(account, 2n * UNIT, `gift-${gift}`)
    await fence(account, 'accruing', december(-20))
    const { setAside } = await creditOf(account)
    expect(setAside).toBeGreaterThan(0n)
    expect(await createUpcomingCharge(database).preview(account, december(-20))).toMatchObject({
      totalMicros: MONTH,
      shortfallMicros: 0n,
    })
    expect(await charging.chargeDue(account.accountId, december(1))).toMatchObject({
      months: [{ period: '2026-12', result: 'charged' }],
    })
    const after = await creditOf(account)
    expect(after.available + after.setAside).toBe(48n * UNIT - MONTH)
  })

  it('is found short, though lots wait behind', async () => {
    const account = await world.openWithPlan(5, 0n)
    for (let gift = 0; gift < 12; gift++) await world.give(account, 2n * UNIT, `gift-${gift}`)
    await fence(account, 'accruing', december(-20))
    expect(await charging.chargeDue(account.accountId, december(1))).toMatchObject({
      months: [{ period: '2026-12', result: 'short' }],
    })
  })
})

describe('what is set aside follows the plan', () => {
  it('within the hour of a choice for the next month, down and up', async () => {
    const account = await openFenced()
    expect(await isDue(account, november)).toBe(false)
    await world.choose(account, 1, november)
    expect(await isDue(account, november)).toBe(true)
    await charging.chargeDue(account.accountId, november)
    expect(await isDue(account, november)).toBe(false)
    expect(await creditOf(account)).toEqual({ available: 95_100_000n, setAside: 4_900_000n })
    await world.choose(account, 10, november)
    await charging.chargeDue(account.accountId, november)
    expect(await creditOf(account)).toEqual({ available: 51n * UNIT, setAside: 49n * UNIT })
  })

  it('within the hour of prices that are agreed', async () => {
    const account = await openFenced()
    const wishes = [{ service: 'seat', unitFeeMicros: 1n * UNIT, fromPeriod: '2026-12', reason: 'test' }]
    const set = await setAgreedPrices(database, { account, wishes, actor: 'person:test', now: november })
    expect(set).toMatchObject({ ok: true })
    expect(await isDue(account, november)).toBe(true)
    await charging.chargeDue(account.accountId, november)
    expect(await creditOf(account)).toEqual({ available: 95n * UNIT, setAside: 5n * UNIT })
  })

  it('by the next midnight, when nothing tells of a new price', async () => {
    const account = await openFenced()
    const midnight = new Date('2026-11-10T23:00:00.000Z')
    expect(await isDue(account, new Date(midnight.getTime() - 1))).toBe(false)
    expect(await isDue(account, midnight)).toBe(true)
  })

  it('and is all given back when the plan ends', async () => {
    const account = await openFenced()
    const choice = { planId: null, services: [] }
    await choosePlan(database, { account, choice, actor: 'person:test', now: november })
    expect(await isDue(account, november)).toBe(true)
    await charging.chargeDue(account.accountId, november)
    expect(await creditOf(account)).toEqual({ available: 100n * UNIT, setAside: 0n })
  })

  it('pays no change within the month; a change gives back to the lots that the month was charged from', async () => {
    const account = await openFenced(60n * UNIT)
    await charging.chargeDue(account.accountId, december(1))
    expect(await creditOf(account)).toEqual({ available: 11n * UNIT, setAside: MONTH })
    const changing = createPlanChanging(database)
    const seats = (quantity: bigint) => ({ planId: 'basic', services: [{ service: 'seat', quantity }] })
    const change = (quantity: bigint, key: string) =>
      changing.change({
        ...{ account, choice: seats(quantity), actor: 'person:test', now: december(1) },
        ...{ key: `plan-change:${key}`, requestHash: key },
      })
    expect(await change(8n, 'more')).toMatchObject({ ok: false, reason: 'insufficient_credit' })
    // Removals count from tomorrow: 30 of 31 days of 31 seats' fees come back.
    expect(await change(4n, 'less')).toMatchObject({ ok: true, entry: { kind: 'plan_credit' } })
    await charging.chargeDue(account.accountId, december(1))
    const back = 4_900_000n - 4_900_000n / 31n
    expect(await creditOf(account)).toEqual({
      available: 11n * UNIT + back + 4_900_000n,
      setAside: 4n * 4_900_000n,
    })
  })
})

describe('a charge, and what is set aside at the same time', () => {
  const charged = [{ period: '2026-12', result: 'charged' }]

  it('charges a month that both cover, though it is set aside while the charge is decided', async () => {
    const account = await world.openWithPlan(5, 30n * UNIT)
    const { accountId } = account
    await setRingFence(database, { accountId, mode: 'whole', at: november.toISOString() })
    const client = beforeFirst('plan:2026-12', () => charging.chargeDue(accountId, november))
    const { months } = await createMonthlyCharging({ ...database, client }).chargeDue(accountId, december(1))
    expect(months).toEqual(charged)
    expect(await creditOf(account)).toEqual({ available: 0n, setAside: 5_500_000n })
  })

  it('charges it of what is available, when it was given back meanwhile', async () => {
    const account = await openFenced(30n * UNIT)
    const { accountId } = account
    const client = beforeFirst('plan:2026-12', () => fence(account, 'off'))
    const { months } = await createMonthlyCharging({ ...database, client }).chargeDue(accountId, december(1))
    expect(months).toEqual(charged)
    expect(await creditOf(account)).toEqual({ available: 5_500_000n, setAside: 0n })
  })

  it('sets nothing aside for a month that was charged meanwhile', async () => {
    const account = await world.openWithPlan(5, 60n * UNIT)
    const { accountId } = account
    await setRingFence(database, { accountId, mode: 'whole', at: november.toISOString() })
    // It charges the month, and dies before it sets aside for the next.
    const dying = beforeFirst('ring-fence:', () => Promise.reject(new Died()))
    const client = beforeFirst('ring-fence:', async () => {
      const other = createMonthlyCharging({ ...database, client: dying })
      await other.chargeDue(accountId, december(1)).catch((error) => expect(error).toBeInstanceOf(Died))
    })
    await createMonthlyCharging({ ...database, client }).chargeDue(accountId, november)
    expect(await creditOf(account)).toEqual({ available: 60n * UNIT - MONTH, setAside: 0n })
    await charging.chargeDue(accountId, december(1))
    expect(await creditOf(account)).toEqual({ available: 60n * UNIT - 2n * MONTH, setAside: MONTH })
  })
})

describe('a month that is owed', () => {
  async function openFull(creditUnits: bigint) {
    const account = await world.open()
    const services = ['number', 'trunk'].map((service) => ({ service, quantity: 1n }))
    const choice = { planId: 'full', services }
    await choosePlan(database, { account, choice, actor: 'person:test', now: november })
    await world.give(account, creditUnits * UNIT, `full-${account.accountId}`)
    return account
  }

  it('stops as few services as what is set aside suffices for, and sets aside for those that run on', async () => {
    const account = await openFull(100n)
    await fence(account, 'whole')
    const { months } = await charging.chargeDue(account.accountId, december(1))
    expect(months.map(({ result }) => result)).toEqual(['short'])
    expect(await creditOf(account)).toEqual({ available: 0n, setAside: 100n * UNIT })
    const after = await charging.chargeDue(account.accountId, december(8))
    // Without trunks and numbers from the 8th on 31 + 14 + 21 are owed, and the next month costs the base fee.
    expect(after.months.map(({ result }) => result)).toEqual(['stopped', 'settled'])
    expect(await creditOf(account)).toEqual({ available: 3n * UNIT, setAside: 31n * UNIT })
  })

  it('stops no more than that, though it is set aside while the stop is decided', async () => {
    const account = await openFull(100n)
    await charging.chargeDue(account.accountId, december(1))
    const { accountId } = account
    await setRingFence(database, { accountId, mode: 'whole', at: december(2).toISOString() })
    const client = beforeFirst('plan-stop:', () => charging.chargeDue(accountId, december(7)))
    const done = await createMonthlyCharging({ ...database, client }).chargeDue(accountId, december(8))
    expect(done.months.map(({ result }) => result)).toEqual(['stopped', 'settled'])
    const month = await world.subscriptions.readPeriod(accountId, '2026-12')
    expect(month).toMatchObject({ status: 'charged', totalMicros: 66n * UNIT })
    expect(await creditOf(account)).toEqual({ available: 3n * UNIT, setAside: 31n * UNIT })
  })

  it('lets nothing run again of credit that is given back while that is decided', async () => {
    const account = await openFull(100n)
    const { accountId } = account
    await charging.chargeDue(accountId, december(1))
    // Base fee and trunks cost 31 + 21 until the 8th; numbers and trunks have stopped, and 34 are left.
    await charging.chargeDue(accountId, december(8))
    await fence(account, 'whole', december(27))
    expect(await creditOf(account)).toEqual({ available: 3n * UNIT, setAside: 31n * UNIT })
    await world.give(account, 50n * UNIT, `later ${accountId}`)
    const now = december(27)
    await setRingFence(database, { accountId, mode: 'off', at: now.toISOString() })
    const client = beforeFirst('plan-resume:', () => charging.chargeDue(accountId, now))
    const { months } = await createMonthlyCharging({ ...database, client }).chargeDue(accountId, now)
    // Of 84 the rest of December and all of January cannot be paid for either of them.
    expect(months).toEqual([])
    expect(await creditOf(account)).toEqual({ available: 84n * UNIT, setAside: 0n })
    expect((await charging.chargeDue(accountId, december(32))).months).toMatchObject([{ result: 'charged' }])
  })

  it('is reminded of, and shown, with what is set aside', async () => {
    const account = await openFull(100n)
    await fence(account, 'whole')
    await charging.chargeDue(account.accountId, december(1))
    const bus = recordingBus()
    const reminding = { put: bus.put, portalUrl: 'https://portal.example.com' }
    await createMonthlyCharging({ ...database, reminding }).chargeDue(account.accountId, december(7))
    expect(bus.events.map(({ detail }) => detail)).toMatchObject([
      { available: { amount: '100.00' }, exactShortfall: { amount: '86.00' } },
    ])
    const { head } = await world.statement(account)
    const standing = createPlanStanding(database).read(account, december(7), { head, lots: [] })
    expect(await standing).toMatchObject({ owedMicros: 186n * UNIT, shortfallMicros: 86n * UNIT })
  })
})

describe('many lots', () => {
  it('are set aside in their order of use, charged in it, and given back, whatever their number', async () => {
    const account = await world.openWithPlan(5, 0n)
    for (let lot = 1; lot <= 30; lot++) {
      const expiresAt = lot <= 15 ? new Date(Date.UTC(2027, 0, lot)).toISOString() : undefined
      await world.give(account, 1n * UNIT, `${account.accountId}-${lot}`, expiresAt)
    }
    await fence(account, 'whole')
    expect(await creditOf(account)).toEqual({ available: 5_500_000n, setAside: MONTH })
    const { lots } = await ringFences.read(account.accountId)
    expect(lots.map(({ lot }) => Number(lot))).toEqual(Array.from({ length: 25 }, (_, index) => index + 1))
    expect(lots.at(-1)).toMatchObject({ changeMicros: 500_000n })
    await fence(account, 'off')
    expect(await creditOf(account)).toEqual({ available: 30n * UNIT, setAside: 0n })
    await fence(account, 'whole')
    await world.choose(account, 1, november)
    await charging.chargeDue(account.accountId, december(1))
    // What is left of December's 4.90 and January's: lots of which nothing is left are gone.
    expect(await creditOf(account)).toEqual({ available: 20_200_000n, setAside: 4_900_000n })
    // The next charge is in January's last hour in Berlin: lots that expire before are not for it.
    const after = await ringFences.read(account.accountId)
    expect(
      after.lots.every(({ expiresAt }) => expiresAt === undefined || expiresAt > '2026-12-31T23:00:00.000Z'),
    ).toBe(true)
  })
})

describe('the balance of one moment', () => {
  it('does not count credit twice that is set aside while it is read', async () => {
    const account = await openFenced(100n * UNIT, 'accruing')
    const client = beforeFirst('RING_FENCE', () => fence(account, 'whole'))
    const preview = await createUpcomingCharge({ ...database, client }).preview(account, november)
    expect(preview).toMatchObject({ availableMicros: 100n * UNIT - MONTH, setAsideMicros: MONTH })
  })
})

describe('a closed account', () => {
  it('falls out of what is due', async () => {
    const account = await openFenced(0n)
    await world.choose(account, 1, november)
    expect(await isDue(account, november)).toBe(true)
    await database.client.send(
      new UpdateCommand({
        TableName: database.ledgerTable,
        Key: { pk: `ACCOUNT#${account.accountId}`, sk: 'HEAD' },
        UpdateExpression: 'SET #status = :closed ADD #revision :one',
        ExpressionAttributeNames: { '#status': 'status', '#revision': 'revision' },
        ExpressionAttributeValues: { ':closed': 'closed', ':one': 1n },
      }),
    )
    const { stopped } = await createMonthlyCharging(database).chargeDue(account.accountId, november)
    expect(stopped).toBe('account_closed')
    expect(await isDue(account, december(31))).toBe(false)
  })
})
