import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { readCreditAt } from '../../functions/ledger/credit-at.ts'
import { createLedgerReader } from '../../functions/ledger/ledger-reader.store.ts'
import { createPlanChanging } from '../../functions/plans/change-plan.store.ts'
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
  const credit = await readCreditAt(createLedgerReader(database), account.accountId, now.toISOString())
  return (await createPlanStanding(database).read(account, now, credit!))!
}

const owedOf = ({ accountId }: Account) => full.world.subscriptions.listShort(accountId)

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
