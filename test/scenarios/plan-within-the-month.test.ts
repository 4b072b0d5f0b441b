import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

type Account = Awaited<ReturnType<TestStack['openAccount']>>
type Money = { amount: string }
type Preview = { charged: Money; givenBack: Money; shortfall: Money; nextMonth: { total: Money } }
type Change = { planId: string | null; services: { service: string; quantity: number }[] }

let test: TestStack
let account: Account

/** The 27th of November in Berlin: 4 of 30 days are left, this one included. A seat is 1.00 a day. */
beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-11-26T23:30:00.000Z' })
  await test.staff.send('PUT', '/v1/plans/seats', {
    body: {
      name: 'Seats',
      clientType: 'hosted',
      currency: 'USD',
      effectiveFrom: '2026-01-01T00:00:00Z',
      services: [{ service: 'seat', name: 'Seat', unitFee: '30.00' }],
    },
  })
  account = await test.openAccount({ credit: '100.00', timeZone: 'Europe/Berlin' })
})
afterAll(() => test.stop())

const seats = (quantity: number): Change => ({
  planId: 'seats',
  services: [{ service: 'seat', quantity }],
})
const path = (kind = '', { accountId } = account) => `/v1/accounts/${accountId}/plan-changes${kind}`
const preview = (body: Change) => account.owner.send<Preview>('POST', path('/preview'), { body })
const change = (body: Change, idempotencyKey: string) =>
  account.owner.send<{ sequence: number; amount: Money }>('POST', path(), { body, idempotencyKey })
const available = async () =>
  (await account.owner.get<{ available: Money }>(`/v1/accounts/${account.accountId}/balance`)).available
    .amount

describe('a change of plan within the month', () => {
  it('costs exactly what its preview says, once per key, and by itself settles nothing else', async () => {
    expect(await preview(seats(2))).toMatchObject({
      charged: { amount: '8.00' },
      givenBack: { amount: '0.00' },
      nextMonth: { period: '2026-12', total: { amount: '60.00' } },
    })
    expect(await available()).toBe('100.00')
    const first = await change(seats(2), 'two')
    expect(first).toMatchObject({ kind: 'plan_change', amount: { amount: '-8.00' } })
    expect(await change(seats(2), 'two')).toEqual(first)
    expect(await available()).toBe('92.00')
    expect(await refusalOf(change(seats(3), 'two'))).toMatchObject({
      status: 409,
      problem: { code: 'idempotency_key_reused' },
    })
  })

  it('gives back what is removed, from the next day on', async () => {
    await test.stack.clock.advanceTo(new Date('2026-11-28T12:00:00.000Z'))
    expect(await preview(seats(1))).toMatchObject({ givenBack: { amount: '2.00' } })
    expect(await change(seats(1), 'one')).toMatchObject({
      kind: 'plan_credit',
      amount: { amount: '2.00' },
      detail: { changedOn: '2026-11-28', total: '6.00', totalBefore: '8.00' },
    })
    expect(await available()).toBe('94.00')
  })

  it('is charged as a whole month by the new quantities on the first', async () => {
    await test.stack.clock.advanceTo(new Date('2026-12-01T12:00:00.000Z'))
    expect(await available()).toBe('64.00')
  })

  it('says what is missing, and is refused without it', async () => {
    expect(await preview(seats(4))).toMatchObject({
      charged: { amount: '90.00' },
      shortfall: { amount: '26.00' },
    })
    expect(await refusalOf(change(seats(4), 'four'))).toMatchObject({
      status: 402,
      problem: { code: 'insufficient_credit' },
    })
    expect(await available()).toBe('64.00')
  })

  it.each<[string, unknown, string]>([
    ['an unknown plan', { planId: 'nothing', services: [] }, 'planId'],
    [
      'an unknown service',
      { planId: 'seats', services: [{ service: 'desk', quantity: 1 }] },
      'services.0.service',
    ],
    [
      'half a seat',
      { planId: 'seats', services: [{ service: 'seat', quantity: 0.5 }] },
      'services.0.quantity',
    ],
    [
      'less than none',
      { planId: 'seats', services: [{ service: 'seat', quantity: -1 }] },
      'services.0.quantity',
    ],
    ['services without a plan', { planId: null, services: [{ service: 'seat', quantity: 1 }] }, 'services'],
    ['no services', { planId: 'seats' }, 'services'],
  ])('refuses %s, naming the field', async (_what, body, field) => {
    for (const kind of ['', '/preview']) {
      const request = account.owner.send('POST', path(kind), {
        body,
        ...(kind === '' && { idempotencyKey: 'bad' }),
      })
      expect(await refusalOf(request)).toMatchObject({
        status: 400,
        problem: { code: 'request_invalid', errors: [{ field }] },
      })
    }
    expect(await available()).toBe('64.00')
  })

  it('is not there for another client', async () => {
    const other = await test.openAccount()
    for (const kind of ['', '/preview']) {
      const request = other.owner.send('POST', path(kind), { body: seats(9), idempotencyKey: 'other' })
      expect(await refusalOf(request)).toMatchObject({ status: 404, problem: { code: 'account_not_found' } })
    }
  })
})
