import { marshall } from '@aws-sdk/util-dynamodb'
import type { DynamoDBRecord } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createUndoing } from '../../functions/credits/undo-entry.store.ts'
import { debit, refund, reverse } from '../../functions/ledger/decide-movement.ts'
import type { Entry } from '../../functions/ledger/entry.ts'
import { countRecords } from '../../functions/pace/count-records.client.ts'
import { createUsageCount } from '../../functions/pace/count-usage.store.ts'
import { createPaceStore } from '../../functions/pace/pace.store.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import { planAccounts, UNIT } from '../plans/plan-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let world: ReturnType<typeof planAccounts>
let pace: ReturnType<typeof createPaceStore>

beforeAll(async () => {
  database = await startTestDatabase()
  world = planAccounts(database)
  pace = createPaceStore(database)
})
afterAll(() => database.stop())

let posted = 0
type Taken = { at: string; micros: bigint; kind?: 'usage' | 'charge' | 'capture'; service?: string }

async function take({ accountId, currency }: Account, { at, micros, kind = 'usage', service }: Taken) {
  posted += 1
  const done = await world.ledger.post({
    accountId,
    key: `test:${posted}`,
    requestHash: 'h',
    at,
    decide: (head) =>
      debit(head, {
        ...{ kind, contra: 'revenue:usage', amountMicros: micros, currency },
        ...{ reason: 'r', actor: 'a', detail: { service } },
      }),
  })
  if (!done.ok) throw new Error(done.reason)
  return done.entry
}

const why = { reason: 'r', actor: 'a' }
async function giveBack({ accountId, currency }: Account, sequence: bigint, at: string, micros?: bigint) {
  posted += 1
  const done = await createUndoing(database)<{ ok: false; reason: string }>({
    ...{ accountId, sequence, key: `undo:${posted}`, requestHash: 'h', at },
    decide: (head, entry, undone) =>
      micros === undefined
        ? reverse(head, entry, why, undone)
        : refund(head, entry, { amountMicros: micros, currency }, why, undone),
  })
  if (!done.ok) throw new Error(done.reason)
}

const entriesOf = ({ accountId }: Account) =>
  world.ledger.listEntries(accountId, { limit: 1000, ascending: true })
const daysOf = async ({ accountId }: Account) => (await pace.read(accountId))?.days
const recordsOf = (entries: readonly Entry[]): DynamoDBRecord[] =>
  entries.map((entry, index) => ({
    eventName: 'INSERT',
    dynamodb: {
      SequenceNumber: String(1000 + index),
      NewImage: marshall({ pk: 'p', sk: 's', ...entry }, { removeUndefinedValues: true }) as never,
    },
  }))

describe('counting usage', () => {
  it('counts usage, sessions and rated charges by the account’s own days, and nothing else', async () => {
    const account = await world.openWithPlan(1, 100n * UNIT)
    // In Berlin it is the 26th already.
    await take(account, { at: '2026-11-25T23:30:00.000Z', micros: 5n })
    await take(account, { at: '2026-11-26T08:00:00.000Z', micros: 7n, kind: 'charge', service: 'fax' })
    await take(account, { at: '2026-11-26T09:00:00.000Z', micros: 100n, kind: 'charge' })
    await take(account, { at: '2026-11-27T09:00:00.000Z', micros: 11n, kind: 'capture' })
    await createUsageCount(database)(account.accountId, await entriesOf(account))
    expect(await daysOf(account)).toEqual({ '2026-11-26': 12n, '2026-11-27': 11n })
  })

  it('gives refunds and reversals of usage back to the day of the usage', async () => {
    const account = await world.openWithPlan(1, 100n * UNIT)
    const used = await take(account, { at: '2026-11-24T10:00:00.000Z', micros: 50n })
    const other = await take(account, { at: '2026-11-25T10:00:00.000Z', micros: 30n })
    const oneOff = await take(account, { at: '2026-11-25T10:00:00.000Z', micros: 20n, kind: 'charge' })
    await giveBack(account, used.sequence, '2026-11-26T10:00:00.000Z', 10n)
    await giveBack(account, other.sequence, '2026-11-26T10:00:00.000Z')
    await giveBack(account, oneOff.sequence, '2026-11-26T10:00:00.000Z')
    await createUsageCount(database)(account.accountId, await entriesOf(account))
    expect(await daysOf(account)).toEqual({ '2026-11-24': 40n, '2026-11-25': 0n })
  })

  it('counts each entry once, though batches come again, overlap and run at once', async () => {
    const account = await world.openWithPlan(1, 100n * UNIT)
    for (let count = 0; count < 6; count++)
      await take(account, { at: '2026-11-25T10:00:00.000Z', micros: 3n })
    const entries = await entriesOf(account)
    const count = createUsageCount(database)
    await count(account.accountId, entries.slice(0, 3))
    await Promise.all([0, 1, 2, 3].map((from) => count(account.accountId, entries.slice(from))))
    await count(account.accountId, entries.slice(0, 2))
    expect(await daysOf(account)).toEqual({ '2026-11-25': 18n })
  })

  it('counts once also where the process dies before or after its write', async () => {
    for (const when of ['before', 'after'] as const) {
      const account = await world.openWithPlan(1, 100n * UNIT)
      await take(account, { at: '2026-11-25T10:00:00.000Z', micros: 3n })
      const entries = await entriesOf(account)
      const client = dyingClient(database.client, { atWrite: 1, when })
      const dying = createUsageCount({ ...database, client })
      await expect(dying(account.accountId, entries)).rejects.toThrow(Died)
      await createUsageCount(database)(account.accountId, entries)
      expect(await daysOf(account)).toEqual({ '2026-11-25': 3n })
    }
  })

  it('writes nothing for entries that are no usage', async () => {
    const account = await world.openWithPlan(1, 100n * UNIT)
    await createUsageCount(database)(account.accountId, await entriesOf(account))
    expect(await pace.read(account.accountId)).toBeUndefined()
  })

  it('takes one write per account and batch, and has the stream go on from the first that failed', async () => {
    const accounts = await Promise.all([1, 2].map(() => world.openWithPlan(1, 100n * UNIT)))
    for (const account of accounts)
      for (let count = 0; count < 2; count++)
        await take(account, { at: '2026-11-25T10:00:00.000Z', micros: 3n })
    const [[, one, two], [, three, four]] = (await Promise.all(accounts.map(entriesOf))) as [Entry[], Entry[]]
    const records = recordsOf([one!, three!, four!, two!])
    const seen: string[] = []
    const count = createUsageCount(database)
    const failing = await countRecords(records, async (accountId, entries) => {
      seen.push(accountId)
      if (accountId === accounts[1]!.accountId) throw new Error('busy')
      await count(accountId, entries)
    })
    expect(failing).toEqual({ batchItemFailures: [{ itemIdentifier: '1001' }] })
    expect(seen).toHaveLength(2)
    expect(await countRecords(records, count)).toEqual({ batchItemFailures: [] })
    for (const account of accounts) expect(await daysOf(account)).toEqual({ '2026-11-25': 6n })
  })
})
