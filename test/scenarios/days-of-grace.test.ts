import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

type Account = Awaited<ReturnType<TestStack['openAccount']>>
type Standing = { status: string; stopsOn?: string; stopped: { service: string; since: string }[] }

let test: TestStack
let account: Account

/** December in Berlin: base fee 1.00 a day, a seat 1.00, a line 2.00. 40.00 of credit do not pay 124.00. */
beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-11-20T12:00:00.000Z' })
  await test.staff.send('PUT', '/v1/plans/office', {
    body: {
      name: 'Office',
      clientType: 'hosted',
      currency: 'USD',
      effectiveFrom: '2026-01-01T00:00:00Z',
      baseFee: '31.00',
      services: [
        { service: 'seat', name: 'Seats', unitFee: '31.00' },
        { service: 'line', name: 'Lines', unitFee: '62.00' },
      ],
    },
  })
  account = await test.openAccount({ credit: '40.00', timeZone: 'Europe/Berlin' })
  const services = ['seat', 'line'].map((service) => ({ service, quantity: 1 }))
  await account.owner.send('PUT', path('/plan'), { body: { planId: 'office', services } })
})
afterAll(() => test.stop())

const path = (of: string, { accountId } = account) => `/v1/accounts/${accountId}${of}`
const rank = (services: unknown) =>
  account.owner.send<{ stopOrder: string[] }>('PUT', path('/plan/stop-order'), { body: { services } })
const planOf = () => account.owner.get<{ standing: Standing }>(path('/plan'))
const balanceOf = () => account.owner.get<{ available: { amount: string }; plan: Standing }>(path('/balance'))
const subjects = () =>
  test.stack.inbox
    .list()
    .filter(({ to }) => to.includes(account.ownerEmail))
    .map(({ subject }) => subject)

describe('days of grace', () => {
  it('ends with what the client ranked to stop, which is put once and refused where it does not fit', async () => {
    expect(await rank(['line', 'seat'])).toMatchObject({ stopOrder: ['line', 'seat'] })
    expect(await rank(['seat'])).toMatchObject({ stopOrder: ['seat'] })
    for (const [services, field] of [
      [['desk'], 'services.0'],
      [['seat', 'seat'], 'services.1'],
      [['base-fee'], 'services.0'],
      ['seat', 'services'],
    ] as const) {
      expect(await refusalOf(rank(services))).toMatchObject({
        status: 400,
        problem: { code: 'request_invalid', errors: [{ field }] },
      })
    }
    expect(await account.owner.get(path('/plan'))).toMatchObject({ stopOrder: ['seat'] })
  })

  it('are told with the first of the month, and shown wherever the plan is', async () => {
    await test.stack.clock.sleepUntil('2026-11-26T12:00:00.000Z')
    await test.stack.clock.sleepUntil('2026-11-30T21:00:00.000Z')
    await test.stack.clock.advanceTo('2026-12-01T12:00:00.000Z')
    const standing = {
      status: 'short',
      owedPeriods: ['2026-12'],
      owed: { amount: '124.00' },
      graceEndsAt: '2026-12-07T23:00:00.000Z',
      stopsOn: '2026-12-08',
      stopped: [],
      shortfall: { amount: '84.00' },
      topUp: { amount: '84.00' },
    }
    expect(await planOf()).toMatchObject({ standing })
    expect(await balanceOf()).toMatchObject({ plan: standing })
    expect(subjects().filter((subject) => subject.includes('could not be charged'))).toHaveLength(1)
  })

  it('come with a reminder half-way and one on the last of them, with what is missing', async () => {
    await test.stack.clock.advanceTo(new Date('2026-12-07T12:00:00.000Z'))
    const reminder = 'Services stop on 2026-12-08: top up 84.00 USD'
    expect(subjects().filter((subject) => subject === reminder)).toHaveLength(2)
    expect((await balanceOf()).plan.stopped).toEqual([])
  })

  it('end with only what has to stop stopped, and the rest paid', async () => {
    await test.stack.clock.advanceTo(new Date('2026-12-08T12:00:00.000Z'))
    // Lines are not ranked and stop first: 31 + 31 + 14 is more than 40. Then seats: 31 + 7 + 14. Then all: 7 + 7 + 14 fit.
    const { plan, available } = await balanceOf()
    expect(available.amount).toBe('12.00')
    expect(plan).toMatchObject({
      status: 'paid',
      stopped: ['line', 'seat', 'base-fee'].map((service) => ({ service, since: '2026-12-08' })),
      resumption: { amount: '96.00' },
      shortfall: { amount: '84.00' },
    })
    expect(subjects().filter((subject) => subject.startsWith('Services have stopped'))).toHaveLength(1)
  })

  it('are made good by a top-up of what is said, after which all runs again and is charged by day', async () => {
    await test.stack.clock.sleepUntil('2026-12-20T11:00:00.000Z')
    await test.stack.clock.advanceTo('2026-12-20T12:00:00.000Z')
    expect((await balanceOf()).plan).toMatchObject({
      resumption: { amount: '48.00' },
      shortfall: { amount: '36.00' },
    })
    await test.topUp(account, '36.00', 'resume')
    const { plan, available } = await balanceOf()
    expect(available.amount).toBe('0.00')
    expect(plan).toMatchObject({ status: 'paid', stopped: [], shortfall: { amount: '0.00' } })
    expect(subjects().filter((subject) => subject.startsWith('Services run again'))).toHaveLength(1)
    const { transactions } = await account.owner.get<{
      transactions: { kind: string; amount: { amount: string } }[]
    }>(path('/transactions'))
    expect(transactions.map(({ kind, amount }) => `${kind} ${amount.amount}`)).toEqual([
      'plan_resume -48.00',
      'top_up 36.00',
      'plan -28.00',
      'plan_stop 0.00',
      'plan_short 0.00',
      'top_up 40.00',
    ])
  })
})
