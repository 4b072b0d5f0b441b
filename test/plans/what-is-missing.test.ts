import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { readCreditUntil } from '../../functions/ledger/credit-at.ts'
import { createLedgerReader } from '../../functions/ledger/ledger-reader.store.ts'
import { createPaceStore } from '../../functions/pace/pace.store.ts'
import { createPlanChanging } from '../../functions/plans/change-plan.store.ts'
import { createOutlook } from '../../functions/plans/outlook.store.ts'
import { BASE_FEE_SERVICE } from '../../functions/plans/plan.ts'
import { createPlanStanding } from '../../functions/plans/plan-standing.store.ts'
import { termOf } from '../../functions/plans/subscription.ts'
import { createUpcomingCharge } from '../../functions/plans/upcoming-charge.store.ts'
import { RING_FENCE_MODES } from '../../functions/ring-fence/ring-fence.ts'
import { setRingFence } from '../../functions/ring-fence/set-ring-fence.store.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { december, fullPlan } from './full-plan.ts'
import { UNIT } from './plan-account.ts'

const LAST_DAY = 50
const RUNS = { numRuns: 8 }

let database: TestDatabase
let full: Awaited<ReturnType<typeof fullPlan>>
beforeAll(async () => {
  database = await startTestDatabase()
  full = await fullPlan(database)
})
afterAll(() => database.stop())

const services = fc.subarray(['number', 'trunk', 'fax'])
const units = fc.integer({ min: 1, max: 90 })
const happening = fc.oneof(
  fc.record({ kind: fc.constant('change' as const), services: fc.option(services, { freq: 8 }) }),
  fc.record({ kind: fc.constant('choose' as const), services }),
  fc.record({ kind: fc.constant('give' as const), units, lasts: fc.option(fc.integer({ min: 1, max: 50 })) }),
  fc.record({ kind: fc.constant('take' as const), units }),
  fc.record({ kind: fc.constant('set aside' as const), mode: fc.constantFrom(...RING_FENCE_MODES) }),
  fc.constant({ kind: 'look' as const }),
)
type Happening = typeof happening extends fc.Arbitrary<infer Kind> ? Kind : never

/** What happens to an account from the first of December on, each on a day. */
const life = fc.record({
  credit: fc.integer({ min: 0, max: 140 }),
  happenings: fc
    .array(fc.tuple(fc.integer({ min: 1, max: LAST_DAY }), happening), { minLength: 3, maxLength: 12 })
    .map((each) => each.toSorted(([one], [other]) => one - other)),
})

type Life = typeof life extends fc.Arbitrary<infer Lived> ? Lived : never

let keys = 0
const nextKey = () => `key ${++keys}`

async function play(account: Account, day: number, what: Happening): Promise<void> {
  const now = december(day)
  const { accountId } = account
  if (what.kind === 'give') {
    const expiresAt = what.lasts === null ? undefined : december(day + what.lasts).toISOString()
    await full.world.give(account, BigInt(what.units) * UNIT, nextKey(), expiresAt)
  }
  if (what.kind === 'take') await full.world.take(account, BigInt(what.units) * UNIT, nextKey())
  if (what.kind === 'choose') await full.choose(account, what.services, now)
  if (what.kind === 'set aside')
    await setRingFence(database, { accountId, mode: what.mode, at: now.toISOString() })
  if (what.kind === 'change') {
    const choice = {
      planId: what.services && 'full',
      services: (what.services ?? []).map((service) => ({ service, quantity: 1n })),
    }
    const key = `plan-change:${nextKey()}`
    const named = { actor: 'person:test', key, requestHash: key }
    await createPlanChanging(database).change({ account, choice, now, ...named })
  }
  if (what.kind !== 'take') await full.charging.chargeDue(accountId, now)
}

/** An account at the end of its life, and the instant of that. */
async function live({ credit, happenings }: { credit: number; happenings: [number, Happening][] }) {
  const account = await full.openFull(credit)
  for (const [day, what] of happenings) await play(account, day, what)
  const day = happenings.at(-1)![0]
  await full.charging.chargeDue(account.accountId, december(day))
  await checkBooks(account)
  await checkWhatRuns(account, day)
  return { account, now: december(day) }
}

async function checkBooks(account: Account): Promise<void> {
  expect((await full.world.statement(account)).faults).toEqual([])
  for (const period of ['2026-12', '2027-01', '2027-02']) {
    const month = await full.monthOf(account, period)
    const movedMicros = month?.movements.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
    const paidMicros = month?.status === 'charged' ? month.totalMicros + (month.notGivenBackMicros ?? 0n) : 0n
    expect(movedMicros ?? 0n).toBe(month ? paidMicros : 0n)
  }
}

/** What runs is in the month's lines to its end, and nothing else; today may have what was removed today. */
async function checkWhatRuns(account: Account, day: number): Promise<void> {
  const [period, number] = day <= 31 ? ['2026-12', day] : ['2027-01', day - 31]
  const month = await full.monthOf(account, period as string)
  const subscription = (await full.world.subscriptions.read(account.accountId))!
  const term = termOf(subscription, period as string)
  if (!month || !term) return
  const stopped = new Set(await full.stoppedOf(account))
  const taken = term.isEnded ? [] : [BASE_FEE_SERVICE, ...term.services.map(({ service }) => service)]
  const running = taken.filter((service) => !stopped.has(service) && !stopped.has(BASE_FEE_SERVICE))
  const paidOn = (each: number) =>
    month.lines
      .filter(({ firstDay, lastDay }) => firstDay <= each && each <= lastDay)
      .map(({ service }) => service)
  expect(paidOn(number as number)).toEqual(expect.arrayContaining(running))
  expect(paidOn(number as number).filter((service) => stopped.has(service))).toEqual([])
  if (number !== 31) expect(paidOn(31).toSorted()).toEqual(running.toSorted())
}

async function topUp(account: Account, amountMicros: bigint, now: Date): Promise<void> {
  if (amountMicros > 0n) await full.world.give(account, amountMicros, nextKey())
  await full.charging.chargeDue(account.accountId, now)
}

async function standingOf(account: Account, now: Date) {
  const credit = await readCreditUntil(createLedgerReader(database), account.accountId, '2028')
  return (await createPlanStanding(database).read(account, now, credit!))!
}

const owedOf = ({ accountId }: Account) => full.world.subscriptions.listShort(accountId)

/** Trunk and number stopped on the 8th; the base fee and fax run: 31 of January, which costs 186 with all. Nothing is available. */
async function twoStopped(): Promise<Account> {
  const account = await full.openFull(100)
  await full.charging.chargeDue(account.accountId, december(1))
  await full.charging.chargeDue(account.accountId, december(8))
  expect(await full.stoppedOf(account)).toEqual(['trunk', 'number'])
  await full.world.take(account, 34n * UNIT, nextKey())
  return account
}

/** Given so much on a day, what runs again on it and becomes of the next month. */
async function given(account: Account, units: number, day: number) {
  await full.give(account, units)
  return [await full.resultsOf(account, december(day)), await full.resultsOf(account, december(32))]
}

const upcomingOf = async (account: Account, day: number) =>
  (await createUpcomingCharge(database).preview(account, december(day)))!
const inUnits = (micros: bigint) => Number(micros) / Number(UNIT)

/** Everything stops, and what was to end with the month does not run again. */
const ENDED_WHILE_STOPPED: Life = {
  credit: 0,
  happenings: [
    [1, { kind: 'choose', services: [] }],
    [8, { kind: 'give', units: 48, lasts: null }],
    [26, { kind: 'look' }],
    [32, { kind: 'look' }],
  ],
}

describe('what is said to be missing, whatever happened before', () => {
  it('today: topped up exactly, all that is owed is paid and everything runs', async () => {
    const property = fc.asyncProperty(life, async (lived) => {
      const { account, now } = await live(lived)
      const { shortfallMicros } = await standingOf(account, now)
      await topUp(account, shortfallMicros, now)
      expect((await standingOf(account, now)).stopped).toEqual([])
      expect(await owedOf(account)).toEqual([])
      await checkBooks(account)
    })
    await fc.assert(property, { ...RUNS, examples: [[ENDED_WHILE_STOPPED]] })
  })

  it('for the next month: topped up exactly, it is charged and nothing is owed', async () => {
    const property = fc.asyncProperty(life, async (lived) => {
      const { account, now } = await live(lived)
      const upcoming = (await createUpcomingCharge(database).preview(account, now))!
      await topUp(account, upcoming.shortfallMicros, now)
      expect(await full.resultsOf(account, new Date(upcoming.dueAt))).not.toContain('short')
      expect(await owedOf(account)).toEqual([])
      await checkBooks(account)
    })
    await fc.assert(property, RUNS)
  })
})

describe('credit that expires before the next month', () => {
  it('pays today what is asked for today, but not the month', async () => {
    const [account, other] = [await twoStopped(), await twoStopped()]
    for (const each of [account, other]) {
      await full.give(each, 200, december(31))
      await full.charging.chargeDue(each.accountId, december(27))
      const { stopped, shortfallMicros } = await standingOf(each, december(27))
      expect([stopped.length, inUnits(shortfallMicros)]).toEqual([2, 186])
    }
    expect(await given(account, 186, 27)).toEqual([['resumed'], ['charged']])
    expect(await full.stoppedOf(account)).toEqual([])
    await full.give(other, 185)
    await full.charging.chargeDue(other.accountId, december(27))
    expect(await full.stoppedOf(other)).not.toEqual([])
  })

  it('is taken first by the rest of this month, of what runs again', async () => {
    const account = await twoStopped()
    await full.give(account, 20, december(31))
    await full.charging.chargeDue(account.accountId, december(20))
    const { shortfallMicros, resumptionMicros } = await upcomingOf(account, 20)
    // 60 until the end of December, of which those 20 pay a part, and 186 in January.
    expect([shortfallMicros, resumptionMicros].map(inUnits)).toEqual([226, 60 + 155])
    expect(await given(account, 226, 20)).toEqual([['resumed'], ['charged']])
  })

  it('is taken first by what is owed, as it is expected to be', async () => {
    const account = await full.openFull(0)
    await full.give(account, 50, december(20))
    await full.charging.chargeDue(account.accountId, december(1))
    const { month } = await createOutlook(database).read(account, december(3))
    expect([month!.shortfallMicros, month!.projectedShortfallMicros].map(inUnits)).toEqual([322, 322])
    expect(await given(account, 322, 3)).toEqual([['settled'], ['charged']])
  })
})

describe('what accrues for the plan while a month is owed', () => {
  it('is shielded from usage for the next month alone: topped up as projected, that is charged', async () => {
    const account = await full.openFull(0)
    const { accountId } = account
    await setRingFence(database, { accountId, mode: 'accruing', at: december(-2).toISOString() })
    await full.charging.chargeDue(accountId, december(1))
    const paceMicros = 40n * UNIT
    const days = ['11-26', '11-27', '11-28', '11-29', '11-30', '12-01', '12-02']
    const used = Object.fromEntries(days.map((day) => [`2026-${day}`, paceMicros]))
    const counted = { accountId, countedSequence: 1n, firstDay: '2026-11-01', days: used }
    await createPaceStore(database).replace(undefined, counted)
    const { month } = await createOutlook(database).read(account, december(3))
    await topUp(account, month!.projectedShortfallMicros, december(3))
    for (let day = 3; day < 32; day++) {
      const { head } = await full.world.statement(account)
      const takenMicros = head.availableMicros < paceMicros ? head.availableMicros : paceMicros
      if (takenMicros > 0n) await full.world.take(account, takenMicros, nextKey())
      await full.charging.chargeDue(accountId, december(day + 1))
    }
    expect((await full.monthOf(account, '2027-01')).status).toBe('charged')
  })
})

describe('from the warning on', () => {
  it('a month lacks nothing for what stays stopped beside such a top-up', async () => {
    const account = await twoStopped()
    await full.charging.chargeDue(account.accountId, december(27))
    const { shortfallMicros, resumptionMicros } = await upcomingOf(account, 27)
    expect([shortfallMicros, resumptionMicros].map(inUnits)).toEqual([31, 0])
    expect(await given(account, 31, 27)).toEqual([[], ['charged']])
  })

  it('asks for it all where a top-up that usage needs would let it run', async () => {
    const account = await twoStopped()
    const days = Array.from({ length: 7 }, (_, index) => [`2026-12-${20 + index}`, 40n * UNIT])
    const { accountId } = account
    const counted = { accountId, countedSequence: 1n, firstDay: '2026-12-01', days: Object.fromEntries(days) }
    await createPaceStore(database).replace(undefined, counted)
    const { month } = await createOutlook(database).read(account, december(27))
    // Of 31 and 200 for usage both would run again at once: 25 until the end of December, and 155 in January.
    expect([month!.projectedShortfallMicros, month!.projectedResumptionMicros].map(inUnits)).toEqual([
      31 + 200 + 25 + 155,
      25 + 155,
    ])
    expect(month!.shortfallMicros).toBe(31n * UNIT)
  })
})
