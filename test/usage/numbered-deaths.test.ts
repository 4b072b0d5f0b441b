import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { marshall } from '@aws-sdk/util-dynamodb'
import type { DynamoDBRecord } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BusEvent, deliveredEventSchema, type PutEvents } from '../../functions/events/event.ts'
import { eventsOfLedger } from '../../functions/events/events-of-ledger.ts'
import { publishRecords } from '../../functions/events/publish-records.client.ts'
import { accountKey } from '../../functions/ledger/ledger-keys.ts'
import { createNumberJudge } from '../../functions/usage/judge-numbers.store.ts'
import { createUsageStore } from '../../functions/usage/usage.store.ts'
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

let database: TestDatabase
beforeAll(async () => {
  database = await startTestDatabase()
})
afterAll(() => database.stop())

/** A process that dies at its n-th call to the database: before the call reaches it, or after. */
function mortalMachine(dying: number, reaches: boolean) {
  let calls = 0
  const client = interposedClient(database.client, async (_, send) => {
    calls += 1
    if (calls < dying) return send()
    if (calls === dying && reaches) await send()
    throw Object.assign(new Error('the process died'), { name: 'Died' })
  })
  return machineOn({ ...database, client })
}

/** What was written for the bus to be told: the gaps of an account, as the ledger's stream carries them. */
async function gapsOf(accountId: string): Promise<BusEvent[]> {
  const { Items = [] } = await database.client.send(
    new QueryCommand({
      TableName: database.ledgerTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': accountKey(accountId), ':prefix': 'GAP#' },
    }),
  )
  const records = Items.map((item, index) => ({
    eventName: 'INSERT',
    dynamodb: { NewImage: marshall(item), SequenceNumber: String(index) },
  }))
  const told: BusEvent[] = []
  const put: PutEvents = async (events) => void told.push(...events)
  const reply = await publishRecords(records as DynamoDBRecord[], put, eventsOfLedger)
  expect(reply).toEqual({ batchItemFailures: [] })
  return told
}

describe('numbered usage under a process that dies', () => {
  it.each([true, false])('is charged once, wherever it dies (the call arrived: %s)', async (reaches) => {
    for (let dying = 1; dying <= 14; dying++) {
      const accountId = await openAccount(database, 100n * UNIT)
      // Opens a gap, fills it by what was parked, opens another, and has two sources at once.
      const others = numberedEvents(accountId, 1, 3, { source: '/switch/2' })
      const batches = [[3, 4], [1, 2], [6], [5, 7]].map((numbers, index) => [
        ...numbers.map((number) => numberedEvent(accountId, number)),
        ...others.slice(index, index + 1),
      ])
      const mortal = mortalMachine(dying, reaches)
      let isAlive = true
      for (const batch of batches) {
        const process = isAlive ? mortal : machineOn(database)
        await process.usage.deduct(accountId, batch, NOW).catch(() => {
          isAlive = false
          return machineOn(database).usage.deduct(accountId, batch, NOW)
        })
      }
      const { decided, head } = await historyOf(database, accountId)
      const numbersOf = (source: string) =>
        decided.filter(({ event }) => event.source === source).map(({ event }) => event.number)
      expect([numbersOf(SOURCE), numbersOf('/switch/2')]).toEqual([upTo(7), upTo(3)])
      expect(head.availableMicros).toBe(90n * UNIT)
      expect((await gapsOf(accountId)).map(({ detail }) => detail)).toMatchObject([
        { missingFrom: '1', missingTo: '2' },
        { missingFrom: '5', missingTo: '5' },
      ])
    }
  })

  it('is not charged by a process that remembers a HEAD of yesterday', async () => {
    const accountId = await openAccount(database, 100n * UNIT)
    const [one, other] = [machineOn(database), machineOn(database)]
    await one.usage.deduct(accountId, numberedEvents(accountId, 1, 2), NOW)
    await other.usage.deduct(accountId, numberedEvents(accountId, 3, 4), NOW)
    // Each remembers its own; both get the same batches, in turn and at once.
    for (const [from, to] of [
      [3, 6],
      [1, 8],
      [8, 9],
    ] as const)
      await Promise.all(
        [one, other].map(({ usage }) => usage.deduct(accountId, numberedEvents(accountId, from, to), NOW)),
      )
    await one.usage.deduct(accountId, numberedEvents(accountId, 12, 13), NOW)
    await other.usage.deduct(accountId, numberedEvents(accountId, 10, 11), NOW)
    await one.usage.deduct(accountId, numberedEvents(accountId, 13, 14), NOW)
    const { decided, head } = await historyOf(database, accountId)
    expect(decided.map(({ event }) => event.number)).toEqual(upTo(14))
    expect(head.availableMicros).toBe(86n * UNIT)
  })
})

describe('numbered usage that comes again', () => {
  it('a week later, with other company and in other batches, changes nothing but for what is new', async () => {
    const accountId = await openAccount(database, 100n * UNIT)
    const sources = upTo(11).map((index) => `/switch/${index}`)
    const all = (from: number, to: number) =>
      sources.flatMap((source) => numberedEvents(accountId, from, to, { source }))
    await machineOn(database).usage.deduct(accountId, all(1, 3), NOW)
    const week = '2026-11-30T12:00:00.000Z'
    const again = [...all(2, 4), numberedEvent(accountId, 1, { source: '/switch/new' })].reverse()
    const { contradictions, gaps } = await machineOn(database).usage.deduct(accountId, again, week)
    expect({ contradictions, gaps }).toEqual({ contradictions: [], gaps: [] })
    const { decided, head } = await historyOf(database, accountId)
    expect(decided).toHaveLength(11 * 4 + 1)
    expect(head.availableMicros).toBe(55n * UNIT)
  })

  it('is judged alike where more sources wait than HEAD carries', async () => {
    const accountId = await openAccount(database, 100n * UNIT)
    const { usage, ledger, numbered } = machineOn(database)
    const sources = upTo(12).map((index) => `/switch/${index}`)
    for (const source of sources)
      await usage.deduct(accountId, [numberedEvent(accountId, 2, { source })], NOW)
    const judge = createNumberJudge({ ledger, numbered, usage: createUsageStore(database) })
    const far = sources.map((source) => numberedEvent(accountId, 10_001, { source }))
    expect((await judge(far)).size).toBe(12)
    expect(await gapsOf(accountId)).toHaveLength(12)
    for (const source of sources)
      await usage.deduct(accountId, [numberedEvent(accountId, 1, { source })], NOW)
    expect((await historyOf(database, accountId)).decided).toHaveLength(24)
  })
})

describe('credit for several sources at once', () => {
  it('covers the longest run by time, none before a lower number of its own source', async () => {
    const accountId = await openAccount(database, 3n * UNIT)
    const at = (second: number) => new Date(Date.parse(NOW) + second * 1000).toISOString()
    const event = (source: string, number: number, second: number) =>
      numberedEvent(accountId, number, { source, at: at(second) })
    const events = [
      event('/b', 2, 1),
      event('/b', 1, 5),
      event('/a', 1, 2),
      event('/a', 2, 3),
      event('/a', 3, 6),
    ]
    await machineOn(database).usage.deduct(accountId, events, NOW)
    const { decided, entries } = await historyOf(database, accountId)
    expect(decided.map(({ event, verdict }) => `${event.source} ${event.number} ${verdict}`)).toEqual([
      ...['/a 1 deducted', '/a 2 deducted', '/b 1 deducted'],
      ...['/b 2 refused', '/a 3 refused'],
    ])
    expect(entries).toHaveLength(2)
  })
})

describe('a gap on the bus', () => {
  it('is told once, with what is missing, in the form that is promised', async () => {
    const accountId = await openAccount(database, 100n * UNIT)
    const { usage } = machineOn(database)
    for (const [from, to] of [
      [1, 2],
      [6, 7],
      [9, 9],
      [6, 7],
    ] as const)
      await usage.deduct(accountId, numberedEvents(accountId, from, to), NOW)
    const [told, ...others] = await gapsOf(accountId)
    expect(others).toEqual([])
    expect(told).toMatchObject({
      detailType: 'usage.parked',
      detail: { accountId, source: SOURCE, missingFrom: '3', missingTo: '5', at: NOW },
    })
    const delivered = { ...told, 'detail-type': told!.detailType, source: 'drawdown' }
    expect(deliveredEventSchema.safeParse(delivered).error).toBeUndefined()
    // What fills the first gap opens the second.
    await usage.deduct(accountId, numberedEvents(accountId, 3, 5), NOW)
    expect((await gapsOf(accountId)).map(({ detail }) => detail)).toMatchObject([
      { missingFrom: '3' },
      { missingFrom: '8', missingTo: '8' },
    ])
  })
})
