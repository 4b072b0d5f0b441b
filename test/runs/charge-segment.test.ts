import { GetCommand, PutCommand, type UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { interposedClient } from '../ledger/interposed-client.ts'
import { Died } from '../plans/dying-client.ts'
import { planAccounts, UNIT } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { killedClient, runsMachine, setStatus } from './runs-machine.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>
let machine: ReturnType<typeof runsMachine>

beforeEach(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
  machine = runsMachine(database)
})
afterEach(() => database.stop())

const PERIOD = '2026-12'
/** December begins in Berlin. */
const FIRST = '2026-11-30T23:00:00.000Z'
const NEXT_HOUR = '2026-12-01T00:00:00.000Z'
/** The index hands out so many accounts at once: several segments, also of few accounts. */
const PAGE = 3

/** Accounts that can pay, and each fourth that cannot. */
async function openAccounts(count: number) {
  const accounts = []
  for (let each = 0; each < count; each++)
    accounts.push(await world.openWithPlan(5, each % 4 === 3 ? 1n * UNIT : 100n * UNIT))
  return accounts
}

/** Every account has one line for December, and the scan agrees. */
async function expectEachOnce(accounts: Awaited<ReturnType<typeof openAccounts>>) {
  for (const account of accounts) {
    const { planLines, faults } = await world.statement(account)
    expect(faults).toEqual([])
    expect(planLines).toHaveLength(1)
  }
  const { findings, counts } = await machine.scan(PERIOD, NEXT_HOUR)
  expect(findings).toEqual([])
  expect(counts.charged + counts.short).toBe(accounts.length)
}

describe('a run', () => {
  it('charges everybody who is due, counts them, and has them due no more', async () => {
    const accounts = await openAccounts(12)
    const later = await world.openWithPlan(5, 100n * UNIT, { timeZone: 'America/New_York' })
    const free = await world.openWithPlan(0, 0n)
    await machine.fire(FIRST)
    await machine.workOff(FIRST)
    expect(await machine.progress(PERIOD, NEXT_HOUR)).toMatchObject({
      accountCount: 13,
      doneCount: 13,
      counts: { charged: 9, short: 3, nothing_to_pay: 1, parked: 0, closed: 0, not_due: 0, failed: 0 },
      amounts: { USD: { chargedMicros: 9n * 24_500_000n, shortMicros: 3n * 24_500_000n } },
      segments: { open: 0 },
    })
    const segments = await machine.segmentsOf(PERIOD)
    await machine.fire(NEXT_HOUR)
    expect(await machine.segmentsOf(PERIOD)).toEqual(segments)
    expect(machine.waiting).toEqual([])
    expect((await world.statement(later)).planLines).toEqual([])
    expect((await world.statement(free)).planLines).toEqual([])
    const inNewYork = '2026-12-01T05:00:00.000Z'
    await machine.fire(inNewYork)
    await machine.workOff(inNewYork)
    expect(await machine.progress(PERIOD, inNewYork)).toMatchObject({
      accountCount: 14,
      counts: { charged: 10, short: 3 },
    })
    await expectEachOnce([...accounts, later].filter(({ accountId }) => accountId !== free.accountId))
  })

  it('comes to the same counts, whichever write of a worker the process dies before or after', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let atWrite = 1; atWrite <= 11; atWrite++) {
        await database.stop()
        database = await startTestDatabase()
        world = planAccounts(database)
        machine = runsMachine(database)
        const accounts = await openAccounts(4)
        await machine.fire(FIRST)
        const client = killedClient(database.client, { atWrite, when })
        const { work } = machine.workerAt(FIRST, { client, perCheckpoint: 2 })
        for (const place of machine.waiting)
          await work(place).catch((error) => expect(error).toBeInstanceOf(Died))
        // The queue delivers again what was not done.
        await machine.workOff(FIRST, 2)
        expect(await machine.progress(PERIOD, FIRST)).toMatchObject({
          doneCount: 4,
          counts: { charged: 3, short: 1, failed: 0 },
          amounts: { USD: { chargedMicros: 3n * 24_500_000n, shortMicros: 24_500_000n } },
          segments: { open: 0 },
        })
        await expectEachOnce(accounts)
      }
    }
  }, 120_000)

  it('has one of two workers on a segment go on, and counts each account once', async () => {
    const accounts = await openAccounts(12)
    await machine.fire(FIRST)
    const places = machine.waiting.splice(0)
    const results = await Promise.all(
      places.flatMap((place) => {
        const workers = [1, 2, 3].map(() => machine.workerAt(FIRST, { perCheckpoint: 2 }))
        return workers.map(({ work }) => work(place))
      }),
    )
    expect(results).toContain('done')
    await Promise.all(places.map((place) => machine.workerAt(FIRST).work(place)))
    expect(await machine.progress(PERIOD, FIRST)).toMatchObject({
      doneCount: 12,
      counts: { charged: 9, short: 3, failed: 0 },
      amounts: { USD: { chargedMicros: 9n * 24_500_000n, shortMicros: 3n * 24_500_000n } },
    })
    await expectEachOnce(accounts)
  })

  it('gives way to a worker that wrote first, and writes nothing on what that one has come to', async () => {
    await openAccounts(4)
    await machine.fire(FIRST)
    const place = machine.waiting[0]!
    let isOvertaken = false
    const client = interposedClient(database.client, async (command, send) => {
      const isCheckpoint =
        command instanceof PutCommand && String(command.input.Item?.sk).startsWith('SEGMENT#')
      if (isCheckpoint && !isOvertaken) {
        isOvertaken = true
        expect(await machine.workerAt(FIRST).work(place)).toBe('done')
      }
      return send()
    })
    const before = machine.workerAt(FIRST, { client })
    expect(await before.work(place)).toBe('given_way')
    const segment = (await machine.segments.read(place))!
    expect(segment).toMatchObject({ status: 'done', cursor: segment.accountCount })
  })

  it('does nothing for a message that comes once more, a week late or out of order', async () => {
    const accounts = await openAccounts(8)
    await machine.fire(FIRST, database.client, 1)
    const places = [...machine.waiting].reverse()
    for (const place of places) await machine.workerAt(NEXT_HOUR).work(place)
    const before = await machine.segmentsOf(PERIOD)
    for (const place of places)
      expect(await machine.workerAt('2026-12-08T00:00:00.000Z').work(place)).toBe('done')
    expect(await machine.segmentsOf(PERIOD)).toEqual(before)
    await expectEachOnce(accounts)
  })

  it('stops when its time is over, and another goes on where it was', async () => {
    const accounts = await openAccounts(9)
    await machine.fire(FIRST)
    let unfinished = 0
    for (let place = machine.waiting.shift(); place; place = machine.waiting.shift()) {
      let checks = 0
      const result = await machine.workerAt(FIRST, { perCheckpoint: 1 }).work(place, () => checks++ < 1)
      if (result === 'unfinished') machine.waiting.push(place)
      unfinished += result === 'unfinished' ? 1 : 0
    }
    expect(unfinished).toBe(9)
    expect(await machine.progress(PERIOD, FIRST)).toMatchObject({ doneCount: 9, segments: { open: 0 } })
    await expectEachOnce(accounts)
  })

  it('charges everybody else when one account fails, tries that one alone, and names it', async () => {
    const accounts = await openAccounts(6)
    const broken = accounts[2]!
    const Key = { pk: `ACCOUNT#${broken.accountId}`, sk: 'HEAD' }
    const { Item } = await database.client.send(new GetCommand({ TableName: database.ledgerTable, Key }))
    await database.client.send(
      new PutCommand({ TableName: database.ledgerTable, Item: { ...Key, ...{ lots: 'none' } } }),
    )
    await machine.fire(FIRST)
    await machine.workOff(FIRST)
    const progress = await machine.progress(PERIOD, FIRST)
    expect(progress).toMatchObject({ doneCount: 6, counts: { charged: 4, short: 1, failed: 1 } })
    expect(progress.failed).toEqual([{ accountId: broken.accountId, reason: expect.stringMatching(/./) }])
    const { findings } = await machine.scan(PERIOD, NEXT_HOUR)
    expect(findings).toEqual([
      {
        accountId: broken.accountId,
        kind: 'left_out',
        detail: '2026-12 has no document, and what is due is 2026-12',
      },
    ])
    await database.client.send(new PutCommand({ TableName: database.ledgerTable, Item }))
    const segments = await machine.segmentsOf(PERIOD)
    await machine.fire(NEXT_HOUR)
    expect(machine.alone).toEqual([broken.accountId])
    expect(await machine.segmentsOf(PERIOD)).toEqual(segments)
    await machine.chargeAlone(NEXT_HOUR)
    await expectEachOnce(accounts)
  })

  it('counts a failure that went by as what it became when it was tried alone', async () => {
    const accounts = await openAccounts(4)
    const wanted = `ACCOUNT#${accounts[0]!.accountId}`
    let failures = 0
    const client = interposedClient(database.client, async (command, send) => {
      const { input } = command as UpdateCommand
      const isItsHead = command instanceof GetCommand && input.Key?.pk === wanted && input.Key?.sk === 'HEAD'
      if (isItsHead && failures++ === 0) throw new Error('the database was away')
      return send()
    })
    await machine.fire(FIRST)
    for (const place of machine.waiting.splice(0)) await machine.workerAt(FIRST, { client }).work(place)
    expect(await machine.progress(PERIOD, FIRST)).toMatchObject({
      doneCount: 4,
      counts: { charged: 3, short: 1, failed: 0 },
      failed: [],
    })
    await expectEachOnce(accounts)
  })

  it('leaves who is not due by its own clock to the next hour', async () => {
    const accounts = await openAccounts(2)
    await machine.fire(FIRST)
    const behind = new Date(Date.parse(FIRST) - 1).toISOString()
    for (const place of machine.waiting.splice(0)) await machine.workerAt(behind).work(place)
    expect(await machine.progress(PERIOD, FIRST)).toMatchObject({ counts: { failed: 2, not_due: 0 } })
    await machine.fire(NEXT_HOUR)
    expect(machine.alone.toSorted()).toEqual(accounts.map(({ accountId }) => accountId).toSorted())
    await machine.chargeAlone(NEXT_HOUR)
    await expectEachOnce(accounts)
  })

  it('leaves a parked account due and a closed one alone, and the scan knows why', async () => {
    const accounts = await openAccounts(6)
    await machine.fire(FIRST)
    await setStatus(database, accounts[0]!.accountId, 'parked')
    await setStatus(database, accounts[1]!.accountId, 'closed')
    await machine.workOff(FIRST)
    expect(await machine.progress(PERIOD, FIRST)).toMatchObject({
      counts: { charged: 3, short: 1, parked: 1, closed: 1 },
      parked: [accounts[0]!.accountId],
    })
    const scan = await machine.scan(PERIOD, NEXT_HOUR)
    expect(scan).toMatchObject({ findings: [], counts: { charged: 3, short: 1, parked: 1, closed: 1 } })
    await machine.fire(NEXT_HOUR)
    expect(machine.alone).toEqual([accounts[0]!.accountId])
    expect(machine.waiting).toEqual([])
    await setStatus(database, accounts[0]!.accountId, 'open')
    await machine.chargeAlone(NEXT_HOUR)
    expect(await machine.scan(PERIOD, NEXT_HOUR)).toMatchObject({ findings: [], counts: { charged: 4 } })
  })

  it('charges by the price of the first instant, when new prices begin while it is under way', async () => {
    const accounts = await openAccounts(6)
    await machine.fire(FIRST, database.client, 1)
    const [first, ...others] = machine.waiting.splice(0)
    await machine.workerAt(FIRST).work(first!)
    await world.setBasicPlan(9_900_000n, '2026-11-30T23:30:00.000Z')
    for (const place of others) await machine.workerAt('2026-11-30T23:45:00.000Z').work(place)
    const totals = await Promise.all(
      accounts.map(
        async ({ accountId }) => (await world.subscriptions.readPeriod(accountId, PERIOD))!.totalMicros,
      ),
    )
    expect(new Set(totals)).toEqual(new Set([24_500_000n]))
    await expectEachOnce(accounts)
  })

  it('catches up several months at once, each of them with its document and in its amount', async () => {
    await openAccounts(3)
    const february = '2027-02-03T00:00:00.000Z'
    await machine.fire(february)
    expect(await machine.segmentsOf('2027-01')).toEqual([])
    await machine.workOff(february)
    expect(await machine.progress(PERIOD, february)).toMatchObject({ counts: { charged: 3 } })
    for (const period of [PERIOD, '2027-01', '2027-02'])
      expect(await machine.scan(period, february)).toMatchObject({ findings: [], counts: { charged: 3 } })
    await machine.fire(february)
    expect(machine.waiting).toEqual([])
  })

  it('goes on beside the run of the next month, when it is not done by then', async () => {
    const accounts = await openAccounts(4)
    await machine.fire(FIRST, database.client, 1)
    const [first, ...others] = machine.waiting.splice(0)
    await machine.workerAt(FIRST).work(first!)
    const january = '2026-12-31T23:00:00.000Z'
    await machine.fire(january)
    expect(await machine.progress('2027-01', january)).toMatchObject({ accountCount: 1 })
    // What the first run still has is sent once more, and charges both months.
    expect(machine.waiting).toEqual(expect.arrayContaining(others))
    await machine.workOff(january)
    for (const period of [PERIOD, '2027-01']) {
      const { findings, counts } = await machine.scan(period, january)
      expect(findings).toEqual([])
      // Who was short for all of December has nothing running in January.
      expect(counts.charged + counts.short + counts.nothing_to_pay).toBe(accounts.length)
    }
  })
})

describe('fanning out', () => {
  it('makes no second segment of accounts that an open one has, however often and at once it is fired', async () => {
    const accounts = await openAccounts(20)
    await machine.fire(FIRST, database.client, PAGE)
    const first = await machine.segmentsOf(PERIOD)
    for (let count = 0; count < 3; count++) await machine.fire(FIRST, database.client, PAGE)
    expect(await machine.segmentsOf(PERIOD)).toEqual(first)
    await machine.workOff(FIRST)
    await expectEachOnce(accounts)
  })

  it('puts each account into one segment when two look at once', async () => {
    const accounts = await openAccounts(20)
    const fired = await Promise.allSettled([1, 2, 3].map(() => machine.fire(FIRST, database.client, PAGE)))
    expect(fired.map(({ status }) => status)).toContain('fulfilled')
    await machine.fire(FIRST, database.client, PAGE)
    const segments = await machine.segmentsOf(PERIOD)
    const lists = await Promise.all(segments.map((segment) => machine.segments.readAccounts(segment)))
    expect(lists.flat().toSorted()).toEqual(accounts.map(({ accountId }) => accountId).toSorted())
    await machine.workOff(FIRST)
    await expectEachOnce(accounts)
  })

  it('is made good by the next firing, whichever write it dies before or after', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let atWrite = 1; atWrite <= 4; atWrite++) {
        await database.stop()
        database = await startTestDatabase()
        world = planAccounts(database)
        machine = runsMachine(database)
        const accounts = await openAccounts(5)
        const client = killedClient(database.client, { atWrite, when })
        await machine.fire(FIRST, client, 2).catch((error) => expect(error).toBeInstanceOf(AggregateError))
        // Not even the messages of what was written came through.
        machine.waiting.length = 0
        await machine.fire(NEXT_HOUR, database.client, 2)
        await machine.workOff(NEXT_HOUR)
        expect(await machine.progress(PERIOD, NEXT_HOUR)).toMatchObject({ accountCount: 5, doneCount: 5 })
        await expectEachOnce(accounts)
      }
    }
  }, 60_000)

  it('opens no run in an hour with nothing due', async () => {
    await openAccounts(1)
    await machine.fire('2026-11-30T22:00:00.000Z')
    expect(await machine.segmentsOf(PERIOD)).toEqual([])
    expect(machine.waiting).toEqual([])
  })
})
