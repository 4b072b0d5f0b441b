import { GetCommand, PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Head, Watermark } from '../../functions/ledger/entry.ts'
import { headUpdate, toHead } from '../../functions/ledger/head.store.ts'
import { createLedger } from '../../functions/ledger/ledger.store.ts'
import { LOT_SOURCES, type Lot, packLot, unpackLot } from '../../functions/ledger/lot.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())

const accountId = 'acc_5fK2mQ8bYw3nL0pTzR7vXc'

/** Writes a HEAD as a posting would, and answers what it reads back and how many write units it takes. */
async function write(said: Partial<Head>) {
  const { reopenedAt } = said
  const empty = createLedger(database).openingOf(accountId, 'USD').Put!.Item!
  // A change of status writes it, and no posting.
  const Item: Record<string, unknown> = { ...empty, ...(reopenedAt && { reopenedAt }) }
  await database.client.send(new PutCommand({ TableName: database.ledgerTable, Item }))
  const { pk, sk } = Item
  const opening = toHead(Item)
  const next = { ...opening, tip: 'x'.repeat(43), ...said }
  await database.client.send(
    new TransactWriteCommand({ TransactItems: [headUpdate(database.ledgerTable, opening, next)] }),
  )
  const read = new GetCommand({ TableName: database.ledgerTable, Key: { pk, sk }, ConsistentRead: true })
  const written = (await database.client.send(read)).Item!
  const copy = new PutCommand({
    TableName: database.waitingTable,
    Item: written,
    ReturnConsumedCapacity: 'TOTAL',
  })
  const units = (await database.client.send(copy)).ConsumedCapacity?.CapacityUnits
  return { next, head: toHead(written), units }
}

const lots = Array.from(
  { length: 8 },
  (_, index): Lot => ({
    lot: 987_654_000n + BigInt(index),
    source: 'promotional',
    remainingMicros: 999_999_999_999n - BigInt(index),
    expiresAt: `2036-12-0${index + 1}T18:30:00.000Z`,
  }),
)
const watermarks: Record<string, Watermark> = Object.fromEntries(
  Array.from({ length: 8 }, (_, index) => [
    `hash16ofsource-${index}`,
    { last: 987_654_321n + BigInt(index), isWaiting: true },
  ]),
)
const countersOf = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `voice.call.international.${index}`,
      { period: '2026-12', quantity: 123_456_789n + BigInt(index) },
    ]),
  )
const full = {
  availableMicros: 7_999_999_999_964n,
  heldMicros: 123_456_789_012n,
  sequence: 987_654_321n,
  revision: 1_987_654_321n,
  lots,
  watermarks,
}

describe('HEAD', () => {
  it('is read as it was written', async () => {
    const { next, head } = await write({ ...full, counters: countersOf(3) })
    expect(head).toEqual(next)
  })

  it('takes one write unit with 8 lots, 8 sources and 10 tiered services of long names', async () => {
    expect((await write({ ...full, counters: countersOf(10) })).units).toBe(1)
  })

  it('takes one with a tiered service less where the account was closed once', async () => {
    const reopenedAt = '2026-12-20T18:30:00.000Z'
    const { units, head, next } = await write({ ...full, reopenedAt, counters: countersOf(9) })
    expect([units, head]).toEqual([1, next])
  })

  it('takes a second one when more services count than fit, and goes on', async () => {
    const { next, head, units } = await write({ ...full, counters: countersOf(40) })
    expect([units, head]).toEqual([2, next])
  })
})

describe('a lot in HEAD', () => {
  it('is read as it was written', () => {
    const anyLot = fc.record({
      lot: fc.bigInt({ min: 1n, max: 10n ** 12n }),
      source: fc.constantFrom(...LOT_SOURCES),
      remainingMicros: fc.bigInt({ min: 1n, max: 10n ** 30n }),
      seconds: fc.option(fc.integer({ min: 0, max: 10 ** 10 }), { nil: undefined }),
    })
    fc.assert(
      fc.property(anyLot, ({ seconds, ...lot }) => {
        const expiry = seconds === undefined ? {} : { expiresAt: new Date(seconds * 1000).toISOString() }
        expect(unpackLot(packLot({ ...lot, ...expiry }))).toEqual({ ...lot, ...expiry })
      }),
    )
  })
})
