import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeAccount } from '../../functions/accounts/change-account.store.ts'
import { createLowCreditAlert } from '../../functions/notices/alert-low-credit.store.ts'
import {
  COOLDOWN_HOURS,
  decideLowCreditAlert,
  markTold,
  UNSEEN,
} from '../../functions/notices/decide-low-credit-alert.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { planAccounts, recordingBus, UNIT } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

const HOUR = 3_600_000
const start = Date.parse('2026-11-10T00:00:00.000Z')
const hours = (count: number) => new Date(start + count * HOUR)

describe('the rule of low-credit alerts', () => {
  const threshold = 100n
  type Balance = { availableMicros: bigint; afterHours: number }

  /** Plays balances one after another; the index of each that is told. */
  function play(balances: Balance[]): number[] {
    let state = UNSEEN
    let now = 0
    return balances.flatMap(({ availableMicros, afterHours }, index) => {
      now += afterHours
      const seen = {
        availableMicros,
        sequence: BigInt(index + 1),
        thresholdMicros: threshold,
        now: hours(now).toISOString(),
      }
      const next = decideLowCreditAlert(state, seen)
      if (!next) return []
      state = next.phase === 'telling' ? markTold(next) : next
      return next.phase === 'telling' ? [index] : []
    })
  }
  const at = (availableMicros: bigint, afterHours = 48): Balance => ({ availableMicros, afterHours })

  it('tells a dip once, and the next one only after a recovery to 120 %', () => {
    expect(play([at(150n), at(99n), at(50n), at(99n)])).toEqual([1])
    expect(play([at(99n), at(119n), at(99n)])).toEqual([0])
    expect(play([at(99n), at(120n), at(99n)])).toEqual([0, 2])
    expect(play([at(100n)])).toEqual([])
  })

  it('tells a dip within 24 hours of the last only when they are over', () => {
    expect(play([at(99n), at(120n, 1), at(99n, 1), at(98n, 21), at(97n, 1)])).toEqual([0, 4])
  })

  it('never tells for a threshold of zero, nor from a balance older than one that was seen', () => {
    const seen = { availableMicros: 0n, sequence: 5n, thresholdMicros: 0n, now: hours(0).toISOString() }
    expect(decideLowCreditAlert(UNSEEN, seen)).toBeUndefined()
    expect(
      decideLowCreditAlert({ ...UNSEEN, sequence: 6n }, { ...seen, thresholdMicros: 9n }),
    ).toBeUndefined()
  })

  it('never tells twice of one dip, nor twice in 24 hours, nor while there is credit enough', () => {
    const balance = fc.record({
      availableMicros: fc.bigInt({ min: 0n, max: 200n }),
      afterHours: fc.integer({ min: 0, max: 30 }),
    })
    fc.assert(
      fc.property(fc.array(balance, { maxLength: 60 }), (balances) => {
        const told = play(balances)
        for (const [place, index] of told.entries()) {
          expect(balances[index]!.availableMicros < threshold).toBe(true)
          const before = told[place - 1]
          if (before === undefined) continue
          const between = balances.slice(before + 1, index + 1)
          expect(between.some(({ availableMicros }) => availableMicros >= 120n)).toBe(true)
          expect(between.reduce((sum, { afterHours }) => sum + afterHours, 0) >= COOLDOWN_HOURS).toBe(true)
        }
      }),
    )
  })
})

describe('alerting of low credit', () => {
  let database: TestDatabase
  let world: ReturnType<typeof planAccounts>
  beforeAll(async () => {
    database = await startTestDatabase()
    world = planAccounts(database)
  })
  afterAll(() => database.stop())

  async function openLow() {
    const account = await world.open({ lowCreditThresholdMicros: 10n * UNIT })
    await world.give(account, 20n * UNIT, 'opening')
    return account
  }

  it('tells once however often and late the messages of a dip come', async () => {
    const bus = recordingBus()
    const alert = createLowCreditAlert({ ...database, put: bus.put })
    const account = await openLow()
    expect(await alert.check(account.accountId, hours(0))).toBe('nothing')
    await world.take(account, 11n * UNIT, 'a')
    await Promise.all([1, 2, 3, 4].map(() => alert.check(account.accountId, hours(1))))
    await world.take(account, 1n * UNIT, 'b')
    await alert.check(account.accountId, hours(60))
    const ids = new Set(bus.events.map(({ detail }) => detail.id))
    expect([...ids]).toEqual([`${account.accountId}/balance.low/1`])
    expect(bus.events[0]!.detail).toMatchObject({
      available: { amount: '9.00', currency: 'USD' },
      threshold: { amount: '10.00', currency: 'USD' },
    })
    await world.give(account, 20n * UNIT, 'recovery')
    expect(await alert.check(account.accountId, hours(61))).toBe('armed')
    await world.take(account, 20n * UNIT, 'c')
    expect(await alert.check(account.accountId, hours(62))).toBe('told')
    expect(bus.events.at(-1)!.detail.id).toBe(`${account.accountId}/balance.low/2`)
  })

  it('tells a dip under one id, and the next under another, whichever write the process dies before or after', async () => {
    for (const when of ['before', 'after'] as const) {
      for (const atWrite of [1, 2]) {
        const bus = recordingBus()
        const account = await openLow()
        await world.take(account, 15n * UNIT, 'a')
        const dying = createLowCreditAlert({
          ...database,
          client: dyingClient(database.client, { atWrite, when }),
          put: bus.put,
        })
        await expect(dying.check(account.accountId, hours(0))).rejects.toThrow(Died)
        const alert = createLowCreditAlert({ ...database, put: bus.put })
        // The credit recovers before the message comes again, and falls once more.
        await world.give(account, 20n * UNIT, 'recovery')
        await alert.check(account.accountId, hours(1))
        await alert.check(account.accountId, hours(2))
        await world.take(account, 20n * UNIT, 'b')
        await alert.check(account.accountId, hours(48))
        const ids = [...new Set(bus.events.map(({ detail }) => detail.id))]
        const dips = when === 'before' && atWrite === 1 ? [1] : [1, 2]
        expect(ids).toEqual(dips.map((dip) => `${account.accountId}/balance.low/${dip}`))
      }
    }
  })

  it('follows the account’s own threshold', async () => {
    const bus = recordingBus()
    const alert = createLowCreditAlert({ ...database, put: bus.put })
    const account = await openLow()
    await changeAccount(database, account.accountId, { lowCreditThresholdMicros: 30n * UNIT })
    expect(await alert.check(account.accountId, hours(0))).toBe('told')
  })
})
