import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGapRelease } from '../../functions/usage/release-gap.store.ts'
import type { NumberedEvent } from '../../functions/usage/usage-event.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import {
  historyOf,
  machineOn,
  NOW,
  numberedEvent,
  numberedEvents,
  openAccount,
  UNIT,
  upTo,
} from './numbered-account.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())

const numbersOf = (decided: { event: NumberedEvent }[], source: string) =>
  decided.filter(({ event }) => event.source === source).map(({ event }) => event.number)
const request = (key: string) => ({ key: `gap-release:${key}`, requestHash: key, at: NOW })

describe('numbered usage, whatever comes how', () => {
  it('ends in the money and the order of the numbers: any arrival, repeats, restarts, many at once', async () => {
    const arrival = fc.record({
      order: fc.shuffledSubarray(upTo(24), { minLength: 24 }),
      repeated: fc.subarray(upTo(24)),
      cuts: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 30, maxLength: 30 }),
      atOnce: fc.integer({ min: 1, max: 3 }),
      creditUnits: fc.integer({ min: 0, max: 60 }),
    })
    const sources = ['/switch/1', '/switch/2']
    const play = async ({
      order,
      repeated,
      cuts,
      atOnce,
      creditUnits,
    }: { [name: string]: unknown } & {
      order: number[]
      repeated: number[]
      cuts: number[]
      atOnce: number
      creditUnits: number
    }) => {
      const accountId = await openAccount(database, BigInt(creditUnits) * UNIT)
      const machines = upTo(atOnce).map(() => machineOn(database))
      const events = [...order, ...repeated].map((number, index) =>
        numberedEvent(accountId, number, { source: sources[(number + index) % 2] ?? '' }),
      )
      // Each source gets every number: what the shuffle gave to one goes to the other at the end.
      const rest = sources.flatMap((source) => numberedEvents(accountId, 1, 24, { source }))
      const batches: NumberedEvent[][] = []
      for (const event of [...events, ...rest]) {
        const size = cuts[batches.length % cuts.length]!
        if (!batches.length || batches.at(-1)!.length >= size) batches.push([event])
        else batches.at(-1)!.push(event)
      }
      for (let start = 0; start < batches.length; start += atOnce)
        await Promise.all(
          batches
            .slice(start, start + atOnce)
            .map((batch, index) => machines[index]!.usage.deduct(accountId, batch, NOW)),
        )
      const { head, decided } = await historyOf(database, accountId)
      for (const source of sources) expect(numbersOf(decided, source)).toEqual(upTo(24))
      const deducted = decided.filter(({ verdict }) => verdict === 'deducted')
      expect(deducted).toHaveLength(Math.min(creditUnits, 48))
      expect(head.availableMicros).toBe(BigInt(creditUnits) * UNIT - BigInt(deducted.length) * UNIT)
      expect(Object.values(head.watermarks)).toEqual([
        { last: 24n, isWaiting: false },
        { last: 24n, isWaiting: false },
      ])
    }
    await fc.assert(fc.asyncProperty(arrival, play as never), { numRuns: 6, endOnFailure: true })
  }, 120_000)

  it('charges once though a process dies after any of its writes, and replies get lost', async () => {
    for (let dying = 1; dying <= 6; dying++) {
      const accountId = await openAccount(database, 100n * UNIT)
      const batches = [[4, 9], [2, 3], [7], [1, 2], [5, 6, 8], [10]].map((numbers) =>
        numbers.map((number) => numberedEvent(accountId, number)),
      )
      let writes = 0
      const dies = interposedClient(database.client, async (command, send) => {
        const isWrite = (command as object).constructor.name === 'TransactWriteCommand'
        writes += isWrite ? 1 : 0
        if (!isWrite || writes !== dying) return send()
        await send()
        throw Object.assign(new Error('the process died'), { name: 'Died' })
      })
      const mortal = machineOn({ ...database, client: dies })
      for (const batch of batches)
        await mortal.usage
          .deduct(accountId, batch, NOW)
          .catch(() => machineOn(database).usage.deduct(accountId, batch, NOW))
      const { head, decided } = await historyOf(database, accountId)
      expect(decided.map(({ event }) => event.number)).toEqual(upTo(10))
      expect(head.availableMicros).toBe(90n * UNIT)
    }
  })

  it('keeps more sources apart than HEAD carries, and the same source on two accounts', async () => {
    const [accountId, other] = [
      await openAccount(database, 500n * UNIT),
      await openAccount(database, 500n * UNIT),
    ]
    const sources = upTo(12).map((each) => `/switch/${each}`)
    const { usage } = machineOn(database)
    for (const [from, to] of [
      [1, 3],
      [2, 5],
      [7, 8],
      [6, 7],
      [1, 9],
    ] as const)
      await usage.deduct(
        accountId,
        sources.flatMap((source) => numberedEvents(accountId, from, to, { source })),
        NOW,
      )
    await usage.deduct(other, numberedEvents(other, 1, 4, { source: sources[0]! }), NOW)
    const { head, decided } = await historyOf(database, accountId)
    for (const source of sources) expect(numbersOf(decided, source)).toEqual(upTo(9))
    expect(Object.keys(head.watermarks)).toHaveLength(8)
    expect(numbersOf((await historyOf(database, other)).decided, sources[0]!)).toEqual(upTo(4))
  })

  it('takes up more than one posting holds, run by run, without parking anything twice', async () => {
    const accountId = await openAccount(database, 3000n * UNIT)
    const { usage } = machineOn(database)
    for (const [from, to] of [
      [2, 900],
      [901, 1800],
      [500, 1000],
      [1801, 2100],
    ] as const)
      await usage.deduct(accountId, numberedEvents(accountId, from, to), NOW)
    const scattered = upTo(60).map((index) => numberedEvent(accountId, 2100 + index * 2))
    await usage.deduct(accountId, scattered, NOW)
    await usage.deduct(accountId, numberedEvents(accountId, 1, 1), NOW)
    await usage.deduct(
      accountId,
      upTo(60).map((index) => numberedEvent(accountId, 2099 + index * 2)),
      NOW,
    )
    const { decided, entries } = await historyOf(database, accountId)
    expect(decided.map(({ event }) => event.number)).toEqual(upTo(2220))
    expect(entries.every(({ packed }) => (packed?.length ?? 0) < 350_000)).toBe(true)
  })
})

describe('a release', () => {
  it('gives up what is missing, says so in the history, and lets what waits go on', async () => {
    const accountId = await openAccount(database, 100n * UNIT)
    const { usage, ledger, numbered } = machineOn(database)
    const { release } = createGapRelease({ ledger, numbered })
    const asked = { source: '/switch/1', through: 4, reason: 'lost', actor: 'machine:staff' }
    expect(await release(accountId, asked, request('a'))).toEqual({
      ok: false,
      reason: 'usage_source_not_found',
    })
    await usage.deduct(accountId, numberedEvents(accountId, 1, 2), NOW)
    expect(await release(accountId, asked, request('a'))).toEqual({
      ok: false,
      reason: 'nothing_waits',
      last: 2,
    })
    await usage.deduct(accountId, numberedEvents(accountId, 5, 6), NOW)
    for (const through of [1, 2, 5, 7])
      expect(await release(accountId, { ...asked, through }, request('a'))).toEqual({
        ok: false,
        reason: 'not_missing',
        from: 3,
        to: 4,
      })
    const released = await release(accountId, asked, request('a'))
    expect(released).toMatchObject({
      ok: true,
      replayed: false,
      entry: { kind: 'gap_release', amountMicros: 0n },
    })
    // A process died here: the repeat of the request goes on.
    expect(await release(accountId, asked, request('a'))).toMatchObject({ ok: true, replayed: true })
    await usage.begin(NOW).takeUp(accountId, asked.source)
    const late = numberedEvent(accountId, 3)
    expect(await usage.deduct(accountId, [late], NOW)).toMatchObject({ contradictions: [late] })
    const { head, decided } = await historyOf(database, accountId)
    expect(decided.map(({ event }) => event.number)).toEqual([1, 2, 5, 6])
    expect(head.availableMicros).toBe(96n * UNIT)
    expect(Object.values(head.watermarks)).toEqual([{ last: 6n, isWaiting: false }])
    expect((await numbered.find(accountId, asked.source, [3])).get(3)?.batch).toMatchObject({
      released: true,
    })
  })
})
