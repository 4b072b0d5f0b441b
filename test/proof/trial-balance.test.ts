import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUp } from '../../cli/drawdown/trial-balance.ts'
import { presentTrialPage, readTrialPosition } from '../../functions/proof/present-trial-balance.ts'
import { createProving } from '../../functions/proof/prove-account.store.ts'
import { createTrialBalance } from '../../functions/proof/trial-balance.store.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { at, type Books, createBooks, UNIT } from './books.ts'

let database: TestDatabase
let books: Books

beforeAll(async () => {
  database = await startTestDatabase()
  books = createBooks(database)
})
afterAll(() => database.stop())

/** All pages as the command reads them, with the cursors between them as the API writes them. */
async function read(mostEntries: number, limit: number) {
  const trial = createTrialBalance({ ...database, mostEntries })
  const pages: ReturnType<typeof presentTrialPage>[] = []
  for (let cursor: string | undefined; ; ) {
    const page = presentTrialPage(await trial.readPage(readTrialPosition(cursor), limit))
    pages.push(page)
    cursor = page.nextCursor
    if (cursor === undefined) return { pages, ...addUp(pages) }
  }
}

describe('the trial balance', () => {
  it('sums to zero per currency, in pages of any size, with checkpoints and without', async () => {
    const accountIds = [
      await books.open({ charges: 12 }),
      await books.open({ charges: 3, currency: 'EUR' }),
      await books.open({ creditMicros: 0n }),
      await books.open({ charges: 250, creditMicros: 1000n * UNIT }),
    ]
    const wanted = {
      accountCount: 4,
      currencies: [
        {
          ...{ currency: 'EUR', sum: '0.00' },
          lines: [
            { account: 'cash:stripe', amount: '-100.00' },
            { account: 'client:available', amount: '97.00' },
            { account: 'client:held', amount: '0.00' },
            { account: 'revenue:charge', amount: '3.00' },
          ],
        },
        {
          ...{ currency: 'USD', sum: '0.00' },
          lines: [
            { account: 'cash:stripe', amount: '-1100.00' },
            { account: 'client:available', amount: '838.00' },
            { account: 'client:held', amount: '0.00' },
            { account: 'revenue:charge', amount: '262.00' },
          ],
        },
      ],
      ...{ unbalanced: [], sumsToZero: true },
    }
    expect(await read(10_000, 200)).toMatchObject(wanted)
    const inParts = await read(10, 1)
    expect(inParts).toMatchObject(wanted)
    expect(inParts.pages.length).toBeGreaterThan(4)

    const proving = createProving(database)
    const request = { now: at, actor: 'machine:test', mostEntries: 100 }
    for (const accountId of accountIds) await proving.prove({ accountId, ...request })
    await books.take(accountIds[0]!, UNIT)
    const later = await read(10, 2)
    expect(later).toMatchObject({ accountCount: 4, sumsToZero: true })
    expect(later.currencies[1]!.lines[3]).toEqual({ account: 'revenue:charge', amount: '263.00' })
  })

  it('names the account whose lines do not come to what it holds', async () => {
    const accountId = await books.open({ charges: 2 })
    const before = (await books.ledger.readHead(accountId))!
    await books.tamper(accountId, 'HEAD', { availableMicros: before.availableMicros + 1n })
    const found = await read(10_000, 200)
    expect(found).toMatchObject({
      unbalanced: [{ accountId, difference: { amount: '0.000001', currency: 'USD' } }],
      sumsToZero: false,
    })
    expect(found.currencies.map(({ sum }) => sum)).toEqual(['0.00', '0.000001'])
    await books.tamper(accountId, 'HEAD', { availableMicros: before.availableMicros })
  })

  it('refuses a cursor that is none of its own', () => {
    for (const cursor of ['x', 'e30', Buffer.from('{"accountId":"acc_12345678"}').toString('base64url')])
      expect(() => readTrialPosition(cursor)).toThrow('cursor')
  })
})
