import { afterAll, beforeAll, expect, it } from 'vitest'
import { fireSchedules } from '../../cli/month/fire-schedules.ts'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

let test: TestStack
beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-11-25T09:00:00.000Z' })
})
afterAll(() => test.stop())

type Balance = { available: { amount: string }; sequence: number }
type Client = { accountId: string; owner: TestStack['staff'] }
const balanceOf = ({ accountId, owner }: Client) => owner.get<Balance>(`/v1/accounts/${accountId}/balance`)

it('opens one account for one key, and refuses the key for another request', async () => {
  const request = {
    body: {
      name: 'Twice',
      clientType: 'hosted',
      currency: 'USD',
      timeZone: 'UTC',
      ownerEmail: 'twice@client.example.com',
    },
    idempotencyKey: 'open-twice',
  }
  const [first, second] = await Promise.all([
    test.staff.send<{ accountId: string }>('POST', '/v1/accounts', request),
    test.staff.send<{ accountId: string }>('POST', '/v1/accounts', request),
  ])
  expect(second).toEqual(first)
  const other = test.staff.send('POST', '/v1/accounts', {
    ...request,
    body: { ...request.body, name: 'Other' },
  })
  expect(await refusalOf(other)).toMatchObject({ status: 409, problem: { code: 'idempotency_key_reused' } })
})

it.each([
  ['charges', { amount: '1.00', currency: 'USD', description: 'once' }, '9.00'],
  ['credits', { kind: 'goodwill', amount: '1.00', currency: 'USD', reason: 'once' }, '11.00'],
] as const)('%s: one movement for one key', async (path, body, available) => {
  const account = await test.openAccount({ credit: '10.00' })
  const send = () =>
    test.staff.send<{ sequence: number }>('POST', `/v1/accounts/${account.accountId}/${path}`, {
      body,
      idempotencyKey: 'k',
    })
  const [first, second] = await Promise.all([send(), send()])
  expect(second).toEqual(first)
  expect(await send()).toEqual(first)
  expect((await balanceOf(account)).available.amount).toBe(available)
  const other = test.staff.send('POST', `/v1/accounts/${account.accountId}/${path}`, {
    body: { ...body, amount: '2.00' },
    idempotencyKey: 'k',
  })
  expect(await refusalOf(other)).toMatchObject({ status: 409, problem: { code: 'idempotency_key_reused' } })
})

it('a usage event counts once, in one batch, in two, and under another account', async () => {
  const account = await test.openAccount({ credit: '10.00' })
  const stranger = await test.openAccount({ credit: '10.00' })
  await test.staff.send('PUT', '/v1/prices/sms', {
    body: { currency: 'USD', model: { kind: 'per_unit', unitAmount: '0.50' } },
  })
  const event = {
    specversion: '1.0',
    id: 'once',
    source: 'sent-twice',
    type: 'sms',
    subject: account.accountId,
    time: test.stack.clock.now().toISOString(),
    data: { quantity: 1 },
  }
  const send = (events: unknown[]) =>
    test.usage.send('POST', '/v1/usage', { body: events, contentType: 'application/cloudevents-batch+json' })
  await send([event, event])
  await send([event])
  await test.stack.waitUntilIdle()
  await send([{ ...event, subject: stranger.accountId }])
  await test.stack.waitUntilIdle()
  expect((await balanceOf(account)).available.amount).toBe('9.50')
  expect((await balanceOf(stranger)).available.amount).toBe('10.00')
})

it('a payment is credited once, however often and in whatever order its events come', async () => {
  await test.stack.stripe.setDelivery({ duplicate: true, shuffle: true })
  try {
    const account = await test.openAccount({ credit: '10.00' })
    expect(await balanceOf(account)).toMatchObject({ available: { amount: '10.00' }, sequence: 1 })
  } finally {
    await test.stack.stripe.setDelivery({ duplicate: false, shuffle: false })
  }
})

it('a month is charged and warned of once, however often the schedule fires', async () => {
  await test.staff.send('PUT', '/v1/plans/twice-plan', {
    body: {
      name: 'Twice plan',
      clientType: 'hosted',
      currency: 'USD',
      effectiveFrom: '2026-01-01T00:00:00Z',
      services: [{ service: 'seat', name: 'Seat', unitFee: '5.00' }],
    },
  })
  const covered = await test.openAccount({ credit: '10.00' })
  const short = await test.openAccount({ credit: '10.00' })
  const subscribe = (account: Client, quantity: number) =>
    account.owner.send('PUT', `/v1/accounts/${account.accountId}/plan`, {
      body: { planId: 'twice-plan', services: [{ service: 'seat', quantity }] },
    })
  await subscribe(covered, 1)
  await subscribe(short, 3)

  await test.stack.clock.advanceTo('2026-11-26T12:00:00.000Z')
  for (let firing = 0; firing < 3; firing++) await fireSchedules(test.stack)
  const warnings = () => test.stack.inbox.list().filter(({ subject }) => subject.includes('5.00'))
  expect(warnings().map(({ to }) => to)).toEqual([[short.ownerEmail]])

  await test.stack.clock.sleepUntil('2026-11-30T21:00:00.000Z')
  await test.stack.clock.advanceTo('2026-12-01T12:00:00.000Z')
  for (let firing = 0; firing < 3; firing++) await fireSchedules(test.stack)
  expect((await balanceOf(covered)).available.amount).toBe('5.00')
  expect((await balanceOf(short)).available.amount).toBe('10.00')

  // What was short is settled by the top-up of exactly what is missing, once.
  await test.topUp(short, '5.00', 'settle')
  for (let firing = 0; firing < 3; firing++) await fireSchedules(test.stack)
  expect((await balanceOf(short)).available.amount).toBe('0.00')
  const { transactions } = await short.owner.get<{ transactions: { kind: string }[] }>(
    `/v1/accounts/${short.accountId}/transactions`,
  )
  expect(transactions.map(({ kind }) => kind)).toEqual(['plan', 'top_up', 'plan_short', 'top_up'])
})
