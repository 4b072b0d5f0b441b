import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

type Account = Awaited<ReturnType<TestStack['openAccount']>>
let test: TestStack
let mine: Account
let theirs: Account
let keys = 0

beforeAll(async () => {
  test = await startTestStack()
  mine = await test.openAccount({ credit: '20.00' })
  theirs = await test.openAccount()
  await test.staff.send('PUT', '/v1/prices/sms', {
    body: {
      currency: 'USD',
      effectiveFrom: '2020-01-01T00:00:00Z',
      model: { kind: 'per_unit', unitAmount: '0.01' },
    },
  })
})
afterAll(() => test.stop())

const nextKey = () => {
  keys += 1
  return `key-${keys}`
}
const stateOf = (account: Account) =>
  test.staff.get<{ available: { amount: string }; sequence: number }>(
    `/v1/accounts/${account.accountId}/balance`,
  )

const event = (more: Record<string, unknown> = {}) => ({
  specversion: '1.0',
  id: nextKey(),
  source: 'bad-input',
  type: 'sms',
  subject: mine.accountId,
  time: test.stack.clock.now().toISOString(),
  data: { quantity: 1 },
  ...more,
})
const sendUsage = (text: string, kind = 'application/cloudevents+json') =>
  test.usage.send<{
    accepted: number
    rejected: number
    events: { verdict: string; errors?: { field: string }[] }[]
  }>('POST', '/v1/usage', { text, contentType: kind })

describe('an amount that is none is a 400 that names it, and nothing is written', () => {
  const amounts = ['-1', 'NaN', '1e400', '1.1234567', '', '0x10', ' 1', '1,00']
  const texts = [
    ...amounts.map((amount) => JSON.stringify(amount)),
    '9007199254740993',
    '1e400',
    '-5',
    'null',
    '{}',
    '[]',
  ]
  it.each(texts)('%s', async (text) => {
    const before = await stateOf(mine)
    const posts: [string, string][] = [
      ['charges', `{"amount":${text},"currency":"USD","description":"x"}`],
      ['top-ups', `{"amount":${text},"currency":"USD"}`],
      ['credits', `{"kind":"goodwill","amount":${text},"currency":"USD","reason":"x"}`],
    ]
    for (const [path, body] of posts) {
      const request = test.staff.send('POST', `/v1/accounts/${mine.accountId}/${path}`, {
        text: body,
        idempotencyKey: nextKey(),
      })
      const { status, problem } = await refusalOf(request)
      expect(status, path).toBe(400)
      expect(problem.errors, path).toEqual(
        expect.arrayContaining([expect.objectContaining({ field: 'amount' })]),
      )
    }
    expect(await stateOf(mine)).toEqual(before)
  })
})

describe('half a character in a text is a 400 that names it, and nothing is written', () => {
  const account = { name: 'x', clientType: 'hosted', currency: 'USD', ownerEmail: 'x@client.example.com' }
  const plan = { name: 'x', clientType: 'hosted', currency: 'USD', services: [] }
  const terms = {
    ...{ document: 'broken', version: '1', title: 'x', class: 'editorial', text: 'x' },
    effectiveAt: '2020-01-01T00:00:00Z',
  }
  const ofMine = (path: string) => () => `/v1/accounts/${mine.accountId}${path}`
  const texts: [string, string, 'POST' | 'PUT' | 'PATCH', () => string, object][] = [
    ['name', 'account', 'POST', () => '/v1/accounts', account],
    ['name', 'account (changed)', 'PATCH', ofMine(''), {}],
    ['reason', 'credit', 'POST', ofMine('/credits'), { kind: 'goodwill', amount: '1', currency: 'USD' }],
    ['description', 'charge', 'POST', ofMine('/charges'), { amount: '1', currency: 'USD' }],
    ['attributes.x', 'charge', 'POST', ofMine('/charges'), { service: 'sms', quantity: 1 }],
    ['name', 'plan', 'PUT', () => '/v1/plans/broken', plan],
    ['title', 'terms', 'POST', () => '/v1/terms', terms],
    ['summary', 'terms', 'POST', () => '/v1/terms', terms],
    ['text', 'terms', 'POST', () => '/v1/terms', terms],
  ]
  it.each(texts)('%s of %s', async (field, _what, method, path, body) => {
    const before = await stateOf(mine)
    const [name, member] = field.split('.') as [string, string?]
    const value = member ? { [member]: 'a\ud800b' } : 'a\ud800b'
    const request = test.staff.send(method, path(), {
      body: { ...body, [name]: value },
      idempotencyKey: nextKey(),
    })
    const { status, problem } = await refusalOf(request)
    expect([status, problem.errors]).toEqual([400, [expect.objectContaining({ field })]])
    expect(await stateOf(mine)).toEqual(before)
  })
})

describe('a request that cannot be is refused, and nothing is written', () => {
  const charge = { amount: '1.00', currency: 'USD', description: 'x' }
  const post = (accountId: string, body: unknown, key = nextKey()) =>
    refusalOf(test.staff.send('POST', `/v1/accounts/${accountId}/charges`, { body, idempotencyKey: key }))

  it('another currency: 422 that names it', async () => {
    expect(await post(mine.accountId, { ...charge, currency: 'EUR' })).toMatchObject({
      status: 422,
      problem: { code: 'wrong_currency' },
    })
    const topUp = test.staff.send('POST', `/v1/accounts/${mine.accountId}/top-ups`, {
      body: { amount: '10.00', currency: 'EUR' },
      idempotencyKey: nextKey(),
    })
    expect(await refusalOf(topUp)).toMatchObject({ status: 422, problem: { code: 'wrong_currency' } })
  })

  it('an unknown currency: 400 that names it', async () => {
    expect(await post(mine.accountId, { ...charge, currency: 'XXQ' })).toMatchObject({
      status: 400,
      problem: { errors: [{ field: 'currency' }] },
    })
  })

  it('an unknown account: 404', async () => {
    expect(await post('acc_doesnotexist', charge)).toMatchObject({
      status: 404,
      problem: { code: 'account_not_found' },
    })
  })

  it('an account id that is none: 400 that names it', async () => {
    for (const id of ['__proto__', 'constructor', '%00', '..%2f..', 'acc_']) {
      expect((await post(id, charge)).status, id).toBeGreaterThanOrEqual(400)
      expect((await post(id, charge)).status, id).toBeLessThan(500)
    }
  })

  it('__proto__ as a member: 400 that names it', async () => {
    const request = test.staff.send('POST', `/v1/accounts/${mine.accountId}/charges`, {
      text: '{"amount":"1.00","currency":"USD","description":"x","__proto__":{"amount":"2"}}',
      idempotencyKey: nextKey(),
    })
    expect(await refusalOf(request)).toMatchObject({
      status: 400,
      problem: { errors: [{ field: '__proto__' }] },
    })
  })

  it('no idempotency key: 400 that names the header', async () => {
    expect(await post(mine.accountId, charge, '')).toMatchObject({
      status: 400,
      problem: { code: 'idempotency_key_missing' },
    })
  })

  it('a body of 2 MB: 413 wherever it is sent', async () => {
    const padding = 'x'.repeat(2 * 1024 * 1024)
    expect(await post(mine.accountId, { ...charge, description: padding })).toMatchObject({ status: 413 })
    expect(await refusalOf(sendUsage(JSON.stringify(event({ padding }))))).toMatchObject({ status: 413 })
  })
})

describe('another client’s account is not there: 404', () => {
  it.each([
    '',
    '/balance',
    '/transactions',
    '/transactions/1',
    '/members',
    '/top-ups',
    '/plan',
    '/plan-prices',
    '/upcoming-charge',
    '/terms-acceptances',
  ])('GET /v1/accounts/{theirs}%s', async (path) => {
    const request = mine.owner.get(`/v1/accounts/${theirs.accountId}${path}`)
    expect(await refusalOf(request)).toMatchObject({ status: 404, problem: { code: 'account_not_found' } })
  })

  it.each([
    ['POST', '/top-ups', { amount: '10.00', currency: 'USD' }],
    ['PUT', '/plan', { planId: 'any-plan', services: [] }],
    ['PUT', '/plan/stop-order', { services: [] }],
    ['PATCH', '', { name: 'Mine now' }],
    ['POST', '/members', { email: 'me@client.example.com', role: 'owner' }],
  ] as const)('%s /v1/accounts/{theirs}%s', async (method, path, body) => {
    const request = mine.owner.send(method, `/v1/accounts/${theirs.accountId}${path}`, {
      body,
      idempotencyKey: nextKey(),
    })
    expect(await refusalOf(request)).toMatchObject({ status: 404, problem: { code: 'account_not_found' } })
  })

  it('a usage event of theirs', async () => {
    const theirEvent = event({ subject: theirs.accountId })
    await sendUsage(JSON.stringify(theirEvent))
    await test.stack.waitUntilIdle()
    await test.staff.get(`/v1/usage/bad-input/${theirEvent.id}`)
    const request = mine.owner.get(`/v1/usage/bad-input/${theirEvent.id}`)
    expect(await refusalOf(request)).toMatchObject({
      status: 404,
      problem: { code: 'usage_event_not_found' },
    })
  })
})

describe('a malformed CloudEvent', () => {
  const withPrototype = (good: object) =>
    JSON.stringify(good).replace('"data":{', '"data":{"__proto__":{"x":1},')

  const malformed: [string, Record<string, unknown>, string][] = [
    ['another version', { specversion: '0.3' }, 'specversion'],
    ['no id', { id: '' }, 'id'],
    ['no source', { source: undefined }, 'source'],
    ['no time', { time: undefined }, 'time'],
    ['a time that is none', { time: 'yesterday' }, 'time'],
    ['a time far ahead', { time: '2999-01-01T00:00:00Z' }, 'time'],
    ['a negative quantity', { data: { quantity: -1 } }, 'data.quantity'],
    ['a fraction of a quantity', { data: { quantity: 0.5 } }, 'data.quantity'],
    ['a quantity beyond 2^53', { data: { quantity: 2 ** 53 } }, 'data.quantity'],
    ['no account', { subject: undefined }, 'subject'],
  ]

  it.each(malformed)('%s: alone it is a 400 that names the field', async (_name, more, field) => {
    const { status, problem } = await refusalOf(sendUsage(JSON.stringify(event(more))))
    expect(status).toBe(400)
    expect(problem.errors).toEqual(expect.arrayContaining([expect.objectContaining({ field })]))
  })

  it('in a good batch is refused alone; the good events are deducted', async () => {
    const before = await stateOf(mine)
    const good = [event(), event()]
    const batch = [good[0], ...malformed.map(([, more]) => event(more)), good[1]]
    const poisoned = JSON.stringify(batch).replace(/\]$/, `,${withPrototype(event())}]`)
    const reply = await sendUsage(poisoned, 'application/cloudevents-batch+json')
    expect(reply).toMatchObject({ accepted: 2, rejected: malformed.length + 1 })
    expect(reply.events.at(-1)!.errors).toMatchObject([{ field: 'data.__proto__' }])
    malformed.forEach(([, , field], index) => {
      const fields = reply.events[index + 1]!.errors!.map((error) => error.field)
      expect(fields).toContain(field)
    })
    await test.stack.waitUntilIdle()
    const after = await stateOf(mine)
    expect(Number(before.available.amount) - Number(after.available.amount)).toBeCloseTo(0.02)
    expect(after.sequence).toBe(before.sequence + 1)
  })
})
