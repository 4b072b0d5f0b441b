import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { creditAt } from '../../functions/ledger/credit-at.ts'
import { createPaceStore } from '../../functions/pace/pace.store.ts'
import { createCoverage } from '../../functions/plans/coverage.store.ts'
import { presentUpcomingCharge } from '../../functions/plans/present-plan.ts'
import { createShortfallWarning } from '../../functions/plans/warn-shortfall.store.ts'
import { presentBalance } from '../../functions/statements/present-balance.ts'
import { planAccounts, recordingBus, UNIT } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

/** The 26th of November in Berlin: five days before the first. */
const warningDay = new Date('2026-11-25T23:00:00.000Z')
const firstOfDecember = '2026-11-30T23:00:00.000Z'
const usd = (amount: string) => ({ amount, currency: 'USD' })

let database: TestDatabase
let world: ReturnType<typeof planAccounts>

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
})
afterAll(() => database.stop())

/** With five seats for 24.50 on the first, and so much used on each of the seven days before. */
async function open(creditMicros: bigint, dailyMicros: bigint): Promise<Account> {
  const account = await world.openWithPlan(5, creditMicros)
  const days = Array.from({ length: 7 }, (_, index) => [`2026-11-${19 + index}`, dailyMicros])
  const { accountId } = account
  const counted = { accountId, countedSequence: 1n, firstDay: '2026-11-01', days: Object.fromEntries(days) }
  await createPaceStore(database).replace(undefined, counted)
  return account
}

async function balanceOf(account: Account) {
  const coverage = await createCoverage(database).read(account, warningDay)
  const credit = creditAt(coverage.credit, warningDay.toISOString())
  return presentBalance(credit, coverage, undefined, account.timeZone)
}

async function warn({ accountId }: Account) {
  const { put, named } = recordingBus()
  const portalUrl = 'https://portal.example.com'
  await createShortfallWarning({ ...database, portalUrl, put }).look(accountId, warningDay)
  return { warning: named('plan.warning')[0]?.detail }
}

describe('the balance ahead of a first', () => {
  it('has the figures of the warning, and of the upcoming charge, and until when the credit lasts by what', async () => {
    const account = await open(26n * UNIT, 1n * UNIT)
    const { warning } = await warn(account)
    const { outlook, upcomingCharge } = await balanceOf(account)
    expect(outlook).toEqual({
      pace: { used: usd('7.00'), perDay: usd('1.00'), from: '2026-11-19', to: '2026-11-25', days: 7 },
      runway: {
        ...{ lasts: 'until', at: firstOfDecember, date: '2026-12-01', endedBy: 'plan_charge' },
        basis:
          'usage as on the 7 days from 2026-11-19 to 2026-11-25, and the service plan as it is charged next',
      },
      expectedUsage: usd('5.00'),
      projectedCredit: usd('21.00'),
      projectedShortfall: usd('3.50'),
      topUp: usd('3.50'),
      note: { kind: 'warned', text: expect.stringContaining('Top up') },
    })
    expect(upcomingCharge).toMatchObject({ date: '2026-12-01', total: usd('24.50'), shortfall: usd('0.00') })
    expect(warning).toMatchObject({
      ...{ pace: outlook.pace, expectedUsage: outlook.expectedUsage, need: upcomingCharge?.total },
      ...{ projectedCredit: outlook.projectedCredit, exactShortfall: outlook.projectedShortfall },
      shortfall: outlook.topUp,
    })
    const coverage = await createCoverage(database).read(account, warningDay)
    expect(presentUpcomingCharge(coverage.month!, coverage, 'USD')).toMatchObject({ outlook })
  })

  it('says that the month is covered when it was funded after the warning, and no more once it is not', async () => {
    const account = await open(26n * UNIT, 1n * UNIT)
    await warn(account)
    await world.give(account, 3_500_000n, `funded ${account.accountId}`)
    await warn(account)
    const { outlook } = await balanceOf(account)
    expect(outlook).toMatchObject({ projectedShortfall: usd('0.00'), note: { kind: 'covered' } })
    expect(outlook).not.toHaveProperty('topUp', expect.anything())
    await world.take(account, 10n * UNIT, `eaten ${account.accountId}`)
    expect((await balanceOf(account)).outlook.note).toBeUndefined()
  })

  it('says by which days it goes where there is no plan, or no usage', async () => {
    const idle = await world.openWithPlan(5, 25n * UNIT)
    expect((await balanceOf(idle)).outlook.runway).toEqual({
      ...{ lasts: 'until', at: '2026-12-31T23:00:00.000Z', date: '2027-01-01', endedBy: 'plan_charge' },
      basis: 'no usage, and the service plan as it is charged next',
    })
    const used = await world.open()
    await world.give(used, 9n * UNIT, `opening ${used.accountId}`)
    const days = { '2026-11-25': 2n * UNIT }
    const counted = { accountId: used.accountId, countedSequence: 1n, firstDay: '2026-11-25', days }
    await createPaceStore(database).replace(undefined, counted)
    expect((await balanceOf(used)).outlook.runway).toEqual({
      // What is expected is rounded up to a micro: four and a half days, less some milliseconds.
      ...{ lasts: 'until', at: expect.stringMatching(/^2026-11-30T10:59:59/), date: '2026-11-30' },
      endedBy: 'usage',
      basis: 'usage as on 2026-11-25, no service plan',
    })
  })
})
