import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { debit } from '../../functions/ledger/decide-movement.ts'
import { createPlanChanging } from '../../functions/plans/change-plan.store.ts'
import { type ClosingScan, decideScanStep } from '../../functions/runs/closing-scan.ts'
import { createClosingScan } from '../../functions/runs/scan-run.store.ts'
import { Died } from '../plans/dying-client.ts'
import { planAccounts, UNIT } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { killedClient, runsMachine } from './runs-machine.ts'

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
const FIRST = '2026-11-30T23:00:00.000Z'
const LATER = '2026-12-02T00:00:00.000Z'
const clock = { now: () => new Date(LATER), isTimeLeft: () => true }

async function charged(count: number): Promise<Account[]> {
  const accounts: Account[] = []
  for (let each = 0; each < count; each++) accounts.push(await world.openWithPlan(5, 100n * UNIT))
  await machine.fire(FIRST)
  await machine.workOff(FIRST)
  return accounts
}

/** Takes for the month what was taken before, as a mistake in the code would. */
const chargeAgain = ({ accountId }: Account, key: string) =>
  world.ledger.post({
    ...{ accountId, key, requestHash: 'again', at: LATER },
    decide: (head) =>
      debit(head, {
        ...{ kind: 'plan', amountMicros: 24_500_000n, currency: 'USD', contra: 'revenue:plan' },
        ...{ reason: 'again', actor: 'machine:test', detail: {} },
      }),
  })

const document = (account: Account, sk: string) => ({
  TableName: database.documentsTable,
  Key: { pk: `ACCOUNT#${account.accountId}`, sk },
})

describe('the closing scan', () => {
  it('finds nothing where everybody was charged once, and adds up what they were charged', async () => {
    await charged(5)
    await world.open()
    await world.choose(await world.open(), 3, new Date('2026-12-10T00:00:00.000Z'))
    const scan = await machine.scan(PERIOD, LATER, 2)
    expect(scan).toMatchObject({
      status: 'done',
      accountCount: 7,
      findingCount: 0,
      counts: { charged: 5, no_plan: 2, left_out: 0 },
      amounts: { USD: { chargedMicros: 5n * 24_500_000n, shortMicros: 0n } },
    })
  })

  it('finds an account that was charged a second time, under whatever key of the month', async () => {
    const accounts = await charged(4)
    expect(await chargeAgain(accounts[2]!, `plan-again:${PERIOD}`)).toMatchObject({ ok: true })
    expect((await machine.scan(PERIOD, LATER)).findings).toEqual([
      {
        accountId: accounts[2]!.accountId,
        kind: 'charged_twice',
        detail: 'transaction 3 charged 24.50 USD for 2026-12, and its document does not know of it',
      },
    ])
  })

  it('finds nothing in what a caller has called a change of plan that cost nothing', async () => {
    const [account] = await charged(1)
    const choice = { planId: 'basic', services: [{ service: 'seat', quantity: 5n }] }
    const changed = await createPlanChanging(database).change({
      ...{ account: account!, choice, actor: 'person:test', now: new Date(LATER) },
      ...{ key: `plan-change:as-before:${PERIOD}`, requestHash: 'as before' },
    })
    expect(changed).toMatchObject({ ok: true, entry: { amountMicros: 0n } })
    expect(await machine.scan(PERIOD, LATER)).toMatchObject({ findings: [] })
  })

  it('finds an account whose due date has passed over the month', async () => {
    const skipped = await world.openWithPlan(5, 100n * UNIT)
    const due = (await world.subscriptions.readDue(skipped.accountId, 'charge'))!
    const { Update } = world.subscriptions.moveDueOn('charge', due, skipped.timeZone)
    await database.client.send(new UpdateCommand(Update!))
    await charged(3)
    expect((await machine.scan(PERIOD, LATER)).findings).toEqual([
      {
        accountId: skipped.accountId,
        kind: 'left_out',
        detail: '2026-12 has no document, and what is due is 2027-01',
      },
    ])
  })

  it('finds an account that has fallen out of what is due', async () => {
    const lost = await world.openWithPlan(5, 100n * UNIT)
    await database.client.send(new DeleteCommand(document(lost, 'DUE#charge')))
    await charged(3)
    const { findings } = await machine.scan(PERIOD, LATER)
    expect(findings).toMatchObject([{ accountId: lost.accountId, kind: 'left_out' }])
  })

  it('finds a document that says another amount than the ledger, and one that is charged and due', async () => {
    const accounts = await charged(3)
    await database.client.send(
      new UpdateCommand({
        ...document(accounts[0]!, `PERIOD#${PERIOD}`),
        UpdateExpression: 'SET totalMicros = :total',
        ExpressionAttributeValues: { ':total': 20_000_000n },
      }),
    )
    await database.client.send(
      new UpdateCommand({
        ...document(accounts[1]!, 'DUE#charge'),
        UpdateExpression: 'SET #period = :period',
        ExpressionAttributeNames: { '#period': 'period' },
        ExpressionAttributeValues: { ':period': PERIOD },
      }),
    )
    const { findings } = await machine.scan(PERIOD, LATER)
    expect(findings.toSorted((one, other) => (one.accountId < other.accountId ? -1 : 1))).toEqual([
      {
        accountId: accounts[0]!.accountId,
        kind: 'amounts_differ',
        detail: '2026-12 comes to 20.00 USD and was charged 24.50 USD',
      },
      {
        accountId: accounts[1]!.accountId,
        kind: 'still_due',
        detail: '2026-12 is charged, and what is due is 2026-12',
      },
    ])
  })

  it('goes on where it was when it is killed, and looks at no account twice', async () => {
    await charged(5)
    for (const when of ['before', 'after'] as const) {
      for (let atWrite = 1; atWrite <= 3; atWrite++) {
        await machine.scans.begin(PERIOD, await machine.scans.read(PERIOD), LATER)
        const client = killedClient(database.client, { atWrite, when })
        const killed = createClosingScan({ ...database, client, pageAccounts: 2 })
        await killed.work(PERIOD, clock).catch((error) => expect(error).toBeInstanceOf(Died))
        await createClosingScan({ ...database, pageAccounts: 2 }).work(PERIOD, clock)
        expect(await machine.scans.read(PERIOD)).toMatchObject({
          status: 'done',
          accountCount: 5,
          counts: { charged: 5 },
        })
      }
    }
  })

  it('counts each account once where two workers have it, and comes to its end once', async () => {
    await charged(6)
    await machine.scans.begin(PERIOD, undefined, LATER)
    const worker = () => createClosingScan({ ...database, pageAccounts: 1 })
    const results = await Promise.all([1, 2, 3].map(() => worker().work(PERIOD, clock)))
    expect(results.filter(({ result }) => result === 'done')).toHaveLength(1)
    expect(await machine.scans.read(PERIOD)).toMatchObject({ accountCount: 6, counts: { charged: 6 } })
    expect(await worker().work(PERIOD, clock)).toEqual({ result: 'done_before' })
  })

  it('is begun by the hourly look when the month has begun everywhere and the segments are done, and once', async () => {
    await world.openWithPlan(5, 100n * UNIT)
    const everywhere = '2026-12-01T12:00:00.000Z'
    await machine.fire(FIRST)
    await machine.fire(everywhere)
    expect(machine.waitingScans).toEqual([])
    await machine.workOff(everywhere)
    await machine.fire('2026-12-01T11:00:00.000Z')
    expect(machine.waitingScans).toEqual([])
    await machine.fire(everywhere)
    expect(machine.waitingScans).toEqual([{ period: PERIOD }])
    await createClosingScan(database).work(PERIOD, clock)
    await machine.fire('2026-12-08T12:00:00.000Z')
    expect(machine.waitingScans).toHaveLength(1)
  })
})

describe('when a run is looked over', () => {
  const everywhere = Date.parse('2026-12-01T12:00:00.000Z')
  const hoursLater = (hours: number) => new Date(everywhere + hours * 3_600_000)
  const scan = (status: ClosingScan['status'], findingCount: number, hours: number) =>
    ({ status, findingCount, updatedAt: hoursLater(hours).toISOString() }) as ClosingScan
  const step = (hours: number, found?: ClosingScan, areSegmentsDone = true) =>
    decideScanStep(PERIOD, found, areSegmentsDone, hoursLater(hours))

  it('waits for the last time zone and for the segments, but not for ever', () => {
    expect(step(-0.001)).toBe('wait')
    expect(step(0)).toBe('begin')
    expect(step(24, undefined, false)).toBe('wait')
    expect(step(24.001, undefined, false)).toBe('begin')
  })

  it('goes on with a scan that stands still', () => {
    expect(step(1, scan('running', 0, 0.9))).toBe('wait')
    expect(step(1, scan('running', 0, 0.4))).toBe('go_on')
  })

  it('begins anew each day while something is found, for two months', () => {
    expect(step(24, scan('done', 0, 0))).toBe('wait')
    expect(step(24, scan('done', 1, 1))).toBe('wait')
    expect(step(24, scan('done', 1, -0.001))).toBe('begin')
    expect(step(61 * 24, scan('done', 1, 0))).toBe('wait')
  })
})
