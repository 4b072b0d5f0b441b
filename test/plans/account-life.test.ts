import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createPlanChanging } from '../../functions/plans/change-plan.store.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { choosePlan } from '../../functions/plans/choose-plan.store.ts'
import type { PeriodDocument } from '../../functions/plans/period-document.ts'
import { createUpcomingCharge } from '../../functions/plans/upcoming-charge.store.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { aroundMidnight, beginningShown, dayShown, ODD_NIGHTS, TIME_ZONES } from './clocks.ts'
import { Died, dyingClient } from './dying-client.ts'
import { dateOf, daysOf, type ModelFees, MonthModel, monthAfter, type Wanted } from './month-model.ts'
import { planAccounts, UNIT } from './plan-account.ts'

const MONTHS = 14
const DAY = 86_400_000
const CREDIT_MICROS = 1_000_000n * UNIT

/** Prices that rise and fall, some of them at instants that are the first of the month in a part of the world only. */
const CATALOGUE: ModelFees[] = [
  version('small', '2000-01-01T00:00:00.000Z', [0n, 4_900_000n, 333_333n]),
  version('large', '2000-01-01T00:00:00.000Z', [19_990_001n, 3_700_000n, 1n]),
  version('small', '2011-12-01T00:00:00.000Z', [0n, 5_100_007n, 333_333n]),
  version('large', '2023-09-30T23:00:00.000Z', [17_000_000n, 3_700_000n, 7n]),
  version('small', '2024-11-01T00:00:00.000Z', [1_000_000n, 4_999_999n, 250_000n]),
  version('small', '2027-05-15T12:00:00.000Z', [1_000_001n, 5_500_000n, 0n]),
  version('large', '2028-02-29T12:00:00.000Z', [17_000_000n, 3_999_983n, 11n]),
]

let database: TestDatabase
let world: ReturnType<typeof planAccounts>

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
  for (const { planId, effectiveFrom, fees } of CATALOGUE) {
    const services = ['seat', 'number'].map((service) => ({
      ...{ service, name: service, unitFeeMicros: fees[service]! },
    }))
    const plan = { name: planId, clientType: 'hosted' as const, currency: 'USD', effectiveFrom, services }
    const content = { ...plan, baseFeeMicros: fees['base-fee']! }
    const set = await world.plans.set(planId, content, '1999-01-01T00:00:00.000Z')
    if (!set.ok) throw new Error(`the plan of the test is refused: ${set.reason}`)
  }
})
afterAll(() => database.stop())

function version(planId: string, effectiveFrom: string, [base, seat, number]: [bigint, bigint, bigint]) {
  return { planId, effectiveFrom, fees: { 'base-fee': base, seat, number } }
}

const wanted: fc.Arbitrary<Wanted> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(undefined) },
  {
    weight: 5,
    arbitrary: fc.record({
      planId: fc.constantFrom('small', 'large'),
      quantities: fc.record({ seat: fc.nat(4), number: fc.nat(3) }),
    }),
  },
)

type Happening =
  | { kind: 'now'; wanted: Wanted }
  | { kind: 'next'; wanted: Wanted }
  | { kind: 'away and back' }
  /** So many triggers side by side, and one before them whose process dies at a write. */
  | { kind: 'trigger'; count: number; diesAt: number }

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('now' as const), wanted }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('next' as const), wanted }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'away and back' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('trigger' as const),
      count: fc.integer({ min: 1, max: 3 }),
      diesAt: fc.nat(4),
    }),
  },
)

/** A day of the life, counted from its beginning, and when on it: around midnight, more often than not. */
const moment = fc.record({
  day: fc.oneof(
    fc.nat(MONTHS * 30),
    fc.nat(MONTHS - 1).map((month) => Math.round(month * 30.4)),
  ),
  offset: fc.oneof({ weight: 2, arbitrary: aroundMidnight }, { weight: 1, arbitrary: fc.nat(DAY - 1) }),
})

const life = fc.record({
  place: fc.oneof(
    fc
      .constantFrom(...ODD_NIGHTS)
      .map(([timeZone, setAt]) => ({ timeZone, from: Date.parse(setAt) - 200 * DAY })),
    fc.record({
      timeZone: fc.constantFrom(...TIME_ZONES),
      from: fc.integer({ min: Date.parse('2023-01-01'), max: Date.parse('2028-06-01') }),
    }),
  ),
  happenings: fc.array(fc.tuple(moment, happening), { minLength: 20, maxLength: 40 }),
})

describe('a long life of an account, with changes, outages and triggers that come late, twice or die', () => {
  it('charges every month once, and exactly what ran on each of its days', async () => {
    const property = fc.asyncProperty(life, ({ place, happenings }) => live(place, happenings))
    await fc.assert(property, { numRuns: 3 })
  })
})

async function live(
  { timeZone, from }: { timeZone: string; from: number },
  happenings: [{ day: number; offset: number }, Happening][],
): Promise<void> {
  const account = await world.open({ timeZone, createdAt: new Date(from).toISOString() })
  await world.give(account, CREDIT_MICROS, 'opening')
  const model = new MonthModel(timeZone, CATALOGUE)
  const player = createPlayer(account, model)
  const inTime = happenings
    .map(([{ day, offset }, what]) => ({ at: instantOf(from, timeZone, day) + offset, what }))
    .toSorted((one, other) => one.at - other.at)
  for (const { at, what } of inTime) await player.play(at, what)
  const end = instantOf(from, timeZone, MONTHS * 31)
  await player.play(end, { kind: 'trigger', count: 1, diesAt: 0 })
  await checkMonths(account, model, end)
}

/** The midnight of a day of the life. */
function instantOf(from: number, timeZone: string, day: number): number {
  return beginningShown(dayShown(from + day * DAY, timeZone), timeZone)
}

function createPlayer(account: Account, model: MonthModel) {
  const { accountId } = account
  const changing = createPlanChanging(database)
  const charging = createMonthlyCharging(database)
  const upcoming = createUpcomingCharge(database)
  let changes = 0

  const available = async () => (await world.ledger.readHead(accountId))!.availableMicros
  const requestOf = (at: number, wish: Wanted) => ({
    account,
    choice: {
      planId: wish?.planId ?? null,
      services: Object.entries(wish?.quantities ?? {}).map(([service, quantity]) => ({
        ...{ service, quantity: BigInt(quantity) },
      })),
    },
    actor: 'person:test',
    now: new Date(at),
  })

  async function play(at: number, what: Happening): Promise<void> {
    if (what.kind === 'trigger') return trigger(at, what)
    if (what.kind === 'away and back') return leaveAndReturn(at)
    // Nobody ends what has ended.
    if (!what.wanted && !model.latest) return
    if (what.kind === 'now') return changeNow(at, what.wanted)
    const chosen = await choosePlan(database, requestOf(at, what.wanted))
    expect(chosen).toMatchObject({ ok: true })
    model.chooseNext(at, what.wanted)
  }

  async function changeNow(at: number, wish: Wanted): Promise<void> {
    const request = requestOf(at, wish)
    const preview = await changing.preview(request)
    const availableBefore = await available()
    changes += 1
    const changed = await changing.change({ ...request, key: `plan-change:${changes}`, requestHash: 'h' })
    if (!changed.ok) throw new Error(`a change at ${request.now.toISOString()} is refused: ${changed.reason}`)
    model.changeNow(at, wish)
    if (preview.ok) {
      expect(changed.entry.amountMicros).toBe(preview.givenBackMicros - preview.chargedMicros)
      expect(await available()).toBe(availableBefore + changed.entry.amountMicros)
    } else expect(preview.reason).toBe('month_not_charged')
  }

  /** Whoever ends all within a day and takes it again has won and lost nothing. */
  async function leaveAndReturn(at: number): Promise<void> {
    const held = model.runningAt(at)
    // What has been chosen to end with the month would be refused to end.
    if (!held || !model.latest) return
    await trigger(at, { count: 1, diesAt: 0 })
    const before = await available()
    await changeNow(at, undefined)
    await changeNow(at, held)
    expect(await available()).toBe(before)
  }

  async function trigger(at: number, { count, diesAt }: { count: number; diesAt: number }): Promise<void> {
    const now = new Date(at)
    if (diesAt > 0) {
      const client = dyingClient(database.client, {
        atWrite: diesAt,
        when: at % 2 === 0 ? 'before' : 'after',
      })
      const dying = createMonthlyCharging({ ...database, client })
      await dying.chargeDue(accountId, now).catch((error) => expect(error).toBeInstanceOf(Died))
    }
    const preview = await upcoming.preview(account, now)
    const charged = await Promise.all(Array.from({ length: count }, () => charging.chargeDue(accountId, now)))
    const months = charged.flatMap((run) => run.months.map(({ period }) => period))
    expect(new Set(months).size).toBe(months.length)
    if (!preview || !months.includes(preview.period)) return
    const document = await world.subscriptions.readPeriod(accountId, preview.period)
    expect(document?.totalMicros).toBe(preview.totalMicros)
  }

  return { play }
}

async function checkMonths(account: Account, model: MonthModel, end: number): Promise<void> {
  const { faults, head, entries } = await world.statement(account)
  expect(faults).toEqual([])
  let spentMicros = 0n
  const last = model.monthOf(end)
  for (let month = model.firstMonth ?? monthAfter(last); month <= last; month = monthAfter(month)) {
    const document = await world.subscriptions.readPeriod(account.accountId, month)
    if (!document) throw new Error(`${month} is due and was skipped`)
    expect([month, document.status, document.totalMicros]).toEqual([month, 'charged', model.totalOf(month)])
    const movedMicros = document.movements.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
    expect(movedMicros).toBe(document.totalMicros)
    expectDaysOnce(document)
    expect(entries.filter(({ key }) => key === `plan:${month}`).length).toBeLessThanOrEqual(1)
    spentMicros += document.totalMicros
  }
  expect(head.availableMicros).toBe(CREDIT_MICROS - spentMicros)
}

/** No day of a service is charged twice. */
function expectDaysOnce({ period, lines }: PeriodDocument): void {
  const days = lines.flatMap(({ service, firstDay, lastDay }) =>
    Array.from(
      { length: lastDay - firstDay + 1 },
      (_, index) => `${service} ${dateOf(period, firstDay + index)}`,
    ),
  )
  expect(new Set(days).size).toBe(days.length)
  expect(lines.every(({ firstDay, lastDay }) => firstDay >= 1 && lastDay <= daysOf(period))).toBe(true)
}
