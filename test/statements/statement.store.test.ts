import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decideCredit } from '../../functions/credits/give-credit.ts'
import { debit } from '../../functions/ledger/decide-movement.ts'
import { createLedger, type Ledger } from '../../functions/ledger/ledger.store.ts'
import { explainEntry, explainedTransactionReply } from '../../functions/statements/present-entry.ts'
import { readStatement, type StatementFilter } from '../../functions/statements/statement.store.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

const accountId = 'acc_statement1'
const DAYS = 30
let database: TestDatabase
let ledger: Ledger

const instantOf = (day: number) => `2026-11-${String(day).padStart(2, '0')}T10:00:00.000Z`

beforeAll(async () => {
  database = await startTestDatabase()
  ledger = createLedger(database)
  await database.client.send(
    new TransactWriteCommand({ TransactItems: [ledger.openingOf(accountId, 'USD')] }),
  )
  for (let day = 1; day <= DAYS; day++) {
    const movement = {
      amountMicros: 1_000_001n,
      currency: 'USD',
      reason: `day ${day}`,
      actor: 'machine:test',
    }
    const contra = { kind: 'charge', contra: 'revenue:charge', detail: { service: String(day) } } as const
    const posted = await ledger.post({
      accountId,
      key: `charge:${day}`,
      at: instantOf(day),
      decide: (head) =>
        day % 2 === 1
          ? decideCredit(head, { ...movement, kind: 'goodwill' }, { timeZone: 'UTC', at: instantOf(day) })
          : debit(head, { ...movement, ...contra }),
    })
    expect(posted.ok).toBe(true)
  }
})
afterAll(() => database.stop())

async function readAll(filter: StatementFilter, limit: number): Promise<number[]> {
  const sequences: number[] = []
  let before: bigint | undefined
  do {
    const page = await readStatement(ledger, accountId, filter, { limit, before })
    expect(page.entries.length).toBeLessThanOrEqual(limit)
    sequences.push(...page.entries.map(({ sequence }) => Number(sequence)))
    before = page.before
  } while (before !== undefined)
  return sequences
}

const countdown = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.floor((from - to) / step) + 1 }, (_, index) => from - index * step)

describe('a statement', () => {
  it('pages through the whole history, newest first, every line once', async () => {
    for (const limit of [1, 7, 30, 200]) expect(await readAll({}, limit)).toEqual(countdown(30, 1))
  })

  it('holds the lines from an instant on and before another', async () => {
    expect(await readAll({ from: instantOf(10), to: instantOf(20) }, 4)).toEqual(countdown(19, 10))
    expect(await readAll({ to: instantOf(1) }, 4)).toEqual([])
    expect(await readAll({ from: instantOf(30) }, 4)).toEqual([30])
  })

  it('holds the lines of one kind', async () => {
    expect(await readAll({ kind: 'charge' }, 4)).toEqual(countdown(30, 2, 2))
    expect(await readAll({ kind: 'top_up' }, 4)).toEqual([])
  })

  it('explains a line with both sides, exact balances and hashes', async () => {
    const explained = explainEntry((await ledger.readEntry(accountId, 30n))!)
    expect(explainedTransactionReply.parse(explained)).toEqual(explained)
    expect(explained).toMatchObject({
      sequence: 30,
      amount: { amount: '-1.000001', currency: 'USD' },
      balanceBefore: { amount: '1.000001' },
      balanceAfter: { amount: '0.00' },
      postings: [
        { account: 'client:available', amount: { amount: '-1.000001' } },
        { account: 'revenue:charge', amount: { amount: '1.000001' } },
      ],
      detail: { service: '30' },
    })
  })
})
