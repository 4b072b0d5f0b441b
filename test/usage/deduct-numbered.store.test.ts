import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import {
  historyOf,
  machineOn,
  NOW,
  numberedEvent,
  numberedEvents,
  openAccount,
  UNIT,
} from './numbered-account.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())

describe('deducting numbered usage', () => {
  it('puts a batch of a thousand events into one entry, each readable with its own balance', async () => {
    const accountId = await openAccount(database, 2000n * UNIT)
    const { usage } = machineOn(database)
    const events = numberedEvents(accountId, 1, 1000, { attributes: { note: 'ünï', direction: 'outbound' } })
    const { entry } = await usage.deduct(accountId, events, NOW)
    expect(entry).toMatchObject({ amountMicros: -1000n * UNIT, reason: '1000 × sms' })
    const { entries, decided, head } = await historyOf(database, accountId)
    expect(entries).toHaveLength(2)
    expect(decided.map(({ event }) => event)).toEqual(events.map(({ sequence, ...said }) => said))
    expect(decided[499]).toMatchObject({
      verdict: 'deducted',
      amountMicros: UNIT,
      availableBeforeMicros: 1501n * UNIT,
      availableAfterMicros: 1500n * UNIT,
      explanation: { amount: '1.00', quantity: '1', price: { service: 'sms', version: 1 } },
    })
    expect(Object.values(head.watermarks)).toEqual([{ last: 1000n, isWaiting: false }])
  })

  it('skips repeats silently, and never charges another event under a number that was used', async () => {
    const accountId = await openAccount(database, 100n * UNIT)
    const { usage } = machineOn(database)
    await usage.deduct(accountId, numberedEvents(accountId, 1, 10), NOW)
    expect(await usage.deduct(accountId, numberedEvents(accountId, 4, 12), NOW)).toMatchObject({
      contradictions: [],
    })
    const restarted = numberedEvent(accountId, 3, { id: 'another' })
    expect(await usage.deduct(accountId, [restarted], NOW)).toMatchObject({ contradictions: [restarted] })
    const { head, decided } = await historyOf(database, accountId)
    expect(head.availableMicros).toBe(88n * UNIT)
    expect(decided.map(({ event }) => event.number)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 1),
    )
  })

  it('lays later events aside until the missing ones come, then decides all in order', async () => {
    const accountId = await openAccount(database, 100n * UNIT)
    const { usage } = machineOn(database)
    await usage.deduct(accountId, numberedEvents(accountId, 1, 2), NOW)
    const opened = await usage.deduct(accountId, numberedEvents(accountId, 5, 7), NOW)
    expect(opened.gaps).toEqual([{ accountId, source: '/switch/1', missingFrom: 3, missingTo: 4 }])
    // Told once, and what is parked is not parked twice.
    expect(await usage.deduct(accountId, numberedEvents(accountId, 6, 9), NOW)).toMatchObject({
      gaps: [],
      contradictions: [],
    })
    expect((await historyOf(database, accountId)).head.availableMicros).toBe(98n * UNIT)
    // Another process: nothing of this is kept in memory alone.
    await machineOn(database).usage.deduct(accountId, numberedEvents(accountId, 3, 4), NOW)
    const { head, decided } = await historyOf(database, accountId)
    expect(decided.map(({ event }) => event.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(head.availableMicros).toBe(91n * UNIT)
    expect(Object.values(head.watermarks)).toEqual([{ last: 9n, isWaiting: false }])
  })

  it('deducts the longest prefix that fits and lets the watermark pass what was refused', async () => {
    const accountId = await openAccount(database, 5n * UNIT)
    const { usage } = machineOn(database)
    await usage.deduct(accountId, numberedEvents(accountId, 1, 8), NOW)
    const { decided, head } = await historyOf(database, accountId)
    expect(decided.map(({ verdict }) => verdict)).toEqual([
      ...Array(5).fill('deducted'),
      ...Array(3).fill('refused'),
    ])
    expect(decided[7]).toMatchObject({
      reason: 'insufficient_credit',
      costMicros: UNIT,
      availableAfterMicros: 0n,
    })
    expect(Object.values(head.watermarks)).toEqual([{ last: 8n, isWaiting: false }])
  })
})
