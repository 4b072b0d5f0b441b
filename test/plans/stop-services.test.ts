import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beginningOfPeriod } from '../../functions/accounts/billing-period.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { beginGrace } from '../../functions/plans/grace.ts'
import { setAgreedPrices } from '../../functions/plans/set-agreed-prices.store.ts'
import { setStopOrder } from '../../functions/plans/set-stop-order.store.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { Died, dyingClient } from './dying-client.ts'
import { december, fullPlan } from './full-plan.ts'
import { recordingBus, UNIT } from './plan-account.ts'

let database: TestDatabase
let full: Awaited<ReturnType<typeof fullPlan>>
let world: typeof full.world
let charging: typeof full.charging

beforeAll(async () => {
  database = await startTestDatabase()
  full = await fullPlan(database)
  world = full.world
  charging = full.charging
})
afterAll(() => database.stop())

const firstOfJanuary = december(32)

describe('a month that is owed', () => {
  it('runs on through seven days of grace, then stops as few services as suffice, and is settled', async () => {
    const account = await full.openFull(100)
    expect(await full.resultsOf(account, december(1))).toEqual(['short'])
    expect(await full.monthOf(account)).toMatchObject({
      foundShortOn: '2026-12-01',
      graceEndsAt: december(8).toISOString(),
    })
    expect(await full.resultsOf(account, new Date(december(8).getTime() - 1))).toEqual([])
    expect(await full.stoppedOf(account)).toEqual([])
    // 31 + 62 + 93 are owed. Without trunks from the 8th on: 31 + 62 + 21 do not fit 100 either; without numbers 31 + 14 + 21 do.
    expect(await full.resultsOf(account, december(8))).toEqual(['stopped', 'settled'])
    expect(await full.stoppedOf(account)).toEqual(['trunk', 'number'])
    expect(await full.linesOf(account)).toEqual({
      lines: ['plan_short 0', 'plan_stop 0', 'plan -66'],
      available: 34n,
    })
    const { lines, totalMicros, status } = await full.monthOf(account)
    expect({ totalMicros, status }).toEqual({ totalMicros: 66n * UNIT, status: 'charged' })
    expect(lines.map(({ service, firstDay, lastDay }) => `${service} ${firstDay}-${lastDay}`)).toEqual([
      'base-fee 1-31',
      'fax 1-31',
      'number 1-7',
      'trunk 1-7',
    ])
    expect(await full.graceOf(account)).toBeUndefined()
    expect(await full.resultsOf(account, december(9))).toEqual([])
  })

  it('stops what the client ranked last of all but the base fee', async () => {
    const account = await full.openFull(100)
    await setStopOrder(database, { account, services: ['trunk'], now: december(1) })
    await charging.chargeDue(account.accountId, december(1))
    // Without numbers: 31 + 14 + 93; without trunks too, 66.
    await charging.chargeDue(account.accountId, december(8))
    expect(await full.stoppedOf(account)).toEqual(['number', 'trunk'])
  })

  it('stops everything when nothing less suffices, owes the days that ran, and costs nothing from then on', async () => {
    const account = await full.openFull(0)
    await charging.chargeDue(account.accountId, december(1))
    expect(await full.resultsOf(account, december(8))).toEqual(['stopped'])
    expect(await full.stoppedOf(account)).toEqual(['trunk', 'number', 'fax', 'base-fee'])
    expect(await full.monthOf(account)).toMatchObject({ status: 'short', totalMicros: 42n * UNIT })
    expect(await full.graceOf(account)).toBeUndefined()
    expect(await full.resultsOf(account, firstOfJanuary)).toEqual(['nothing_to_pay'])
    expect(await full.monthOf(account, '2027-01')).toMatchObject({ status: 'charged', totalMicros: 0n })
    expect((await full.linesOf(account)).lines).toEqual(['plan_short 0', 'plan_stop 0'])
    // 42 are owed, the base fee of ten days is 10, numbers are 20, trunks 30. What is owed is paid before anything runs again.
    await full.give(account, 12)
    expect(await full.resultsOf(account, december(31 + 22))).toEqual([])
    await full.give(account, 30 + 10 + 20 + 29)
    expect(await full.resultsOf(account, december(31 + 22))).toEqual(['settled', 'resumed'])
    expect(await full.stoppedOf(account)).toEqual(['trunk'])
    expect(await full.linesOf(account)).toEqual({
      lines: ['plan_short 0', 'plan_stop 0', 'plan -42', 'plan_resume -30'],
      available: 29n,
    })
    expect(await full.monthOf(account, '2027-01')).toMatchObject({
      totalMicros: 30n * UNIT,
      movements: [{ amountMicros: 30n * UNIT }],
    })
  })

  it('comes to what it would have without a stop when all resume on the day of it', async () => {
    const account = await full.openFull(0)
    await charging.chargeDue(account.accountId, december(1))
    await charging.chargeDue(account.accountId, december(8))
    await full.give(account, 186)
    expect(await full.resultsOf(account, december(8.5))).toEqual(['settled', 'resumed'])
    const { lines, available } = await full.linesOf(account)
    expect(lines.slice(2)).toEqual(['plan -42', 'plan_resume -144'])
    expect(available).toBe(0n)
    const month = await full.monthOf(account)
    expect(month.totalMicros).toBe(186n * UNIT)
    expect(month.lines.every(({ firstDay, lastDay }) => firstDay === 1 && lastDay === 31)).toBe(true)
    expect(await full.stoppedOf(account)).toEqual([])
  })

  it('is settled instead when a top-up comes between the decision to stop and its write', async () => {
    const account = await full.openFull(0)
    await charging.chargeDue(account.accountId, december(1))
    let isGiven = false
    const client = interposedClient(database.client, async (command, send) => {
      if (command instanceof TransactWriteCommand && !isGiven) {
        isGiven = true
        await full.give(account, 186)
      }
      return send()
    })
    const racing = createMonthlyCharging({ ...database, client })
    expect(await full.resultsOf(account, december(8), racing)).toEqual(['settled'])
    expect(isGiven).toBe(true)
    expect(await full.stoppedOf(account)).toEqual([])
  })

  it('decides anew what has to stop when usage eats credit between the decision and its write', async () => {
    const account = await full.openFull(100)
    await charging.chargeDue(account.accountId, december(1))
    let isEaten = false
    const client = interposedClient(database.client, async (command, send) => {
      if (command instanceof TransactWriteCommand && !isEaten) {
        isEaten = true
        await world.take(account, 50n * UNIT, `eaten-${account.accountId}`)
      }
      return send()
    })
    const racing = createMonthlyCharging({ ...database, client })
    expect(await full.resultsOf(account, december(8), racing)).toEqual(['stopped', 'settled'])
    // 50 are left: only without the base fee as well do the 42 of seven days fit.
    expect(await full.stoppedOf(account)).toEqual(['trunk', 'number', 'fax', 'base-fee'])
    expect((await full.linesOf(account)).available).toBe(8n)
  })

  it('is stopped and resumed once, however many workers are at it and however often', async () => {
    const account = await full.openFull(0)
    const together = (at: Date) =>
      Promise.all(Array.from({ length: 5 }, () => charging.chargeDue(account.accountId, at)))
    await together(december(1))
    await together(december(8))
    await full.give(account, 186)
    await together(december(8))
    await together(december(9))
    expect((await full.linesOf(account)).lines).toEqual([
      'plan_short 0',
      'plan_stop 0',
      'plan -42',
      'plan_resume -144',
    ])
  })

  it('is made good by the next firing, whichever write the process dies before or after', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let atWrite = 1; atWrite <= 3; atWrite++) {
        const account = await full.openFull(0)
        const step = async (at: Date) => {
          const client = dyingClient(database.client, { atWrite, when })
          await createMonthlyCharging({ ...database, client })
            .chargeDue(account.accountId, at)
            .catch((error) => expect(error).toBeInstanceOf(Died))
          await charging.chargeDue(account.accountId, at)
        }
        await step(december(1))
        expect(await full.graceOf(account)).toMatchObject({ dueAt: december(4).toISOString() })
        await step(december(8))
        await full.give(account, 42 + 23)
        await step(december(9))
        await full.give(account, 23 * 5)
        await step(december(9))
        expect((await full.linesOf(account)).lines).toEqual([
          'plan_short 0',
          'plan_stop 0',
          'plan -42',
          'plan_resume -23',
          'plan_resume -115',
        ])
        expect(await full.stoppedOf(account)).toEqual([])
      }
    }
  })

  it('gives the full days of grace to whom an outage made late, for all months that it finds short at once', async () => {
    const account = await full.openFull(0)
    expect(await full.resultsOf(account, december(31 + 20))).toEqual(['short', 'short'])
    expect(await full.graceOf(account)).toMatchObject({ period: '2026-12' })
    expect(await full.resultsOf(account, new Date(december(31 + 27).getTime() - 1))).toEqual([])
    expect(await full.resultsOf(account, december(31 + 27))).toEqual(['stopped'])
    // December is owed whole, as its services ran.
    expect(await full.monthOf(account)).toMatchObject({ status: 'short', totalMicros: 186n * UNIT })
    expect(await full.monthOf(account, '2027-01')).toMatchObject({
      status: 'short',
      totalMicros: 26n * 6n * UNIT,
    })
  })

  it('stops in the month that has come within its grace, and that month’s services are owed until then', async () => {
    const account = await full.openFull(0)
    await charging.chargeDue(account.accountId, december(28))
    expect(await full.resultsOf(account, firstOfJanuary)).toEqual(['short'])
    expect(await full.resultsOf(account, december(31 + 4))).toEqual(['stopped'])
    expect(await full.monthOf(account, '2027-01')).toMatchObject({ totalMicros: 18n * UNIT })
  })

  it.each([1, 16])(
    'resumes nothing of credit in lots, %i of them, that expires before the next month',
    async (lots) => {
      const account = await full.openFull(100)
      await charging.chargeDue(account.accountId, december(1))
      await charging.chargeDue(account.accountId, december(8))
      for (let lot = 0; lot < lots; lot++) await full.give(account, 480 / lots, december(31))
      expect(await full.resultsOf(account, december(27))).toEqual([])
      expect(await full.resultsOf(account, firstOfJanuary)).toEqual(['charged'])
    },
  )

  it('resumes of lots that wait behind those that expire', async () => {
    const account = await full.openFull(100)
    await charging.chargeDue(account.accountId, december(1))
    await charging.chargeDue(account.accountId, december(8))
    for (let lot = 0; lot < 12; lot++) await full.give(account, 1, december(31))
    await full.give(account, 186)
    expect(await full.resultsOf(account, december(27))).toEqual(['resumed'])
    expect(await full.stoppedOf(account)).toEqual([])
  })

  it('lets a base fee run again, for nothing and without credit, that costs nothing any more', async () => {
    const account = await world.open()
    await full.choose(account, [], new Date('2026-11-10T12:00:00.000Z'))
    await charging.chargeDue(account.accountId, december(1))
    await charging.chargeDue(account.accountId, december(8))
    expect(await full.stoppedOf(account)).toEqual(['base-fee'])
    const wish = { service: 'base-fee', unitFeeMicros: 0n, fromPeriod: '2027-01', reason: 'a large customer' }
    const agreed = { account, wishes: [wish], actor: 'machine:staff', now: december(20) }
    expect(await setAgreedPrices(database, agreed)).toMatchObject({ ok: true })
    // December's seven days are owed.
    await full.give(account, 7)
    expect(await full.resultsOf(account, firstOfJanuary)).toEqual(['settled', 'nothing_to_pay', 'resumed'])
    expect(await full.stoppedOf(account)).toEqual([])
    expect((await full.linesOf(account)).lines.at(-1)).toBe('plan_resume 0')
    expect(await full.resultsOf(account, december(33))).toEqual([])
    expect(await full.resultsOf(account, december(31 + 32))).toEqual(['nothing_to_pay'])
  })

  it('neither stops nor resumes anything of a parked account, and nothing of a closed one', async () => {
    const account = await full.openFull(0)
    await charging.chargeDue(account.accountId, december(1))
    await full.setStatus(account.accountId, 'parked')
    expect(await full.resultsOf(account, december(8))).toEqual([])
    expect(await full.stoppedOf(account)).toEqual([])
    await full.setStatus(account.accountId, 'open')
    expect(await full.resultsOf(account, december(10))).toEqual(['stopped'])
    expect(await full.monthOf(account)).toMatchObject({ totalMicros: 54n * UNIT })
    await full.setStatus(account.accountId, 'parked')
    await full.give(account, 500)
    expect(await full.resultsOf(account, december(10))).toEqual([])
    await full.setStatus(account.accountId, 'closed')
    expect(await full.resultsOf(account, december(10))).toEqual([])
    expect((await full.linesOf(account)).lines).toEqual(['plan_short 0', 'plan_stop 0'])
  })

  it('stops at once where there are no days of grace', async () => {
    const account = await full.openFull(100)
    const strict = createMonthlyCharging({ ...database, graceDays: 0 })
    expect(await full.resultsOf(account, december(1), strict)).toEqual(['short', 'stopped', 'settled'])
    expect(await full.stoppedOf(account)).toEqual(['trunk'])
    expect(await full.linesOf(account)).toEqual({
      lines: ['plan_short 0', 'plan_stop 0', 'plan -93'],
      available: 7n,
    })
    const poor = await full.openFull(0)
    expect(await full.resultsOf(poor, december(1), strict)).toEqual(['short', 'stopped'])
    expect(await full.monthOf(poor)).toMatchObject({ status: 'charged', totalMicros: 0n, movements: [] })
  })

  it.each([
    ['America/Sao_Paulo', '2026-12-08T03:00:00.000Z'],
    ['Pacific/Kiritimati', '2026-12-07T10:00:00.000Z'],
    // Clocks go back within the days of grace: they are 169 hours.
    ['America/New_York', '2026-11-08T05:00:00.000Z'],
  ])('has seven days of grace by the calendar of %s', (timeZone, graceEndsAt) => {
    const period = graceEndsAt.slice(0, 7)
    const found = beginGrace(period, beginningOfPeriod(period, timeZone), timeZone, 7)
    expect(found).toEqual({ period, foundShortOn: `${period}-01`, graceEndsAt })
  })

  it('stops with the day of the account, wherever it is', async () => {
    const account = await full.openFull(0, { timeZone: 'Pacific/Kiritimati' })
    await charging.chargeDue(account.accountId, new Date('2026-11-30T10:00:00.000Z'))
    expect(await full.resultsOf(account, new Date('2026-12-07T09:59:59.999Z'))).toEqual([])
    expect(await full.resultsOf(account, new Date('2026-12-07T10:00:00.000Z'))).toEqual(['stopped'])
  })

  it('leaves what stops to a worker whose clock is not behind', async () => {
    const account = await full.openFull(0)
    await charging.chargeDue(account.accountId, december(28))
    await charging.chargeDue(account.accountId, firstOfJanuary)
    expect(await full.resultsOf(account, december(31))).toEqual([])
    expect(await full.graceOf(account)).toMatchObject({ period: '2026-12' })
  })
})

describe('reminders', () => {
  it('come half-way and on the last day, once each, and name what would stop', async () => {
    const account = await full.openFull(100)
    const bus = recordingBus()
    const reminding = { put: bus.put, portalUrl: 'https://portal.example.com' }
    const telling = createMonthlyCharging({ ...database, reminding })
    await charging.chargeDue(account.accountId, december(1))
    for (const day of [1, 3.9, 4, 4, 6, 7, 7.5]) {
      // A worker that tells nobody takes no reminder away.
      await charging.chargeDue(account.accountId, december(day))
      await telling.chargeDue(account.accountId, december(day))
    }
    expect(bus.named('plan.reminder').map(({ detail }) => detail.id)).toEqual([
      `${account.accountId}/plan.reminder/2026-12/2026-12-04`,
      `${account.accountId}/plan.reminder/2026-12/2026-12-07`,
    ])
    expect(bus.events[0]!.detail).toMatchObject({
      periods: ['2026-12'],
      owed: { amount: '186.00' },
      available: { amount: '100.00' },
      shortfall: { amount: '86.00' },
      stopsOn: '2026-12-08',
      services: [{ service: 'trunk' }, { service: 'number' }],
      topUpUrl: expect.stringContaining('amount=86.00'),
    })
    expect(await full.graceOf(account)).toMatchObject({ dueAt: december(8).toISOString() })
  })

  it('name what stops by the list that priced the month, whatever order a later version has', async () => {
    const account = await full.openFull(100)
    await charging.chargeDue(account.accountId, december(1))
    await full.reverseListed(december(2))
    const bus = recordingBus()
    const reminding = { put: bus.put, portalUrl: 'https://portal.example.com' }
    await createMonthlyCharging({ ...database, reminding }).chargeDue(account.accountId, december(4))
    const [reminder] = bus.named('plan.reminder')
    expect(reminder?.detail.services).toMatchObject([{ service: 'trunk' }, { service: 'number' }])
    await charging.chargeDue(account.accountId, december(8))
    expect(await full.stoppedOf(account)).toEqual(['trunk', 'number'])
  })

  it('do not count credit that has just expired', async () => {
    const account = await full.openFull(0)
    await full.give(account, 50, december(4))
    const bus = recordingBus()
    const reminding = { put: bus.put, portalUrl: 'https://portal.example.com' }
    await charging.chargeDue(account.accountId, december(1))
    await createMonthlyCharging({ ...database, reminding }).chargeDue(account.accountId, december(4))
    expect(bus.named('plan.reminder').map(({ detail }) => detail)).toMatchObject([
      { available: { amount: '0.00' }, shortfall: { amount: '186.00' } },
    ])
  })

  it('come again under the same id when the process dies before or after it is written down', async () => {
    for (const when of ['before', 'after'] as const) {
      const account = await full.openFull(0)
      await charging.chargeDue(account.accountId, december(1))
      const bus = recordingBus()
      const reminding = { put: bus.put, portalUrl: 'https://portal.example.com' }
      const client = dyingClient(database.client, { atWrite: 1, when })
      const dying = createMonthlyCharging({ ...database, client, reminding })
      await expect(dying.chargeDue(account.accountId, december(4))).rejects.toThrow(Died)
      await createMonthlyCharging({ ...database, reminding }).chargeDue(account.accountId, december(4))
      const ids = new Set(bus.named('plan.reminder').map(({ detail }) => detail.id))
      expect([...ids]).toEqual([`${account.accountId}/plan.reminder/2026-12/2026-12-04`])
      expect(bus.events).toHaveLength(when === 'before' ? 2 : 1)
    }
  })

  it('come before services stop, never after', async () => {
    const account = await full.openFull(0)
    const bus = recordingBus()
    const reminding = { put: bus.put, portalUrl: 'https://portal.example.com' }
    await charging.chargeDue(account.accountId, december(1))
    // Nothing fired for a week.
    await createMonthlyCharging({ ...database, reminding }).chargeDue(account.accountId, december(8))
    expect(await full.stoppedOf(account)).toHaveLength(4)
    expect(bus.events).toEqual([])
  })

  it('do not come when the month is paid', async () => {
    const account = await full.openFull(0)
    const bus = recordingBus()
    const reminding = { put: bus.put, portalUrl: 'https://portal.example.com' }
    await charging.chargeDue(account.accountId, december(1))
    await full.give(account, 186)
    await createMonthlyCharging({ ...database, reminding }).chargeDue(account.accountId, december(4))
    expect(bus.events).toEqual([])
    expect(await full.graceOf(account)).toBeUndefined()
  })
})

describe('a stop within five days of the next month', () => {
  it('says what lets all run again, that month with it', async () => {
    const account = await full.openFull(100)
    // Found short on the 20th only, after an outage: grace ends with the 26th.
    expect(await full.resultsOf(account, december(20))).toEqual(['short'])
    expect(await full.resultsOf(account, december(27))).toEqual(['stopped'])
    const { entries } = await full.world.statement(account)
    const said = JSON.parse(entries.find(({ kind }) => kind === 'plan_stop')!.detail) as { shortfall: string }
    expect(said.shortfall).toBe('272.00')
    await full.give(account, 272)
    expect(await full.resultsOf(account, december(27))).toEqual(['settled', 'resumed'])
    expect(await full.stoppedOf(account)).toEqual([])
  })
})
