import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import type { AutoTopUpSettings } from '../../functions/auto-top-up/auto-top-up.ts'
import { createPaceStore } from '../../functions/pace/pace.store.ts'
import { createCoverage } from '../../functions/plans/coverage.store.ts'
import { presentOutlook } from '../../functions/plans/present-outlook.ts'
import { createShortfallWarning } from '../../functions/plans/warn-shortfall.store.ts'
import { IS_DECLINED, startAutoTopUps } from '../auto-top-up/auto-top-up-world.ts'
import { november, recordingBus, UNIT } from './plan-account.ts'

let world: Awaited<ReturnType<typeof startAutoTopUps>>
beforeAll(async () => {
  world = await startAutoTopUps()
})
afterAll(() => world.stop())

const warningDay = new Date('2026-11-26T00:00:00.000Z')
const later = (minutes: number) => new Date(warningDay.getTime() + minutes * 60_000)
const warningWith = (bus: ReturnType<typeof recordingBus>) =>
  createShortfallWarning({ ...world.database, portalUrl: 'https://portal.example.com', put: bus.put })
const look = async (bus: ReturnType<typeof recordingBus>, { accountId }: Account, now: Date) =>
  (await warningWith(bus).look(accountId, now)).map(({ result }) => result)
const noteOf = async (account: Account) => {
  const coverage = await createCoverage(world.database).read(account, warningDay)
  return presentOutlook(coverage, 'USD').note?.kind
}

/** An account that needs 24.50 on the first, is topped up automatically below 20.00, and uses 1.00 a day. */
async function openShort(more: { card?: string; settings?: Partial<AutoTopUpSettings> } = {}) {
  await world.setBasicPlan()
  const account = await world.open(26n * UNIT, { ...more, at: november })
  await world.choose(account, 5, november)
  const days = Array.from({ length: 7 }, (_, index) => [`2026-11-${19 + index}`, 1n * UNIT])
  const { accountId } = account
  const counted = { accountId, countedSequence: 1n, firstDay: '2026-11-01', days: Object.fromEntries(days) }
  await createPaceStore(world.database).replace(undefined, counted)
  return account
}

describe('a month that automatic top-up will pay for', () => {
  it('is noted in place of a warning, and its event has what is missing by the projection charged', async () => {
    const bus = recordingBus()
    const account = await openShort()
    expect(await look(bus, account, warningDay)).toEqual(['expected'])
    expect(await look(bus, account, warningDay)).toEqual([])
    expect(bus.events).toMatchObject([
      { detailType: 'plan.automatic_top_up_expected', detail: { exactShortfall: { amount: '3.50' } } },
    ])
    expect(await noteOf(account)).toBe('automatic_top_up_expected')
    await world.check(account, warningDay, { period: '2026-12' })
    // While the payment is under way nobody is warned either.
    expect(await look(bus, account, later(1))).toEqual([])
    expect((await world.stateOf(account)).availableMicros).toBe(29_500_000n)
    expect(await look(bus, account, later(2))).toEqual([])
    expect(await noteOf(account)).toBeUndefined()
    expect(bus.events).toHaveLength(1)
  })

  it('is warned of once after all when the charge fails', async () => {
    const bus = recordingBus()
    const account = await openShort({ card: IS_DECLINED })
    await look(bus, account, warningDay)
    await world.check(account, warningDay, { period: '2026-12' })
    await world.stateOf(account)
    await world.check(account, later(1))
    expect((await world.stateOf(account)).document.status).toBe('paused')
    expect(await look(bus, account, later(2))).toEqual(['warned'])
    expect(await look(bus, account, later(2))).toEqual([])
    expect(bus.events.map(({ detailType }) => detailType)).toEqual([
      'plan.automatic_top_up_expected',
      'plan.warning',
    ])
    expect(await noteOf(account)).toBe('warned')
  })

  it('is warned of after all when it is switched off before the first', async () => {
    const bus = recordingBus()
    const account = await openShort()
    await look(bus, account, warningDay)
    await world.switchOff(account, later(1))
    expect(await look(bus, account, later(2))).toEqual(['warned'])
    await world.give(account, 3_500_000n, `funded ${account.accountId}`)
    expect(await look(bus, account, later(3))).toEqual(['withdrawn'])
    expect(await noteOf(account)).toBe('covered')
  })

  it('is warned of on a later day when what is missing has become more than it may pay', async () => {
    const bus = recordingBus()
    const account = await openShort({ settings: { monthlyCapMicros: 40n * UNIT } })
    expect(await look(bus, account, warningDay)).toEqual(['expected'])
    await world.choose(account, 50, later(60))
    expect(await look(bus, account, later(24 * 60))).toEqual(['warned'])
    expect(await look(bus, account, later(48 * 60))).toEqual([])
    expect(bus.named('plan.warning')).toHaveLength(1)
  })

  it('is warned of at once where automatic top-up may not pay it: above the cap, or with an expired card', async () => {
    for (const prepare of [
      async () => openShort({ settings: { monthlyCapMicros: 3n * UNIT } }),
      async () => {
        const account = await openShort()
        await world.payments.cards.change(account.accountId, november.toISOString(), (cards) => ({
          ...cards,
          cards: cards.cards.map((card) => ({ ...card, expiresIn: '2026-10' })),
        }))
        return account
      },
    ]) {
      const bus = recordingBus()
      const account = await prepare()
      expect(await look(bus, account, warningDay)).toEqual(['warned'])
      expect(await noteOf(account)).toBe('warned')
    }
  })
})
