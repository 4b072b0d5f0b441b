import { type SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createAccountStore } from '../../functions/accounts/account.store.ts'
import { holdingOn, UNIT } from '../holds/holding.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { useDatabase } from '../support/request.ts'
import { type Books, createBooks } from './books.ts'

let database: TestDatabase
let books: Books
let fire: () => Promise<unknown>

beforeAll(async () => {
  database = await startTestDatabase()
  books = createBooks(database)
  useDatabase(database)
  process.env.PROOF_QUEUE_URL = 'http://127.0.0.1:9/proof'
  vi.spyOn(SQSClient.prototype, 'send').mockImplementation(async (command) => ({
    Successful: (command as SendMessageBatchCommand).input.Entries?.map(({ Id }) => ({ Id })),
  }))
  const { handler } = await import('../../functions/proof/find-changed.handler.ts')
  fire = () => handler({} as never, {} as never)
})
afterAll(() => database.stop())

describe('the nightly run', () => {
  it('ends holds that their timers left an hour ago, charged what was reported, and those that are alive stay', async () => {
    const holding = holdingOn(database)
    const hoursAgo = new Date(Date.now() - 2 * 3_600_000)
    const [sound, closed] = [await books.open(), await books.open()]
    const hold = async (accountId: string, session: string, now: Date) => {
      const account = (await createAccountStore(database).read(accountId))!
      const asked = { session, amount: '2.00', currency: 'USD' }
      const { holdId } = await holding.authorise(account, asked, session, now)
      await holding.extend(account, holdId, { reported: { amount: '0.50' } }, 'sign', now)
      return holdId
    }
    // Nothing moves on a closed account: that is no reason to leave the others, which are looked at after it.
    const stuck = await hold(closed, 'lost', hoursAgo)
    await books.tamper(closed, 'HEAD', { status: 'closed' })
    const lost = await hold(sound, 'lost', hoursAgo)
    const alive = await hold(sound, 'alive', new Date())
    await fire()
    expect(await holding.holds.read(sound, lost)).toMatchObject({
      status: 'expired',
      ended: { capturedMicros: UNIT / 2n },
    })
    expect((await holding.holds.read(sound, alive))?.status).toBe('held')
    expect((await holding.holds.read(closed, stuck))?.status).toBe('held')
  })
})
