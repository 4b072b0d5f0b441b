import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { readCreditUntil } from '../../functions/ledger/credit-at.ts'
import { createLedgerReader } from '../../functions/ledger/ledger-reader.store.ts'
import { createPlanChanging } from '../../functions/plans/change-plan.store.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { createPlanStanding } from '../../functions/plans/plan-standing.store.ts'
import { setStopOrder } from '../../functions/plans/set-stop-order.store.ts'
import { createUpcomingCharge } from '../../functions/plans/upcoming-charge.store.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { Died, dyingClient } from './dying-client.ts'
import { december, fullPlan } from './full-plan.ts'
import { november, UNIT } from './plan-account.ts'

let database: TestDatabase
let full: Awaited<ReturnType<typeof fullPlan>>
beforeAll(async () => {
  database = await startTestDatabase()
  full = await fullPlan(database)
})
afterAll(() => database.stop())

let changes = 0
/** To one of each, from that day on. */
function change(account: Account, services: readonly string[] | null, now: Date) {
  const choice =
    services === null
      ? { planId: null, services: [] }
      : { planId: 'full', services: services.map((service) => ({ service, quantity: 1n })) }
  const named = { key: `plan-change:${++changes}`, requestHash: `change ${changes}` }
  return createPlanChanging(database).change({ account, choice, actor: 'person:test', now, ...named })
}

/** Everything stopped on the 8th, with 42 owed for the days before. */
async function stopAll() {
  const account = await full.openFull(0)
  await full.charging.chargeDue(account.accountId, december(1))
  await full.charging.chargeDue(account.accountId, december(8))
  return account
}

/** Trunks stopped on the 8th, and 114 paid for the month without them. */
async function stopTrunks() {
  const account = await full.openFull(114)
  await full.charging.chargeDue(account.accountId, december(1))
  expect(await full.resultsOf(account, december(8))).toEqual(['stopped', 'settled'])
  expect(await full.stoppedOf(account)).toEqual(['trunk'])
  return account
}

async function standingOf(account: Account, now: Date) {
  const credit = await readCreditUntil(createLedgerReader(database), account.accountId, '2028')
  return (await createPlanStanding(database).read(account, now, credit!))!
}

describe('a change of plan beside services that have stopped', () => {
  it('leaves them stopped and charges nothing for them, also when the month is charged', async () => {
    const account = await stopTrunks()
    expect(await change(account, ['number', 'trunk'], december(10))).toMatchObject({ ok: true })
    expect(await full.stoppedOf(account)).toEqual(['trunk'])
    expect(await full.monthOf(account)).toMatchObject({ totalMicros: 114n * UNIT })
    await full.give(account, 93)
    expect(await full.resultsOf(account, december(32))).toEqual(['charged'])
    expect((await full.linesOf(account)).lines.at(-1)).toBe('plan -93')
    expect(await full.stoppedOf(account)).toEqual(['trunk'])
  })

  it('takes a service that is removed from what is stopped; added again it is paid from that day on', async () => {
    const account = await stopTrunks()
    await change(account, ['number', 'fax'], december(10))
    expect(await full.stoppedOf(account)).toEqual([])
    expect((await full.linesOf(account)).available).toBe(0n)
    await full.give(account, 100)
    expect(await full.resultsOf(account, december(12))).toEqual([])
    expect(await change(account, ['number', 'fax', 'trunk'], december(12))).toMatchObject({
      entry: { kind: 'plan_change', amountMicros: -60n * UNIT },
    })
    const lines = (await full.monthOf(account)).lines.filter(({ service }) => service === 'trunk')
    expect(lines.map(({ firstDay, lastDay }) => `${firstDay}-${lastDay}`)).toEqual(['1-7', '12-31'])
  })

  it('that removes it from the next month on leaves it stopped for the rest of this one', async () => {
    const account = await stopTrunks()
    await full.choose(account, ['number', 'fax'], december(10))
    expect(await full.stoppedOf(account)).toEqual(['trunk'])
    await full.give(account, 60)
    expect(await full.resultsOf(account, december(12))).toEqual(['resumed'])
    expect((await full.linesOf(account)).lines.at(-1)).toBe('plan_resume -60')
  })

  it('that added to it is refused while a month is owed, and may take less of it', async () => {
    const account = await full.openFull(0)
    await full.charging.chargeDue(account.accountId, december(1))
    await change(account, ['number'], december(3))
    // Base fee and numbers, and three days of trunks.
    expect(await full.monthOf(account)).toMatchObject({ status: 'short', totalMicros: 102n * UNIT })
    expect(await change(account, ['number', 'trunk'], december(5))).toEqual({
      ok: false,
      reason: 'plan_owed',
    })
    expect(await full.monthOf(account)).toMatchObject({ graceEndsAt: december(8).toISOString() })
    await full.charging.chargeDue(account.accountId, december(8))
    expect(await full.monthOf(account)).toMatchObject({ status: 'short', totalMicros: 30n * UNIT })
  })

  it('lets nothing run free that is added while all is stopped: it resumes after the rest, and is charged', async () => {
    const account = await full.world.open()
    await full.choose(account, ['number'], november)
    await full.charging.chargeDue(account.accountId, december(1))
    await full.charging.chargeDue(account.accountId, december(8))
    expect(await full.stoppedOf(account)).toEqual(['number', 'base-fee'])
    expect(await change(account, ['number', 'trunk'], december(9))).toMatchObject({
      ok: true,
      entry: { amountMicros: 0n },
    })
    expect(await full.stoppedOf(account)).toEqual(['trunk', 'number', 'base-fee'])
    // 21 are owed; the rest of the month from the 22nd on is 10, 20 and 30.
    await full.give(account, 21 + 30)
    await full.charging.chargeDue(account.accountId, december(22))
    expect(await full.stoppedOf(account)).toEqual(['trunk'])
    await full.give(account, 30)
    await full.charging.chargeDue(account.accountId, december(22))
    expect((await full.linesOf(account)).lines.slice(2)).toEqual([
      'plan_change 0',
      'plan -21',
      'plan_resume -30',
      'plan_resume -30',
    ])
    expect(await full.stoppedOf(account)).toEqual([])
  })

  it('lets nothing run free that was chosen for the next month before all stopped', async () => {
    const account = await full.world.open()
    await full.choose(account, ['number'], november)
    await full.charging.chargeDue(account.accountId, december(1))
    await full.choose(account, ['number', 'trunk'], december(3))
    await full.charging.chargeDue(account.accountId, december(8))
    expect(await full.stoppedOf(account)).toEqual(['trunk', 'number', 'base-fee'])
    // January has begun with nothing running; 21 are owed for December.
    expect(await full.resultsOf(account, december(32))).toEqual(['nothing_to_pay'])
    await full.give(account, 21 + 30 + 60 + 90)
    await full.charging.chargeDue(account.accountId, december(33))
    expect((await full.monthOf(account, '2027-01')).lines.map(({ service }) => service)).toEqual([
      'base-fee',
      'number',
      'trunk',
    ])
    expect(await full.linesOf(account)).toMatchObject({ available: 0n })
    expect(await full.stoppedOf(account)).toEqual([])
  })

  it('that ends the plan leaves nothing stopped, and what is owed is owed', async () => {
    const account = await stopAll()
    expect(await change(account, null, december(9))).toMatchObject({ ok: true })
    expect(await full.stoppedOf(account)).toEqual([])
    await full.give(account, 100)
    expect(await full.resultsOf(account, december(10))).toEqual(['settled'])
    expect((await full.linesOf(account)).available).toBe(58n)
    // Whoever comes back is charged from that day on: all of it runs.
    expect(await change(account, ['number'], december(22))).toMatchObject({
      entry: { amountMicros: -30n * UNIT },
    })
  })

  it('to another plan has them resume by that plan’s fees', async () => {
    await full.world.plans.set(
      'half',
      {
        ...{ name: 'Half', clientType: 'hosted', currency: 'USD' },
        effectiveFrom: '2026-01-01T00:00:00.000Z',
        baseFeeMicros: 31n * UNIT,
        services: [
          { service: 'number', name: 'Numbers', unitFeeMicros: 62n * UNIT },
          { service: 'trunk', name: 'Half a trunk', unitFeeMicros: 31n * UNIT },
        ],
      },
      '2026-01-01T00:00:00.000Z',
    )
    const account = await stopTrunks()
    const services = ['number', 'trunk'].map((service) => ({ service, quantity: 1n }))
    await createPlanChanging(database).change({
      ...{ account, choice: { planId: 'half', services }, actor: 'person:test', now: december(10) },
      ...{ key: 'plan-change:half', requestHash: 'half' },
    })
    expect(await full.stoppedOf(account)).toEqual(['trunk'])
    await full.give(account, 20)
    await full.charging.chargeDue(account.accountId, december(12))
    expect((await full.linesOf(account)).lines.at(-1)).toBe('plan_resume -20')
  })

  it('takes what was not given back before it charges a resumption', async () => {
    const account = await stopTrunks()
    const month = await full.monthOf(account)
    const keeping = { ...month, totalMicros: month.totalMicros - 25n * UNIT, notGivenBackMicros: 25n * UNIT }
    const lines = month.lines.map((line) =>
      line.service === 'trunk' ? { ...line, amountMicros: line.amountMicros - 25n * UNIT } : line,
    )
    const write = full.world.subscriptions.replacePeriod({ ...keeping, lines }, month)
    await database.client.send(new TransactWriteCommand({ TransactItems: [write] }))
    await full.give(account, 60)
    await full.charging.chargeDue(account.accountId, december(12))
    const after = await full.monthOf(account)
    const chargedMicros = after.movements.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
    expect(after.totalMicros + after.notGivenBackMicros!).toBe(chargedMicros)
    expect(after.notGivenBackMicros).toBe(0n)
  })

  it.each(['stop', 'resumption'] as const)(
    'and a %s see each other, whichever is written second',
    async (what) => {
      const account = what === 'stop' ? await full.openFull(0) : await stopTrunks()
      if (what === 'stop') await full.charging.chargeDue(account.accountId, december(1))
      else await full.give(account, 72)
      let isChanged = false
      const client = interposedClient(database.client, async (command, send) => {
        if (command instanceof TransactWriteCommand && !isChanged) {
          isChanged = true
          expect(await change(account, ['number'], december(8))).toMatchObject({ ok: true })
        }
        return send()
      })
      const racing = createMonthlyCharging({ ...database, client })
      await racing.chargeDue(account.accountId, december(8))
      expect(isChanged).toBe(true)
      const trunks = (await full.monthOf(account)).lines.filter(({ service }) => service === 'trunk')
      // Removed on the 8th while it ran, that day would be paid; it stopped with it, or had stopped before.
      expect(trunks.map(({ firstDay, lastDay }) => `${firstDay}-${lastDay}`)).toEqual(['1-7'])
      expect(await full.stoppedOf(account)).toEqual(what === 'stop' ? ['number', 'base-fee'] : [])
    },
  )
})

describe('a month that is charged beside services that stop or resume', () => {
  /** Charges January, while a worker whose clock is a moment behind looks at the account, just before its write. */
  async function chargeBeside(account: Account) {
    let isLooked = false
    const client = interposedClient(database.client, async (command, send) => {
      if (command instanceof TransactWriteCommand && !isLooked) {
        isLooked = true
        await full.charging.chargeDue(account.accountId, december(31))
      }
      return send()
    })
    await createMonthlyCharging({ ...database, client }).chargeDue(account.accountId, december(32))
    expect(isLooked).toBe(true)
    return full.monthOf(account, '2027-01')
  }

  it('has nothing of what stops between its decision and its write', async () => {
    const account = await full.openFull(0)
    await full.charging.chargeDue(account.accountId, december(20))
    expect(await chargeBeside(account)).toMatchObject({ status: 'charged', totalMicros: 0n })
    expect(await full.monthOf(account)).toMatchObject({ totalMicros: 180n * UNIT })
    // January was never found short.
    expect((await full.linesOf(account)).lines).toEqual(['plan_short 0', 'plan_stop 0'])
  })

  it('has what resumes between its decision and its write', async () => {
    const account = await stopTrunks()
    await full.give(account, 189)
    expect(await chargeBeside(account)).toMatchObject({ status: 'charged', totalMicros: 186n * UNIT })
    expect((await full.linesOf(account)).lines.slice(-2)).toEqual(['plan_resume -3', 'plan -186'])
  })
})

describe('the order in which services stop', () => {
  it('counts, is written once, and refuses what the plan does not have', async () => {
    const account = await full.openFull(100)
    const set = (services: string[]) => setStopOrder(database, { account, services, now: november })
    const before = (await full.world.subscriptions.read(account.accountId))!.revision
    await Promise.all([set(['trunk', 'number']), set(['trunk', 'number']), set(['trunk', 'number'])])
    const subscription = (await full.world.subscriptions.read(account.accountId))!
    expect(subscription).toMatchObject({ stopOrder: ['trunk', 'number'], revision: before + 1n })
    expect(await set(['trunk', 'nmuber'])).toMatchObject({
      reason: 'request_invalid',
      errors: [{ field: 'services.1' }],
    })
    expect(await full.resultsOf(account, december(1))).toEqual(['short'])
  })

  it('that is set between the decision to stop and its write is the one that counts', async () => {
    const account = await full.openFull(124)
    await full.charging.chargeDue(account.accountId, december(1))
    let isSet = false
    const client = interposedClient(database.client, async (command, send) => {
      if (command instanceof TransactWriteCommand && !isSet) {
        isSet = true
        await setStopOrder(database, { account, services: ['number', 'trunk'], now: december(8) })
      }
      return send()
    })
    await createMonthlyCharging({ ...database, client }).chargeDue(account.accountId, december(8))
    // Without fax, which costs nothing, unranked ones would go first; both are ranked: numbers go, then trunks.
    expect((await full.stoppedOf(account))[0]).toBe('number')
  })

  it('is there wholly or not at all when the process dies', async () => {
    for (const when of ['before', 'after'] as const) {
      const account = await full.openFull(0)
      const client = dyingClient(database.client, { atWrite: 1, when })
      const input = { account, services: ['number'], now: november }
      await expect(setStopOrder({ ...database, client }, input)).rejects.toThrow(Died)
      expect(await setStopOrder(database, input)).toMatchObject({ ok: true })
      expect(await full.resultsOf(account, december(1))).toEqual(['short'])
    }
  })

  it('needs a plan', async () => {
    const account = await full.world.open()
    expect(await setStopOrder(database, { account, services: [], now: november })).toEqual({
      ok: false,
      reason: 'plan_not_found',
    })
  })
})

describe('how an account stands', () => {
  it('says what is owed until when, what has stopped since when, and what it takes: exactly that lets all run', async () => {
    const account = await full.openFull(0)
    expect(await standingOf(account, november)).toMatchObject({ periods: [], owedMicros: 0n, stopped: [] })
    await full.charging.chargeDue(account.accountId, december(1))
    expect(await standingOf(account, december(2))).toEqual({
      periods: ['2026-12'],
      owedMicros: 186n * UNIT,
      graceEndsAt: december(8).toISOString(),
      stopped: [],
      resumptionMicros: undefined,
      shortfallMicros: 186n * UNIT,
    })
    await full.charging.chargeDue(account.accountId, december(8))
    const standing = await standingOf(account, december(12))
    expect(standing).toMatchObject({ owedMicros: 42n * UNIT, resumptionMicros: 120n * UNIT })
    expect(standing).not.toHaveProperty('graceEndsAt')
    expect(standing.stopped).toContainEqual({ service: 'trunk', fromDate: '2026-12-08' })
    expect(standing.shortfallMicros).toBe(162n * UNIT)
    await full.give(account, 162)
    await full.charging.chargeDue(account.accountId, december(12))
    expect(await full.stoppedOf(account)).toEqual([])
    expect((await full.linesOf(account)).available).toBe(0n)
    expect(await standingOf(account, december(12))).toMatchObject({ periods: [], shortfallMicros: 0n })
  })

  it('and what is missing for the next month let all run: exactly that covers it', async () => {
    const account = await stopTrunks()
    const upcoming = createUpcomingCharge(database)
    // Six days of trunks, and January with them.
    expect(await upcoming.preview(account, december(26))).toMatchObject({
      totalMicros: 93n * UNIT,
      resumptionMicros: (18n + 93n) * UNIT,
      shortfallMicros: (93n + 18n + 93n) * UNIT,
    })
    await full.give(account, 93 + 18 + 93)
    expect(await full.resultsOf(account, december(26))).toEqual(['resumed'])
    expect(await upcoming.preview(account, december(26))).toMatchObject({
      resumptionMicros: 0n,
      shortfallMicros: 0n,
    })
    expect(await full.resultsOf(account, december(32))).toEqual(['charged'])
    expect((await full.linesOf(account)).available).toBe(0n)
  })

  it('from the warning of the next month on lets nothing run again that would make it short', async () => {
    const account = await stopTrunks()
    // Enough for January without trunks, and for their last days of December, not for January with them.
    await full.give(account, 93 + 15 + 92)
    expect(await standingOf(account, december(27))).toMatchObject({ shortfallMicros: UNIT })
    expect(await full.resultsOf(account, december(27))).toEqual([])
    expect(await full.stoppedOf(account)).toEqual(['trunk'])
    await full.give(account, 1)
    expect(await full.resultsOf(account, december(27))).toEqual(['resumed'])
    expect(await full.resultsOf(account, december(32))).toEqual(['charged'])
  })

  it('before that warning lets it run for what is left of the month alone', async () => {
    const account = await stopTrunks()
    await full.give(account, 18)
    expect(await full.resultsOf(account, december(26))).toEqual(['resumed'])
  })

  it('from then on counts no credit that expires before the next month is due', async () => {
    const account = await stopTrunks()
    await full.give(account, 93 + 93)
    await full.give(account, 50, december(30))
    expect(await full.resultsOf(account, december(27))).toEqual(['resumed'])
    const other = await stopTrunks()
    await full.give(other, 93 + 92)
    await full.give(other, 50, december(30))
    expect(await full.resultsOf(other, december(27))).toEqual([])
  })

  it('by a coin less one service stays stopped', async () => {
    const account = await stopAll()
    await full.give(account, 161)
    await full.charging.chargeDue(account.accountId, december(12))
    expect(await full.stoppedOf(account)).toEqual(['trunk'])
  })
})
