import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

let test: TestStack
beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-11-10T09:00:00.000Z' })
  await test.staff.send('PUT', '/v1/prices/call', {
    body: {
      currency: 'USD',
      model: {
        kind: 'per_duration',
        per: 'minute',
        rate: '0.60',
        firstIntervalSeconds: 60,
        incrementSeconds: 6,
      },
    },
  })
})
afterAll(() => test.stop())

type Account = Awaited<ReturnType<TestStack['openAccount']>>
type Hold = {
  holdId: string
  status: string
  held: { amount: string }
  captured?: { amount: string }
  grantedSeconds: number
  isFinal: boolean
  expiresAt: string
}

let keys = 0
function post(account: Account, path: string, body?: object) {
  keys += 1
  return test.usage.send<Hold>('POST', `/v1/accounts/${account.accountId}/holds${path}`, {
    body,
    idempotencyKey: `hold-request-${keys}`,
  })
}
const readHold = (account: Account, holdId: string) =>
  account.owner.get<Hold>(`/v1/accounts/${account.accountId}/holds/${holdId}`)
const balanceOf = async (account: Account) => {
  const path = `/v1/accounts/${account.accountId}/balance`
  const { available, held } = await account.owner.get<Record<'available' | 'held', { amount: string }>>(path)
  return { available: available.amount, held: held.amount }
}
const call = (session: string, seconds: number, leaseSeconds = 60) => ({
  session,
  service: 'call',
  seconds,
  leaseSeconds,
})

describe('a live call', () => {
  it('is authorised for an interval, extended until credit ends, and charged what it used', async () => {
    const account = await test.openAccount({ credit: '1.50' })
    const begun = await post(account, '', call('call-1', 60))
    expect(begun).toMatchObject({
      status: 'held',
      grantedSeconds: 60,
      isFinal: false,
      held: { amount: '0.60' },
    })
    expect(await balanceOf(account)).toEqual({ available: '0.90', held: '0.60' })
    const path = `/${begun.holdId}`
    expect(await post(account, `${path}/extend`, { seconds: 60 })).toMatchObject({ grantedSeconds: 120 })
    const last = await post(account, `${path}/extend`, { seconds: 60, reported: { seconds: 115 } })
    expect(last).toMatchObject({ grantedSeconds: 150, isFinal: true })
    const tooMuch = await refusalOf(post(account, `${path}/capture`, { seconds: 151 }))
    expect(tooMuch).toMatchObject({
      status: 422,
      problem: { code: 'more_than_held', held: { amount: '1.50' } },
    })
    expect(await post(account, `${path}/capture`, { seconds: 133 })).toMatchObject({
      status: 'captured',
      captured: { amount: '1.38' },
    })
    expect(await balanceOf(account)).toEqual({ available: '0.12', held: '0.00' })
  })

  it('that is lost is ended by its lease, to the second, and charged what was reported', async () => {
    const account = await test.openAccount({ credit: '5.00' })
    const { holdId, expiresAt } = await post(account, '', call('call-2', 120, 60))
    const extended = await post(account, `/${holdId}/extend`, { leaseSeconds: 90, reported: { seconds: 66 } })
    expect(Date.parse(extended.expiresAt)).toBeGreaterThan(Date.parse(expiresAt))
    await test.stack.clock.advanceTo(new Date(Date.parse(extended.expiresAt) - 1000))
    expect(await readHold(account, holdId)).toMatchObject({ status: 'held' })
    await test.stack.clock.advanceTo(new Date(Date.parse(extended.expiresAt) + 1000))
    expect(await readHold(account, holdId)).toMatchObject({
      status: 'expired',
      captured: { amount: '0.66' },
    })
    expect(await balanceOf(account)).toEqual({ available: '4.34', held: '0.00' })
  })

  it('with a lease longer than a message may wait is ended by that lease too', async () => {
    const account = await test.openAccount({ credit: '5.00' })
    const { holdId, expiresAt } = await post(account, '', call('call-3', 60, 3600))
    await test.stack.clock.advanceTo(new Date(Date.parse(expiresAt) - 2000))
    expect(await readHold(account, holdId)).toMatchObject({ status: 'held' })
    await test.stack.clock.advanceTo(new Date(Date.parse(expiresAt) + 1000))
    expect(await readHold(account, holdId)).toMatchObject({ status: 'expired', captured: { amount: '0.00' } })
  })
})

describe('several sessions of one account', () => {
  it('share its credit: the sixth on credit for five is refused', async () => {
    const account = await test.openAccount({ credit: '3.00' })
    for (let count = 1; count <= 5; count++) await post(account, '', call(`shared-${count}`, 60))
    const sixth = await refusalOf(post(account, '', call('shared-6', 60)))
    expect(sixth).toMatchObject({
      status: 402,
      problem: { code: 'insufficient_credit', shortfall: { amount: '0.60', currency: 'USD' } },
    })
    const { holds } = await account.owner.get<{ holds: Hold[] }>(`/v1/accounts/${account.accountId}/holds`)
    expect(holds).toHaveLength(5)
  })
})

describe('the record of a call', () => {
  const sendRecord = async (account: Account, session: string, seconds: number) => {
    const id = `record-${session}`
    await test.usage.send('POST', '/v1/usage', {
      contentType: 'application/cloudevents+json',
      body: {
        ...{ specversion: '1.0', id, source: 'urn:switch:1', type: 'call', subject: account.accountId },
        time: new Date(test.stack.clock.now()).toISOString(),
        data: { seconds, session },
      },
    })
    await test.stack.waitUntilIdle()
    return test.usage.get<object>('/v1/usage', { source: 'urn:switch:1', id })
  }

  it('that was captured is reconciled, and not charged again', async () => {
    const account = await test.openAccount({ credit: '5.00' })
    const { holdId } = await post(account, '', call('recorded-1', 60))
    await post(account, `/${holdId}/capture`, { seconds: 60 })
    expect(await sendRecord(account, 'recorded-1', 66)).toMatchObject({
      verdict: 'reconciled',
      amount: { amount: '0.00' },
      reconciled: {
        holdId,
        captured: { amount: '0.60' },
        cost: { amount: '0.66' },
        difference: { amount: '0.06' },
      },
    })
    expect(await balanceOf(account)).toEqual({ available: '4.40', held: '0.00' })
  })

  it('that comes while it is held is what its lease charges', async () => {
    const account = await test.openAccount({ credit: '5.00' })
    const { holdId, expiresAt } = await post(account, '', call('recorded-2', 120))
    expect(await sendRecord(account, 'recorded-2', 72)).toMatchObject({
      reconciled: { holdId, status: 'held' },
    })
    expect(await refusalOf(post(account, `/${holdId}/release`))).toMatchObject({
      status: 409,
      problem: { code: 'hold_has_record' },
    })
    await test.stack.clock.advanceTo(new Date(Date.parse(expiresAt) + 1000))
    expect(await readHold(account, holdId)).toMatchObject({ status: 'expired', captured: { amount: '0.72' } })
    expect(await balanceOf(account)).toEqual({ available: '4.28', held: '0.00' })
  })
})

describe('a request that cannot be is answered clearly, and moves nothing', () => {
  it('for a session that was captured', async () => {
    const account = await test.openAccount({ credit: '5.00' })
    const { holdId } = await post(account, '', call('over-1', 120))
    const captured = await post(account, `/${holdId}/capture`, { seconds: 60 })
    expect(await post(account, `/${holdId}/capture`, { seconds: 60 })).toEqual(captured)
    const how = { code: 'hold_captured', holdId, captured: { amount: '0.60', currency: 'USD' } }
    const requests = [
      ['extend', { seconds: 60 }],
      ['extend', { reported: { seconds: 90 } }],
      ['capture', { seconds: 66 }],
      ['capture', { amount: '0.01' }],
      ['release', undefined],
    ] as const
    for (const [end, body] of requests)
      expect(await refusalOf(post(account, `/${holdId}/${end}`, body)), end).toMatchObject({
        status: 409,
        problem: { ...how, detail: expect.stringContaining('0.60 USD were charged') },
      })
    expect(await balanceOf(account)).toEqual({ available: '4.40', held: '0.00' })
  })

  it('for a session whose lease is over', async () => {
    const account = await test.openAccount({ credit: '5.00' })
    const { holdId, expiresAt } = await post(account, '', call('over-2', 120))
    await post(account, `/${holdId}/extend`, { reported: { seconds: 30 } })
    await test.stack.clock.advanceTo(new Date(Date.parse(expiresAt) + 60_000))
    for (const [end, body] of [
      ['capture', { seconds: 90 }],
      ['extend', {}],
      ['release', undefined],
    ] as const)
      expect(await refusalOf(post(account, `/${holdId}/${end}`, body)), end).toMatchObject({
        status: 409,
        problem: { code: 'hold_expired', captured: { amount: '0.60', currency: 'USD' } },
      })
    expect(await balanceOf(account)).toEqual({ available: '4.40', held: '0.00' })
  })

  it('on an account that is parked or closed', async () => {
    const account = await test.openAccount({ credit: '5.00' })
    const { holdId } = await post(account, '', call('parked-1', 60))
    const setStatus = (who: Account, status: string) =>
      test.staff.send('PUT', `/v1/accounts/${who.accountId}/status`, {
        body: { status, reason: 'Looked at' },
      })
    await setStatus(account, 'parked')
    const refusals = [
      post(account, '', call('parked-2', 60)),
      post(account, `/${holdId}/extend`, { seconds: 6 }),
    ]
    for (const refused of refusals)
      expect(await refusalOf(refused)).toMatchObject({ status: 409, problem: { code: 'account_parked' } })
    expect(await balanceOf(account)).toEqual({ available: '4.40', held: '0.60' })
    await post(account, `/${holdId}/capture`, { seconds: 60 })
    const closed = await test.openAccount()
    await setStatus(closed, 'closed')
    expect(await refusalOf(post(closed, '', call('closed-1', 60)))).toMatchObject({
      status: 409,
      problem: { code: 'account_closed' },
    })
  })
})

describe('who may what', () => {
  it('clients read their own holds and no others; machines and staff alone hold and charge', async () => {
    const [account, other] = [
      await test.openAccount({ credit: '5.00' }),
      await test.openAccount({ credit: '5.00' }),
    ]
    const { holdId } = await post(account, '', call('access-1', 60))
    const path = `/v1/accounts/${account.accountId}/holds`
    expect(await refusalOf(other.owner.get(`${path}/${holdId}`))).toMatchObject({ status: 404 })
    expect(await refusalOf(other.owner.get(path))).toMatchObject({ status: 404 })
    expect(await refusalOf(other.owner.get(`/v1/accounts/${other.accountId}/holds/${holdId}`))).toMatchObject(
      {
        problem: { code: 'hold_not_found' },
      },
    )
    const body = { seconds: 1 }
    const mine = account.owner.send('POST', `${path}/${holdId}/capture`, { body, idempotencyKey: 'mine' })
    expect(await refusalOf(mine)).toMatchObject({ status: 403 })
    expect(await readHold(account, holdId)).toMatchObject({ status: 'held' })
    expect(await post(account, `/${holdId}/release`)).toMatchObject({ status: 'released' })
  })

  it.each([
    [{ service: 'call' }, 'seconds'],
    [{ service: 'call', seconds: 60, quantity: 1 }, 'seconds'],
    [{ service: 'call', seconds: 0 }, 'seconds'],
    [{ service: 'call', seconds: 60, leaseSeconds: 4 }, 'leaseSeconds'],
    [{ service: 'call', seconds: 60, leaseSeconds: 21601 }, 'leaseSeconds'],
    [{ service: 'call', seconds: 60, atLeast: 61 }, 'atLeast'],
    [{ service: 'call', seconds: 60, session: 'x'.repeat(201) }, 'session'],
    [{ service: 'telex', seconds: 60 }, 'service'],
    [{ amount: '1.00' }, 'currency'],
    [{ amount: '1.00', currency: 'EUR' }, 'currency'],
    [{ amount: '1.00', currency: 'USD', seconds: 3 }, 'seconds'],
    [{}, 'service'],
  ])('%j is refused with the field %s, and holds nothing', async (body, field) => {
    const account = await test.openAccount({ credit: '5.00' })
    const { status, problem } = await refusalOf(post(account, '', body))
    expect([400, 422]).toContain(status)
    expect((problem.errors as { field: string }[]).map((error) => error.field)).toContain(field)
    expect(await balanceOf(account)).toEqual({ available: '5.00', held: '0.00' })
  })
})
