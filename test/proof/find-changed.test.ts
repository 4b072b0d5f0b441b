import { GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createHoldStore } from '../../functions/holds/hold.store.ts'
import type { Hold } from '../../functions/holds/hold.ts'
import { createStatusStore } from '../../functions/ledger/status.store.ts'
import { createFindChanged, type LeftHold } from '../../functions/proof/find-changed.store.ts'
import { isWholeProofDue, wholeProofDay } from '../../functions/proof/proof-document.ts'
import { createProving } from '../../functions/proof/prove-account.store.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { at, type Books, createBooks, UNIT } from './books.ts'

let database: TestDatabase
let books: Books

beforeAll(async () => {
  database = await startTestDatabase()
  books = createBooks(database)
})
afterAll(() => database.stop())

async function due(now = at): Promise<string[]> {
  const found: string[] = []
  for await (const page of createFindChanged({ ...database, pageAccounts: 2 }).list(now))
    found.push(...page.due)
  return found.sort()
}
const prove = (accountId: string, now = at) =>
  createProving(database).prove({ accountId, now, actor: 'machine:test', mostEntries: 1000 })

describe('looking for accounts to prove', () => {
  it('finds all that changed since their proof, page by page, and none twice', async () => {
    const accountIds: string[] = []
    for (let count = 0; count < 5; count += 1) accountIds.push(await books.open({ charges: 1 }))
    expect(await due()).toEqual(accountIds)
    for (const accountId of accountIds) await prove(accountId)
    expect(await due()).toEqual([])
    await books.take(accountIds[3]!, UNIT)
    expect(await due()).toEqual([accountIds[3]])
    await prove(accountIds[3]!)
    expect(await due()).toEqual([])
  })

  it('finds every account once a month, on a day of its own, or later where that was missed', async () => {
    const all = await due('2026-12-28T02:30:00.000Z')
    expect(all).toHaveLength(5)
    for (const accountId of all) await prove(accountId, '2026-12-28T02:30:00.000Z')
    expect(await due('2026-12-31T02:30:00.000Z')).toEqual([])
    const days = Array.from({ length: 2800 }, (_, index) => wholeProofDay(`acc_${index}`))
    expect([Math.min(...days), Math.max(...days), new Set(days).size]).toEqual([1, 28, 28])
    expect(isWholeProofDue('acc_1', { wholeMonth: '2026-12' }, '2026-12-31T00:00:00.000Z')).toBe(false)
  })

  it('is not kept from the others by a HEAD that cannot be read', async () => {
    const accountId = await books.open({ charges: 1 })
    const { Item } = await database.client.send(
      new GetCommand({
        TableName: database.ledgerTable,
        Key: { pk: `ACCOUNT#${accountId}`, sk: 'HEAD' },
      }),
    )
    await books.tamper(accountId, 'HEAD', { lots: 'none' })
    expect(await due('2026-12-29T02:30:00.000Z')).toEqual([accountId])
    await expect(prove(accountId)).rejects.toThrow()
    await books.tamper(accountId, 'HEAD', { lots: Item!.lots })
    expect(await prove(accountId, '2026-12-29T02:30:00.000Z')).toMatchObject({ result: 'proven' })
  })

  it('names holds that are open an hour after their expiry, and no others', async () => {
    const accountId = await books.open()
    await books.tamper(accountId, 'HEAD', { heldMicros: 1n })
    const holds = createHoldStore(database)
    const put = (holdId: string, expiresAt: string) => {
      const hold = { accountId, holdId, status: 'held', expiresAt, leaseSeconds: 60 } as Hold
      return database.client.send(new TransactWriteCommand({ TransactItems: [holds.creation(hold)] }))
    }
    await put('hold_late', '2026-12-29T01:00:00.000Z')
    await put('hold_timely', '2026-12-29T02:00:00.000Z')
    const left: LeftHold[] = []
    for await (const page of createFindChanged(database).list('2026-12-29T02:30:00.000Z'))
      left.push(...page.leftHolds)
    expect(left).toEqual([{ accountId, holdId: 'hold_late', expiresAt: '2026-12-29T01:00:00.000Z' }])
    await books.tamper(accountId, 'HEAD', { heldMicros: 0n })
    await prove(accountId, '2026-12-29T02:30:00.000Z')
  })

  it('leaves a parked account whose mismatch is known alone until something happens on it', async () => {
    const accountId = await books.open({ charges: 1 })
    await books.tamper(accountId, 'HEAD', { heldMicros: 1n })
    expect(await due('2026-12-29T02:30:00.000Z')).toEqual([accountId])
    await prove(accountId)
    expect(await due('2026-12-29T02:30:00.000Z')).toEqual([])
    const reopen = { accountId, status: 'open', at, actor: 'person:staff', reason: 'looked at' } as const
    await createStatusStore(database).change(reopen)
    expect(await due('2026-12-29T02:30:00.000Z')).toEqual([accountId])
  })
})
