import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PriceVersion } from '../../functions/prices/price.ts'
import { createNumberedSearch } from '../../functions/usage/find-usage.store.ts'
import { presentBatch } from '../../functions/usage/present-usage.ts'
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
  SOURCE,
  UNIT,
  upTo,
} from './numbered-account.ts'

const LARGEST_ITEM_BYTES = 400 * 1024
const LARGEST_TRANSACTION_BYTES = 4 * 1024 * 1024
const LARGEST_REPLY_BYTES = 6 * 1024 * 1024

let database: TestDatabase
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())

/** Text that nothing compresses. */
const noise = (bytes: number) => randomBytes(bytes).toString('base64').slice(0, bytes)
const ideographs = (count: number) =>
  String.fromCodePoint(...upTo(count).map(() => 0x4e00 + Math.floor(Math.random() * 20_000)))

/** A machine that notes how large the items and the transactions are that it writes. */
function weighingMachine(...prices: PriceVersion[]) {
  const largest = { itemBytes: 0, transactionBytes: 0 }
  const client = interposedClient(database.client, async (command, send) => {
    const { TransactItems = [] } = (command as { input: { TransactItems?: { Put?: { Item: object } }[] } })
      .input
    const sizes = TransactItems.map(({ Put }) => (Put ? sizeOf(Put.Item) : 1024))
    largest.itemBytes = Math.max(largest.itemBytes, ...sizes)
    largest.transactionBytes = Math.max(
      largest.transactionBytes,
      sizes.reduce((sum, bytes) => sum + bytes, 0),
    )
    return send()
  })
  return { ...machineOn({ ...database, client }, ...prices), largest }
}

function sizeOf(value: unknown): number {
  if (value instanceof Uint8Array) return value.length
  if (typeof value !== 'object' || value === null) return Buffer.byteLength(String(value ?? '')) + 1
  return Object.entries(value).reduce((sum, [name, each]) => sum + name.length + 1 + sizeOf(each), 3)
}

const many = (
  accountId: string,
  from: number,
  to: number,
  fields: (number: number) => Partial<NumberedEvent>,
) => upTo(to - from + 1).map((index) => numberedEvent(accountId, from + index - 1, fields(from + index - 1)))

const kinds: { [what: string]: (number: number) => Partial<NumberedEvent> } = {
  'sixteen kilobytes each': () => ({
    attributes: Object.fromEntries(upTo(30).map((index) => [`note${index}`, noise(480)])),
  }),
  'names that never repeat': (number) => ({
    attributes: Object.fromEntries(
      upTo(40).map((index) => [`n${number}_${index}_${noise(40).replace(/\W/g, '_')}`, index]),
    ),
  }),
  'services that never repeat': () => ({ service: noise(128).replace(/\W/g, '.') }),
  'ids of ideographs': () => ({ id: ideographs(200) }),
  'control characters': () => ({ attributes: { note: '\u0001\u0002\u0003\u0004'.repeat(120) } }),
}

describe('a numbered batch fits an item and a transaction', () => {
  it.each(Object.keys(kinds))('whatever its events hold: %s', async (what) => {
    const accountId = await openAccount(database, 5000n * UNIT)
    const { usage, largest } = weighingMachine()
    const half = what === 'sixteen kilobytes each' ? 150 : 1000
    // The first waits for number 1, so that both ways into an entry are taken.
    await usage.deduct(accountId, many(accountId, 2, half, kinds[what]!), NOW)
    await usage.deduct(accountId, many(accountId, 1, 1, kinds[what]!), NOW)
    await usage.deduct(accountId, many(accountId, half + 1, 2 * half, kinds[what]!), NOW)
    const { decided, entries } = await historyOf(database, accountId)
    expect(decided.map(({ event }) => event.number)).toEqual(upTo(2 * half))
    expect(largest.itemBytes).toBeLessThan(LARGEST_ITEM_BYTES)
    expect(largest.transactionBytes).toBeLessThan(LARGEST_TRANSACTION_BYTES)
    for (const entry of entries)
      expect(JSON.stringify(presentBatch(entry)).length).toBeLessThan(LARGEST_REPLY_BYTES)
  })

  it('whatever prices explain them: fifty tiers for each of five hundred services', async () => {
    const tiers = () =>
      upTo(50).map((index) => ({
        upTo: index === 50 ? null : index * 10 ** 9 + Math.floor(Math.random() * 10 ** 9),
        unitAmount: `0.${String(Math.floor(Math.random() * 10 ** 6)).padStart(6, '0')}`,
      }))
    const prices = upTo(500).map(
      (index): PriceVersion => ({
        ...{
          service: `service.${index}`,
          version: 1,
          currency: 'USD',
          effectiveFrom: '2020-01-01T00:00:00.000Z',
        },
        model: { kind: 'per_unit', tiers: tiers() },
      }),
    )
    const accountId = await openAccount(database, 5000n * UNIT)
    const { usage, largest } = weighingMachine(...prices)
    const service = (number: number) => ({ service: `service.${(number % 500) + 1}` })
    await usage.deduct(accountId, many(accountId, 2, 900, service), NOW)
    await usage.deduct(accountId, many(accountId, 1, 1, service), NOW)
    await usage.deduct(accountId, many(accountId, 901, 1500, service), NOW)
    const { decided, head } = await historyOf(database, accountId)
    expect(decided.map(({ event }) => event.number)).toEqual(upTo(1500))
    expect(Object.values(head.watermarks)).toEqual([{ last: 1500n, isWaiting: false }])
    expect(largest.itemBytes).toBeLessThan(LARGEST_ITEM_BYTES)
  })

  it('and one reply tells it, though fifty tiers explain each of a thousand refusals', async () => {
    const tiers = upTo(50).map((index) => ({
      upTo: index === 50 ? null : index * 2 * 10 ** 10 - 1,
      unitAmount: `999999.${String(999_999 - index)}`,
    }))
    const price: PriceVersion = {
      ...{ service: 'sms', version: 1, currency: 'USD', effectiveFrom: '2020-01-01T00:00:00.000Z' },
      model: { kind: 'per_unit', tiers },
    }
    const accountId = await openAccount(database, UNIT)
    const use = (number: number) => ({ quantity: 10 ** 12, id: `${number}`.padEnd(100, '-') })
    await machineOn(database, price).usage.deduct(accountId, many(accountId, 1, 1000, use), NOW)
    const { decided, entries } = await historyOf(database, accountId)
    expect(decided.map(({ event }) => event.number)).toEqual(upTo(1000))
    for (const entry of entries)
      expect(JSON.stringify(presentBatch(entry)).length).toBeLessThan(LARGEST_REPLY_BYTES)
  })

  it('a thousand ordinary events are one entry still', async () => {
    const accountId = await openAccount(database, 5000n * UNIT)
    const { usage } = machineOn(database)
    const call = () => ({
      id: `0191f7e2-5b1c-7c3a-9d8e-${randomBytes(6).toString('hex')}`,
      attributes: { destination: '+4930123456789', direction: 'outbound' },
    })
    await usage.deduct(accountId, many(accountId, 1, 1000, call), NOW)
    expect((await historyOf(database, accountId)).entries).toHaveLength(2)
  })
})

describe('more than a batch that waits', () => {
  it('is found by number and by id, reported where a repeat says something else, and decided once', async () => {
    const accountId = await openAccount(database, 5000n * UNIT)
    const { usage, ledger, numbered } = machineOn(database)
    for (const from of [2, 1002, 2002])
      await usage.deduct(accountId, numberedEvents(accountId, from, from + 999), NOW)
    const search = createNumberedSearch({ ledger, numbered })
    const window = { from: '2026-11-23T00:00:00.000Z', to: '2026-11-24T00:00:00.000Z' }
    for (const number of [2, 1001, 1002, 2500, 3001]) {
      const parked = { verdict: 'parked', sequence: String(number), waitsFor: { from: '1', to: '1' } }
      expect(await search.findNumber(accountId, SOURCE, number)).toMatchObject(parked)
      const { found } = await search.findId(accountId, SOURCE, `${SOURCE}-${number}`, window)
      expect(found).toMatchObject(parked)
    }
    expect(await search.findNumber(accountId, SOURCE, 3002)).toBeUndefined()
    const repeated = [numberedEvent(accountId, 2600), numberedEvent(accountId, 2700, { id: 'another' })]
    const { contradictions } = await usage.deduct(accountId, repeated, NOW)
    expect(contradictions.map(({ id }) => id)).toEqual(['another'])
    await usage.deduct(accountId, numberedEvents(accountId, 1, 1), NOW)
    const { decided } = await historyOf(database, accountId)
    expect(decided.map(({ event }) => event.number)).toEqual(upTo(3001))
  })
})
