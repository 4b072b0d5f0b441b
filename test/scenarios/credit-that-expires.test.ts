import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestStack, type TestStack } from '../support/stack.ts'

let test: TestStack
beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-11-20T09:00:00.000Z' })
})
afterAll(() => test.stop())

type Account = Awaited<ReturnType<TestStack['openAccount']>>
type Line = { sequence: number; kind: string; at: string; amount: { amount: string } }

const pathOf = ({ accountId }: Account) => `/v1/accounts/${accountId}`
const subjectsTo = ({ ownerEmail }: Account) =>
  test.stack.inbox
    .list()
    .filter(({ to }) => to.includes(ownerEmail))
    .map(({ subject }) => subject)
    .toReversed()
const charge = (account: Account, amount: string, idempotencyKey: string) =>
  test.staff.send<Line>('POST', `${pathOf(account)}/charges`, {
    body: { amount, currency: 'USD', description: 'Support hour' },
    idempotencyKey,
  })

/** A day begins everywhere, hour by hour. */
async function passDay(day: string) {
  const begins = Date.parse(`${day}T00:00:00Z`)
  await test.stack.clock.sleepUntil(new Date(begins - 14 * 3_600_000))
  await test.stack.clock.advanceTo(new Date(begins + 5 * 3_600_000))
}

/** The midnight that ends 31 December, and the full hour at which the calendar is looked at next. */
const ZONES = {
  'Asia/Kolkata': { midnight: '2026-12-31T18:30:00.000Z', hour: '2026-12-31T19:00' },
  'America/St_Johns': { midnight: '2027-01-01T03:30:00.000Z', hour: '2027-01-01T04:00' },
  'Pacific/Apia': { midnight: '2026-12-31T11:00:00.000Z', hour: '2026-12-31T11:00' },
}

describe('promotional credit with a last day', () => {
  const accounts = new Map<string, Account>()
  let refundedLater: Account

  beforeAll(async () => {
    for (const timeZone of Object.keys(ZONES)) {
      const account = await test.openAccount({ timeZone, credit: '10.00' })
      accounts.set(timeZone, account)
      await givePromotion(account, '30.00')
      await account.owner.send('PATCH', pathOf(account), {
        body: { lowCreditThreshold: { amount: '12.00', currency: 'USD' } },
      })
    }
    refundedLater = await test.openAccount({ timeZone: 'Asia/Kolkata' })
    await givePromotion(refundedLater, '8.00')
    await charge(refundedLater, '8.00', 'all-of-it')
    await test.stack.waitUntilIdle()
  }, 120_000)

  const givePromotion = (account: Account, amount: string) =>
    test.staff.send('POST', `${pathOf(account)}/credits`, {
      body: { kind: 'promotional', amount, currency: 'USD', reason: 'Welcome', lastDay: '2026-12-31' },
      idempotencyKey: `welcome-${account.accountId}`,
    })

  it('is told of 30, 7 and 1 days before, with what is left then, and is used first', async () => {
    await passDay('2026-12-02')
    await test.stack.clock.sleepUntil('2026-12-10T00:00:00.000Z')
    for (const account of accounts.values()) await charge(account, '4.50', `used-${account.accountId}`)
    await passDay('2026-12-25')
    await test.stack.clock.sleepUntil('2026-12-30T09:00:00.000Z')
    await test.stack.clock.advanceTo('2026-12-31T10:00:00.000Z')
    for (const account of accounts.values()) {
      expect(subjectsTo(account).filter((subject) => /expires/.test(subject))).toEqual([
        '30.00 USD of your credit expires on 2026-12-31',
        '25.50 USD of your credit expires on 2026-12-31',
        '25.50 USD of your credit expires on 2026-12-31',
      ])
      expect(await account.owner.get(`${pathOf(account)}/lots`)).toMatchObject({
        lots: [
          { source: 'promotional', remaining: { amount: '25.50' }, lastDay: '2026-12-31' },
          { source: 'top_up', remaining: { amount: '10.00' } },
        ],
      })
    }
    expect(subjectsTo(refundedLater)).toEqual([])
  }, 180_000)

  it('is gone at midnight in the account’s time zone, by a line of the statement; and low credit is told', async () => {
    await test.stack.clock.advanceTo('2027-01-01T06:00:00.000Z')
    for (const [timeZone, { midnight, hour }] of Object.entries(ZONES)) {
      const account = accounts.get(timeZone)!
      const { transactions } = await account.owner.get<{ transactions: Line[] }>(
        `${pathOf(account)}/transactions?kind=expiry`,
      )
      expect(transactions, timeZone).toMatchObject([{ kind: 'expiry', amount: { amount: '-25.50' } }])
      expect([timeZone, transactions[0]!.at.slice(0, 16)]).toEqual([timeZone, hour])
      const line = await account.owner.get(`${pathOf(account)}/transactions/${transactions[0]!.sequence}`)
      expect(line).toMatchObject({
        detail: { lots: [{ lot: '2', source: 'promotional', expiredAt: midnight }] },
        lots: [{ transaction: 2, source: 'promotional', amount: { amount: '-25.50' }, expiresAt: midnight }],
        postings: [{}, { account: 'credit:promotional', amount: { amount: '25.50' } }],
      })
      expect(await account.owner.get(`${pathOf(account)}/balance`)).toMatchObject({
        available: { amount: '10.00' },
      })
      expect(subjectsTo(account).at(-1)).toBe('Your credit is low: 10.00 USD')
    }
  }, 120_000)

  it('expires again within the hour when a refund gives it back after its day', async () => {
    const { transactions } = await test.staff.get<{ transactions: Line[] }>(
      `${pathOf(refundedLater)}/transactions?kind=charge`,
    )
    const request = {
      body: { amount: '3.00', currency: 'USD', reason: 'A bad line' },
      idempotencyKey: 'back',
    }
    const path = `${pathOf(refundedLater)}/transactions/${transactions[0]!.sequence}/refunds`
    await test.staff.send('POST', path, request)
    await test.stack.waitUntilIdle()
    const balance = () => test.staff.get(`${pathOf(refundedLater)}/balance`)
    expect(await balance()).toMatchObject({ available: { amount: '0.00' } })
    await test.stack.clock.advanceTo('2027-01-01T07:30:00.000Z')
    const all = await test.staff.get<{ transactions: Line[] }>(`${pathOf(refundedLater)}/transactions`)
    expect(all.transactions.map(({ kind }) => kind)).toEqual(['expiry', 'refund', 'charge', 'credit'])
    expect(await balance()).toMatchObject({ available: { amount: '0.00' } })
  }, 60_000)
})
