import { PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createStatusStore } from '../../functions/ledger/status.store.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { Died } from '../plans/dying-client.ts'
import { planAccounts, UNIT } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { runsMachine } from './runs-machine.ts'

const PERIOD = '2026-12'
/** December begins in Berlin. */
const FIRST = '2026-11-30T23:00:00.000Z'
const NEXT_HOUR = '2026-12-01T00:00:00.000Z'
const HOUR_AFTER = '2026-12-01T01:00:00.000Z'
const SEATS = 5
const CHARGE_MICROS = 24_500_000n
const ACCOUNTS = 6
/** The others have not got enough, and can be closed. */
const ABLE_TO_PAY = 4

/** What happens just before a worker writes, or to the worker itself. */
const happening = fc.record({
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constant('nothing' as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        'dies before',
        'dies after',
        'is parked',
        'is closed',
        'chooses',
        'is charged',
      ),
    },
    { weight: 1, arbitrary: fc.constant('new price' as const) },
  ),
  whom: fc.nat({ max: ACCOUNTS - 1 }),
})
type Happening = typeof happening extends fc.Arbitrary<infer Value> ? Value : never

/** Which of the messages is delivered, over and over in any order, and to which two workers at once. */
const deliveries = fc.array(fc.tuple(fc.nat({ max: 7 }), fc.nat({ max: 7 })), { maxLength: 8 })

async function withDatabase(run: (database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await startTestDatabase()
  try {
    await run(database)
  } finally {
    await database.stop()
  }
}

function disorderOf(database: TestDatabase, script: readonly Happening[]) {
  const world = planAccounts(database)
  const statuses = createStatusStore(database)
  const accounts: Account[] = []
  const left = [...script]
  const prices = [6n, 7n, 8n]

  async function open() {
    for (let each = 0; each < ACCOUNTS; each++)
      accounts.push(await world.openWithPlan(SEATS, each < ABLE_TO_PAY ? 100n * UNIT : 0n))
  }

  const setStatus = ({ accountId }: Account, status: 'open' | 'parked' | 'closed') =>
    statuses.change({ accountId, status, at: FIRST, actor: 'person:test', reason: 'test' })

  async function happen({ what, whom }: Happening): Promise<unknown> {
    const account = accounts[whom]!
    if (what === 'is parked') return setStatus(account, 'parked')
    if (what === 'is closed') return setStatus(account, 'closed')
    if (what === 'chooses') return world.choose(account, whom + 1, new Date(FIRST))
    if (what === 'is charged')
      return createMonthlyCharging(database).chargeDue(account.accountId, new Date(FIRST))
    // In force at the first instant, but not known when the run was opened.
    if (what === 'new price')
      return world.setBasicPlan((prices.pop() ?? 6n) * UNIT, '2026-11-30T12:00:00.000Z')
    return undefined
  }

  /** The client of a worker to which all this happens, a thing at each of its writes. */
  function client() {
    let isDead = false
    return interposedClient(database.client, async (command, send) => {
      if (isDead) throw new Died()
      const isWrite = command instanceof TransactWriteCommand || command instanceof PutCommand
      const next = isWrite ? left.shift() : undefined
      if (!next) return send()
      if (next.what === 'dies before') isDead = true
      else await happen(next)
      if (isDead) throw new Died()
      const reply = await send()
      if (next.what === 'dies after') isDead = true
      if (isDead) throw new Died()
      return reply
    })
  }

  return { world, accounts, open, setStatus, client }
}

it('charges everybody once, whatever happens between its writes, and its closing scan is clean', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 40 }), deliveries, (script, delivered) =>
      withDatabase(async (database) => {
        const disorder = disorderOf(database, script)
        const { world, accounts } = disorder
        const machine = runsMachine(database)
        await disorder.open()
        await machine.fire(FIRST, database.client, 2)
        const places = machine.waiting.splice(0)
        for (const pair of delivered) {
          const worked = await Promise.allSettled(
            pair.map((which) => {
              const { work } = machine.workerAt(FIRST, { client: disorder.client(), perCheckpoint: 2 })
              return work(places[which % places.length]!)
            }),
          )
          for (const each of worked) if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(Died)
        }
        // What nobody has finished comes again, and what was left is charged alone.
        await machine.fire(NEXT_HOUR)
        await machine.workOff(NEXT_HOUR)
        await machine.chargeAlone(NEXT_HOUR)
        expect(await machine.scan(PERIOD, NEXT_HOUR)).toMatchObject({ findings: [], accountCount: ACCOUNTS })
        const progress = await machine.progress(PERIOD, NEXT_HOUR)
        expect(progress).toMatchObject({ segments: { open: 0 }, doneCount: progress.accountCount })

        for (const account of accounts) {
          const { head } = await world.statement(account)
          if (head.status === 'parked') await disorder.setStatus(account, 'open')
        }
        await machine.fire(HOUR_AFTER)
        await machine.workOff(HOUR_AFTER)
        await machine.chargeAlone(HOUR_AFTER)
        expect(await machine.scan(PERIOD, HOUR_AFTER)).toMatchObject({ findings: [], counts: { parked: 0 } })
        for (const [index, account] of accounts.entries()) {
          const { head, planLines, faults } = await world.statement(account)
          expect(faults).toEqual([])
          expect(planLines.length).toBeLessThanOrEqual(1)
          if (head.status === 'closed') continue
          const [kind, amountMicros] = index < ABLE_TO_PAY ? ['plan', -CHARGE_MICROS] : ['plan_short', 0n]
          expect(planLines).toMatchObject([{ kind, amountMicros }])
        }
      }),
    ),
    { numRuns: 15 },
  )
}, 120_000)
