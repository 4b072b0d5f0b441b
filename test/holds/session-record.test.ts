import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createSessionRecords } from '../../functions/holds/session-record.store.ts'
import { createUsageDeduction } from '../../functions/usage/deduct-usage.store.ts'
import { createNumberedStore } from '../../functions/usage/numbered.store.ts'
import { unpackUsageDecisions } from '../../functions/usage/packed-usage.ts'
import { presentUsage } from '../../functions/usage/present-usage.ts'
import { createUsageStore } from '../../functions/usage/usage.store.ts'
import type { UsageEvent } from '../../functions/usage/usage-event.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { usageEvent } from '../usage/priced.ts'
import { holdingOn, later, openAccount, START, UNIT, usualPrices } from './holding.ts'

let database: TestDatabase
let holding: ReturnType<typeof holdingOn>
beforeAll(async () => {
  database = await startTestDatabase()
  holding = holdingOn(database)
})
afterAll(() => database.stop())

async function deduct(account: Account, ...events: UsageEvent[]) {
  const usage = createUsageDeduction({
    ledger: holding.ledger,
    numbered: createNumberedStore({ ...database, ledger: holding.ledger }),
    accounts: { read: async () => account },
    prices: usualPrices,
    sessions: createSessionRecords(holding.holds),
    settling: holding.settling,
    terms: async () => ({}),
  })
  const { entry } = await usage.deduct(account.accountId, events, later(100).toISOString())
  return entry!
}

const recordOf = ({ accountId }: Account, session: string, seconds: number, more: Partial<UsageEvent> = {}) =>
  usageEvent(accountId, {
    service: 'call',
    quantity: undefined,
    seconds,
    attributes: { session },
    ...more,
  })
const begin = (account: Account, session: string, more: object = {}) =>
  holding.authorise(account, { service: 'call', seconds: 60, session, ...more }, `begin-${session}`)
const outcomeOf = async (event: UsageEvent) => presentUsage((await createUsageStore(database).read(event))!)

describe('the record of a session', () => {
  it('that was captured is not charged again, and says what it would have cost', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await begin(account, 's')
    await holding.capture(account, holdId, { seconds: 40 })
    const record = recordOf(account, 's', 42)
    const entry = await deduct(account, record, recordOf(account, 'another', 10))
    expect(await outcomeOf(record)).toMatchObject({
      verdict: 'reconciled',
      amount: { amount: '0.00' },
      reconciled: {
        holdId,
        status: 'captured',
        cost: { amount: '0.42' },
        captured: { amount: '0.40' },
        difference: { amount: '0.02' },
      },
      explanation: { seconds: '42', amount: '0.42' },
    })
    expect(JSON.parse(entry.detail)).toMatchObject({
      deductedCount: 1,
      refusedCount: 0,
      reconciled: { count: 1, underCapturedCount: 1, underCapturedAmount: '0.02' },
    })
    expect(await holding.stateOf(account)).toMatchObject({ availableMicros: 500_000n, faults: [] })
  })

  it('that comes before the capture is what its lease charges, and it is not released any more', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await begin(account, 's', { leaseSeconds: 30 })
    await deduct(account, recordOf(account, 's', 33))
    await expect(holding.release(account, holdId)).rejects.toMatchObject({
      code: 'hold_has_record',
      extra: { recorded: { amount: '0.33' } },
    })
    expect(await holding.settling.expire(account.accountId, holdId, later(31))).toBe('settled')
    expect(await holding.stateOf(account)).toMatchObject({ availableMicros: 670_000n, faults: [] })
  })

  it('that comes before the capture leaves that to the capture', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await begin(account, 's')
    const record = recordOf(account, 's', 33)
    await deduct(account, record)
    await holding.capture(account, holdId, { seconds: 33 })
    expect((await outcomeOf(record)).reconciled).toEqual({
      holdId,
      status: 'held',
      cost: { amount: '0.33', currency: 'USD' },
    })
    expect((await holding.stateOf(account)).availableMicros).toBe(670_000n)
  })

  it('that was lost and charged what was reported is not charged again', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await begin(account, 's', { leaseSeconds: 30 })
    await holding.extend(account, holdId, { reported: { seconds: 20 } }, 'r', later(20))
    await holding.settling.expire(account.accountId, holdId, later(60))
    const record = recordOf(account, 's', 25)
    await deduct(account, record)
    expect((await outcomeOf(record)).reconciled).toMatchObject({
      status: 'expired',
      captured: { amount: '0.20' },
      difference: { amount: '0.05' },
    })
    expect((await holding.stateOf(account)).availableMicros).toBe(800_000n)
  })

  it('that was released, of another service, or of another account is charged as usual', async () => {
    const account = await openAccount(database, UNIT)
    const other = await openAccount(database, UNIT)
    const { holdId } = await begin(account, 'released')
    await holding.release(account, holdId)
    await begin(account, 'open', { seconds: 10 })
    await deduct(
      account,
      recordOf(account, 'released', 10),
      recordOf(account, 'open', 0, { service: 'sms', quantity: 1 }),
    )
    await deduct(other, recordOf(other, 'open', 10))
    expect(await holding.stateOf(account)).toMatchObject({ availableMicros: 750_000n, heldMicros: 100_000n })
    expect(await holding.stateOf(other)).toMatchObject({ availableMicros: 900_000n })
  })

  it('is rated by the price that was settled when the session began', async () => {
    const account = await openAccount(database, 20n * UNIT)
    const hold = await holding.authorise(account, { service: 'fax', quantity: 10, session: 's' }, 'a')
    await holding.capture(account, hold.holdId, { quantity: 10 })
    const record = recordOf(account, 's', 0, { service: 'fax', quantity: 10, seconds: undefined })
    await deduct(account, record)
    expect((await outcomeOf(record)).reconciled).toMatchObject({ difference: { amount: '0.00' } })
  })

  it('of a numbered source is reconciled in its batch', async () => {
    const account = await openAccount(database, UNIT)
    const { holdId } = await begin(account, 's')
    await holding.capture(account, holdId, { seconds: 40 })
    const numbered = (number: number, session: string) =>
      ({ ...recordOf(account, session, 42), source: '/switch/numbered', number }) as UsageEvent
    const entry = await deduct(account, numbered(1, 's'), numbered(2, 'none'))
    expect(unpackUsageDecisions(entry)).toMatchObject([
      {
        verdict: 'reconciled',
        costMicros: 420_000n,
        hold: { holdId, status: 'captured', capturedMicros: 400_000n },
        explanation: { seconds: '42' },
      },
      { verdict: 'deducted', amountMicros: 420_000n },
    ])
    expect(await holding.stateOf(account)).toMatchObject({ availableMicros: 180_000n, faults: [] })
  })
})

describe('usage that lacks credit', () => {
  const plain = (account: Account, quantity: number, number?: number) => ({
    ...usageEvent(account.accountId, { service: 'sms', quantity, at: START.toISOString() }),
    ...(number !== undefined && { number }),
  })

  it('has back what lost sessions hold before it is refused, numbered or not, and leaves live ones alone', async () => {
    for (const number of [undefined, 1]) {
      const account = await openAccount(database, UNIT)
      const lost = await begin(account, 'lost')
      const live = await begin(account, 'live', { seconds: 20, leaseSeconds: 300 })
      // 0.20 are left, 0.60 come back of the lost session: 16 messages at 0.05 are covered, a further one is not.
      const entry = await deduct(account, plain(account, 16, number))
      expect(entry.amountMicros).toBe((-8n * UNIT) / 10n)
      const refused = await deduct(account, plain(account, 1, number && number + 1))
      expect([refused.kind, refused.amountMicros]).toEqual(['usage', 0n])
      expect((await holding.holds.read(account.accountId, lost.holdId))?.status).toBe('expired')
      expect((await holding.holds.read(account.accountId, live.holdId))?.status).toBe('held')
      expect((await holding.stateOf(account)).faults).toEqual([])
    }
  })
})
