import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../functions/accounts/account.ts'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { createUpcomingCharge } from '../../functions/plans/upcoming-charge.store.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'
import { Died, dyingClient } from './dying-client.ts'
import { december, fullPlan } from './full-plan.ts'
import { UNIT } from './plan-account.ts'

let database: TestDatabase
let full: Awaited<ReturnType<typeof fullPlan>>
beforeAll(async () => {
  database = await startTestDatabase()
  full = await fullPlan(database)
})
afterAll(() => database.stop())

const january = (day: number) => december(31 + day)
const february = (day: number) => january(31 + day)
const march = (day: number) => february(28 + day)

/** December is charged, and nothing is left. */
async function inDecember() {
  const account = await full.openFull(186)
  await full.charging.chargeDue(account.accountId, december(1))
  return account
}

const termsOf = async ({ accountId }: Account) =>
  (await full.world.subscriptions.read(accountId))!.terms.map(
    ({ fromPeriod, isEnded }) => `${fromPeriod}${isEnded ? ' ended' : ''}`,
  )

/** What a preview says would be paid by now, and what is owed once it has been looked at. */
async function foreseenAndOwed(account: Account, at: Date) {
  const upcoming = (await createUpcomingCharge(database).preview(account, at))!
  await full.charging.chargeDue(account.accountId, at)
  const short = await full.world.subscriptions.listShort(account.accountId)
  return [
    (upcoming.owedMicros + upcoming.totalMicros) / UNIT,
    short.reduce((sum, { totalMicros }) => sum + totalMicros, 0n) / UNIT,
  ]
}

describe('an account that is closed and opened again, whenever a worker looks', () => {
  it('goes on with its plan when it is open on the first, though it was found closed and is looked at after', async () => {
    const account = await inDecember()
    await full.close(account, december(9))
    await full.charging.chargeDue(account.accountId, december(10))
    await full.reopen(account, december(20))
    await full.give(account, 1000)
    expect((await createUpcomingCharge(database).preview(account, january(1)))!.totalMicros).toBe(186n * UNIT)
    expect(await full.resultsOf(account, january(1))).toEqual(['charged'])
    expect(await termsOf(account)).toEqual(['2026-12'])
  })

  it('pays nothing for a month that began while it was closed, though nobody has looked meanwhile', async () => {
    const account = await inDecember()
    await full.close(account, december(20))
    await full.reopen(account, january(5))
    await full.give(account, 1000)
    expect(await createUpcomingCharge(database).preview(account, january(6))).toMatchObject({
      ...{ period: '2027-01', owedMicros: 0n, totalMicros: 0n },
    })
    expect(await full.resultsOf(account, january(6))).toEqual(['nothing_to_pay'])
    expect(await full.resultsOf(account, february(1))).toEqual(['nothing_to_pay'])
    expect(await termsOf(account)).toEqual(['2026-12', '2027-01 ended'])
  })

  it('is closed or open on a first by the very instant', async () => {
    const [closed, open] = [await inDecember(), await inDecember()]
    await full.close(closed, january(1))
    await full.reopen(closed, january(2))
    await full.close(open, december(20))
    await full.reopen(open, january(1))
    for (const account of [closed, open]) await full.give(account, 1000)
    expect(await full.resultsOf(closed, january(2))).toEqual(['nothing_to_pay'])
    expect(await full.resultsOf(open, january(2))).toEqual(['charged'])
  })

  it('pays for a month that began while it was open, though it was closed later and over the next', async () => {
    const account = await inDecember()
    await full.close(account, january(20))
    await full.reopen(account, february(5))
    // January in full; February is not made up for.
    expect(await foreseenAndOwed(account, february(6))).toEqual([186n, 186n])
    expect(await termsOf(account)).toEqual(['2026-12', '2027-02 ended'])
  })

  it('takes what it chose anew between two closings, until it is closed over a first again', async () => {
    const account = await inDecember()
    await full.close(account, december(20))
    await full.reopen(account, january(5))
    await full.choose(account, ['number'], january(6))
    await full.close(account, february(10))
    await full.reopen(account, march(3))
    // The base fee and the numbers of February.
    expect(await foreseenAndOwed(account, march(4))).toEqual([93n, 93n])
    expect(await termsOf(account)).toEqual(['2026-12', '2027-01 ended', '2027-02', '2027-03 ended'])
  })

  it('takes the same plan anew where it chooses so before a worker has looked, once', async () => {
    const account = await inDecember()
    await full.close(account, december(20))
    await full.reopen(account, january(5))
    const all = ['number', 'trunk', 'fax']
    for (const _ of [1, 2])
      expect(await full.choose(account, all, january(6))).toMatchObject({ ok: true, fromPeriod: '2027-02' })
    expect((await full.world.subscriptions.read(account.accountId))!.revision).toBe(2n)
    await full.give(account, 1000)
    expect(await full.resultsOf(account, january(7))).toEqual(['nothing_to_pay'])
    expect(await termsOf(account)).toEqual(['2026-12', '2027-01 ended', '2027-02'])
    expect(await full.resultsOf(account, february(1))).toEqual(['charged'])
  })

  it('comes to the same whoever has looked meanwhile, and owes what the preview says', async () => {
    const days = fc.uniqueArray(fc.integer({ min: 2, max: 31 + 31 + 28 + 8 }), { minLength: 1, maxLength: 6 })
    const property = fc.asyncProperty(
      days,
      fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
      async (chosen, looks) => {
        const [looked, unseen] = [await inDecember(), await inDecember()]
        for (const [index, day] of chosen.toSorted((one, other) => one - other).entries()) {
          for (const account of [looked, unseen])
            await (index % 2 === 0 ? full.close : full.reopen)(account, december(day))
          if (looks[index]) await full.charging.chargeDue(looked.accountId, december(day + 1))
        }
        if (chosen.length % 2 === 1)
          for (const account of [looked, unseen]) await full.reopen(account, march(9))
        const [foreseen, owed] = await foreseenAndOwed(unseen, march(10))
        expect(foreseen).toBe(owed)
        await full.charging.chargeDue(looked.accountId, march(10))
        expect(await termsOf(looked)).toEqual(await termsOf(unseen))
      },
    )
    await fc.assert(property, { numRuns: 8 })
  })

  it('ends its plan once, wherever the process dies and however many are at it', async () => {
    for (const when of ['before', 'after'] as const) {
      for (let atWrite = 1; atWrite <= 2; atWrite++) {
        const account = await inDecember()
        await full.close(account, december(20))
        await full.reopen(account, january(5))
        await full.give(account, 1000)
        const client = dyingClient(database.client, { atWrite, when })
        const dying = createMonthlyCharging({ ...database, client })
        await expect(dying.chargeDue(account.accountId, january(6))).rejects.toThrow(Died)
        await Promise.all([1, 2].map(() => full.charging.chargeDue(account.accountId, january(6))))
        expect(await full.linesOf(account)).toEqual({ lines: ['plan -186'], available: 1000n })
        expect(await termsOf(account)).toEqual(['2026-12', '2027-01 ended'])
      }
    }
  })

  it('has its statuses read only where it was opened again after the month had begun', async () => {
    let reads = 0
    const client = interposedClient(database.client, async (command, send) => {
      if (
        command instanceof QueryCommand &&
        command.input.ExpressionAttributeValues?.[':prefix'] === 'STATUS#'
      )
        reads += 1
      return send()
    })
    const charging = createMonthlyCharging({ ...database, client })
    const account = await full.openFull(1000)
    await charging.chargeDue(account.accountId, january(1))
    await createUpcomingCharge({ ...database, client }).preview(account, january(2))
    expect(reads).toBe(0)
    const reopened = await inDecember()
    await full.close(reopened, december(20))
    await full.reopen(reopened, january(5))
    await charging.chargeDue(reopened.accountId, january(6))
    const readsOfJanuary = reads
    expect(readsOfJanuary).toBeGreaterThan(0)
    await charging.chargeDue(reopened.accountId, march(1))
    expect(reads).toBe(readsOfJanuary)
  })
})
