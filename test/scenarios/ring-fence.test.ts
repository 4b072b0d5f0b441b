import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

type Account = Awaited<ReturnType<TestStack['openAccount']>>
type Money = { amount: string }
type RingFence = { mode: string; ringFenced: Money; wanted: Money; upcomingCharge: { total: Money } }
type Balance = { available: Money; held: Money; ringFenced?: { amount: Money; period: string } }
type Line = { kind: string; amount: Money; held?: Money; balanceAfter: Money }

let test: TestStack
let account: Account

/** The 26th of November in Berlin. The plan is 30.00 a month, and 1.00 for each of November's days. */
beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-11-26T10:00:00.000Z' })
  await test.staff.send('PUT', '/v1/plans/line', {
    body: {
      name: 'Line',
      clientType: 'hosted',
      currency: 'USD',
      effectiveFrom: '2026-01-01T00:00:00Z',
      baseFee: '30.00',
      services: [],
    },
  })
  account = await test.openAccount({ credit: '40.00', timeZone: 'Europe/Berlin' })
})
afterAll(() => test.stop())

const of = (path: string) => `/v1/accounts/${account.accountId}${path}`
const fence = (mode: string) => account.owner.send<RingFence>('PUT', of('/ring-fence'), { body: { mode } })
const balance = () => account.owner.get<Balance>(of('/balance'))
const choosePlan = () => account.owner.send('PUT', of('/plan'), { body: { planId: 'line', services: [] } })
const charge = (amount: string, idempotencyKey: string) =>
  test.staff.send('POST', of('/charges'), {
    body: { amount, currency: 'USD', description: 'Set-up' },
    idempotencyKey,
  })

describe('a ring-fence', () => {
  it('is refused without a plan, with an unknown mode, to other clients and to members who only look', async () => {
    expect(await refusalOf(fence('whole'))).toMatchObject({
      status: 404,
      problem: { code: 'plan_not_found' },
    })
    await choosePlan()
    expect(await refusalOf(fence('half'))).toMatchObject({
      status: 400,
      problem: { code: 'request_invalid', errors: [{ field: 'mode' }] },
    })
    const other = await test.openAccount()
    const asked = other.owner.send('PUT', of('/ring-fence'), { body: { mode: 'whole' } })
    expect(await refusalOf(asked)).toMatchObject({ status: 404, problem: { code: 'account_not_found' } })
    expect(await refusalOf(other.owner.get(of('/ring-fence')))).toMatchObject({ status: 404 })
    const body = { email: 'viewer@client.example.com', role: 'viewer' }
    await account.owner.send('POST', of('/members'), { body, idempotencyKey: 'viewer' })
    const viewer = test.person(body.email)
    expect(await viewer.get(of('/ring-fence'))).toMatchObject({ mode: 'off', ringFenced: { amount: '0.00' } })
    const wished = viewer.send('PUT', of('/ring-fence'), { body: { mode: 'whole' } })
    expect(await refusalOf(wished)).toMatchObject({ status: 403, problem: { code: 'role_not_allowed' } })
    expect(await balance()).toMatchObject({ available: { amount: '40.00' }, held: { amount: '0.00' } })
  })

  it('has set aside what accrued when it is answered, and all of it when the wish is that', async () => {
    expect(await fence('accruing')).toMatchObject({
      mode: 'accruing',
      ringFenced: { amount: '26.00' },
      upcomingCharge: { total: { amount: '30.00' }, shortfall: { amount: '0.00' } },
    })
    await test.stack.clock.advanceTo(new Date('2026-11-27T10:00:00.000Z'))
    await test.stack.waitUntilIdle()
    expect(await balance()).toMatchObject({ ringFenced: { amount: { amount: '27.00' }, period: '2026-12' } })
    expect(await fence('whole')).toMatchObject({ mode: 'whole', ringFenced: { amount: '30.00' } })
    expect(await balance()).toMatchObject({
      available: { amount: '10.00' },
      held: { amount: '30.00' },
      ringFenced: { amount: { amount: '30.00' }, period: '2026-12' },
      upcomingCharge: { shortfall: { amount: '0.00' } },
    })
  })

  it('keeps it from what else is charged, and pays the plan on the first', async () => {
    expect(await refusalOf(charge('10.01', 'too-much'))).toMatchObject({
      status: 402,
      problem: { code: 'insufficient_credit', shortfall: { amount: '0.01' } },
    })
    await charge('10.00', 'all')
    await test.stack.clock.advanceTo(new Date('2026-12-01T10:00:00.000Z'))
    await test.stack.waitUntilIdle()
    const { transactions } = await account.owner.get<{ transactions: Line[] }>(of('/transactions'))
    expect(transactions[0]).toMatchObject({
      kind: 'plan',
      amount: { amount: '-30.00' },
      held: { amount: '-30.00' },
      balanceAfter: { amount: '0.00' },
    })
    expect(transactions.map(({ kind }) => kind)).not.toContain('plan_short')
    expect((await balance()).ringFenced).toBeUndefined()
  })

  it('is filled by what comes in, and given back when it is switched off', async () => {
    await test.topUp(account, '20.00', 'more')
    expect(await balance()).toMatchObject({
      available: { amount: '0.00' },
      ringFenced: { amount: { amount: '20.00' }, period: '2027-01' },
    })
    expect(await fence('off')).toMatchObject({ mode: 'off', ringFenced: { amount: '0.00' } })
    expect(await balance()).toMatchObject({ available: { amount: '20.00' }, held: { amount: '0.00' } })
  })
})
