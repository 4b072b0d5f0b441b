import { GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { credit, debit, refund, reverse } from '../../functions/ledger/decide-movement.ts'
import type { ContraAccount, Entry } from '../../functions/ledger/entry.ts'
import { createLedger, type Ledger } from '../../functions/ledger/ledger.store.ts'
import { compareLots, drawnBy, MOST_LOTS_IN_HEAD } from '../../functions/ledger/lot.ts'
import { proveAccount } from '../../functions/ledger/prove-account.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

const at = '2026-11-23T12:00:00.000Z'
const why = { reason: 'test', actor: 'person:1' }
let database: TestDatabase
let ledger: Ledger
let accounts = 0

beforeAll(async () => {
  database = await startTestDatabase()
  ledger = createLedger(database)
})
afterAll(() => database.stop())

async function openAccount(): Promise<string> {
  accounts += 1
  const accountId = `acc_lots${String(accounts).padStart(6, '0')}`
  const TransactItems = [ledger.openingOf(accountId, 'USD')]
  await database.client.send(new TransactWriteCommand({ TransactItems }))
  return accountId
}

const movement = { ...why, currency: 'USD', detail: {} }

async function give(
  accountId: string,
  amountMicros: bigint,
  contra: ContraAccount,
  expiresAt?: string,
): Promise<Entry> {
  const raise = { ...movement, kind: 'credit' as const, amountMicros, contra, expiresAt }
  const posted = await ledger.post({ accountId, at, decide: (head) => credit(head, raise) })
  if (!posted.ok) throw new Error(posted.reason)
  return posted.entry
}

async function take(accountId: string, amountMicros: bigint, when = at) {
  const lowering = { ...movement, kind: 'charge' as const, amountMicros, contra: 'revenue:charge' as const }
  return ledger.post({ accountId, at: when, decide: (head) => debit(head, lowering) })
}

async function mustTake(accountId: string, amountMicros: bigint, when = at): Promise<Entry> {
  const posted = await take(accountId, amountMicros, when)
  if (!posted.ok) throw new Error(posted.reason)
  return posted.entry
}

async function prove(accountId: string) {
  const { head, lots } = (await ledger.readLots(accountId))!
  const entries = await ledger.listEntries(accountId, { limit: 10_000, ascending: true })
  return { head, lots, entries, faults: proveAccount(head, entries, lots) }
}

const drawn = (entry: Entry) => entry.lots.map(({ lot, changeMicros }) => [Number(lot), Number(changeMicros)])

describe('credit is used up lot by lot', () => {
  it('soonest expiry first, given before bought, then the older', async () => {
    const accountId = await openAccount()
    await give(accountId, 10n, 'cash:stripe')
    await give(accountId, 10n, 'cash:stripe')
    await give(accountId, 10n, 'credit:goodwill')
    await give(accountId, 10n, 'cash:stripe', '2026-12-31T23:00:00.000Z')
    await give(accountId, 10n, 'credit:promotional', '2026-12-31T23:00:00.000Z')
    await give(accountId, 10n, 'credit:migration', '2026-12-01T23:00:00.000Z')
    const entry = await mustTake(accountId, 55n)
    expect(drawn(entry)).toEqual([
      [6, -10],
      [5, -10],
      [4, -10],
      [3, -10],
      [1, -10],
      [2, -5],
    ])
    expect((await prove(accountId)).faults).toEqual([])
  })

  it('a refund goes back to the lots it came from, the longest usable first', async () => {
    const accountId = await openAccount()
    await give(accountId, 10n, 'credit:goodwill', '2026-12-31T23:00:00.000Z')
    await give(accountId, 10n, 'cash:stripe')
    const charged = await mustTake(accountId, 15n)
    const decide = (amountMicros: bigint) => (head: Parameters<typeof refund>[0]) =>
      refund(head, charged, { amountMicros, currency: 'USD' }, why)
    const back = await ledger.post({ accountId, at, decide: decide(7n) })
    expect(back.ok && drawn(back.entry)).toEqual([
      [2, 5],
      [1, 2],
    ])
    expect(await ledger.post({ accountId, at, decide: decide(16n) })).toEqual({
      ok: false,
      reason: 'more_than_left',
      chargedMicros: 15n,
      leftMicros: 15n,
    })
    expect((await prove(accountId)).lots).toMatchObject([
      { lot: 1n, source: 'goodwill', remainingMicros: 2n },
      { lot: 2n, source: 'top_up', remainingMicros: 10n },
    ])
  })

  it('a reversed credit is taken out of its own lot, wherever that waits', async () => {
    const accountId = await openAccount()
    const lots: Entry[] = []
    for (let count = 0; count < 30; count++) lots.push(await give(accountId, 10n, 'cash:stripe'))
    const decide = (head: Parameters<typeof reverse>[0]) => reverse(head, lots[25]!, why)
    const undone = await ledger.post({ accountId, at, decide })
    expect(undone.ok && drawn(undone.entry)).toEqual([[26, -10]])
    expect((await prove(accountId)).faults).toEqual([])
  })
})

describe('many lots', () => {
  it('wait in items of their own: HEAD stays under one kilobyte, and they are drawn in order', async () => {
    const accountId = await openAccount()
    const days = Array.from({ length: 120 }, (_, index) => (index * 37) % 120)
    for (const day of days) {
      const expiresAt = new Date(Date.parse('2027-01-01T00:00:00.000Z') + day * 86_400_000).toISOString()
      await give(accountId, 1_000_000n, 'credit:promotional', expiresAt)
    }
    const full = await prove(accountId)
    expect([full.faults, full.lots.length, full.head.lots.length]).toEqual([[], 120, MOST_LOTS_IN_HEAD])
    expect(full.lots).toEqual(full.lots.toSorted(compareLots))
    const Key = { pk: `ACCOUNT#${accountId}`, sk: 'HEAD' }
    const read = new GetCommand({ TableName: database.ledgerTable, Key, ReturnConsumedCapacity: 'TOTAL' })
    expect((await database.client.send(read)).ConsumedCapacity?.CapacityUnits).toBe(0.5)
    const entry = await mustTake(accountId, 100_500_000n)
    expect(entry.lots.map(({ expiresAt }) => expiresAt)).toEqual(
      full.lots.slice(0, 101).map(({ expiresAt }) => expiresAt),
    )
    const rest = await prove(accountId)
    expect([rest.faults, rest.lots.length]).toEqual([[], 20])
  })
})

describe('credit that expires', () => {
  const midnight = '2026-12-31T23:00:00.000Z'

  it('is gone from its instant on, by an entry of its own, before anything else is decided', async () => {
    const accountId = await openAccount()
    await give(accountId, 10n, 'credit:goodwill', midnight)
    await give(accountId, 10n, 'cash:stripe', midnight)
    await give(accountId, 10n, 'cash:stripe')
    expect((await mustTake(accountId, 1n, '2026-12-31T22:59:59.999Z')).lots[0]).toMatchObject({ lot: 1n })
    const refused = await take(accountId, 11n, midnight)
    expect(refused).toMatchObject({ ok: false, reason: 'insufficient_credit', shortfallMicros: 1n })
    const { entries, head, faults } = await prove(accountId)
    expect(entries.slice(4).map(({ kind, postings }) => [kind, postings])).toEqual([
      [
        'expiry',
        [
          { account: 'client:available', amountMicros: -19n },
          { account: 'credit:goodwill', amountMicros: 9n },
          { account: 'revenue:expired', amountMicros: 10n },
        ],
      ],
    ])
    expect(JSON.parse(entries[4]!.detail)).toEqual({
      lots: [
        { lot: '1', source: 'goodwill', amountMicros: '9', expiredAt: midnight },
        { lot: '2', source: 'top_up', amountMicros: '10', expiredAt: midnight },
      ],
    })
    expect([head.availableMicros, faults]).toEqual([10n, []])
  })
})

const stepSpec = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('give' as const),
      amount: fc.bigInt({ min: 1n, max: 9n }),
      contra: fc.constantFrom<ContraAccount>(
        'cash:stripe',
        'credit:goodwill',
        'credit:migration',
        'revenue:x',
      ),
      day: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('take' as const), amount: fc.bigInt({ min: 0n, max: 40n }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('reverse' as const), pick: fc.nat(60) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('refund' as const),
      pick: fc.nat(60),
      amount: fc.bigInt({ min: 1n, max: 20n }),
    }),
  },
)

describe('whatever moves', () => {
  it('lots sum to what is available, in front, behind and by the history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(stepSpec, { minLength: 1, maxLength: 40 }), async (steps) => {
        const accountId = await openAccount()
        const undone = new Set<bigint>()
        for (const step of steps) {
          if (step.kind === 'give') {
            const expiresAt = step.day === undefined ? undefined : `2027-01-0${step.day}T00:00:00.000Z`
            await give(accountId, step.amount, step.contra, expiresAt)
            continue
          }
          if (step.kind === 'take') {
            await take(accountId, step.amount)
            continue
          }
          const entries = await ledger.listEntries(accountId, { limit: 100, ascending: true })
          const entry = entries[step.pick % Math.max(1, entries.length)]
          if (!entry || undone.has(entry.sequence)) continue
          const posted = await ledger.post<{ ok: false; reason: string }>({
            accountId,
            at,
            decide: (head) =>
              step.kind === 'reverse'
                ? reverse(head, entry, why)
                : refund(
                    head,
                    entry,
                    { amountMicros: step.amount < -entry.amountMicros ? step.amount : 1n, currency: 'USD' },
                    why,
                  ),
          })
          if (!posted.ok) continue
          undone.add(entry.sequence)
          expect(posted.entry.lots.length).toBeGreaterThan(0)
          if (entry.amountMicros < 0n && step.kind === 'reverse')
            expect(drawnBy(entry).reduce((sum, lot) => sum + lot.changeMicros, 0n)).toBe(-entry.amountMicros)
        }
        expect((await prove(accountId)).faults).toEqual([])
      }),
      { numRuns: 15 },
    )
  })
})
