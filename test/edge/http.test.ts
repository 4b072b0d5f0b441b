import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { bind, httpHandler } from '../../functions/edge/http.ts'
import { Problem } from '../../functions/edge/problem.ts'
import { defineRoute } from '../../functions/edge/route.ts'
import { amountSchema } from '../../functions/ledger/money.ts'

const pay = defineRoute({
  route: 'POST /v1/things/{thingId}/payments',
  summary: 'Pay a thing',
  tag: 'things',
  callers: ['staff', 'usage'],
  params: z.object({ thingId: z.string().regex(/^t\d+$/, 'must be a thing id') }),
  body: z.strictObject({
    amount: amountSchema,
    quantity: z.int().min(0).optional(),
    tags: z.array(z.string()).optional(),
  }),
  largestBodyBytes: 1024,
  idempotent: true,
  responses: { 201: { description: 'Paid' } },
})

const staff = { 'cognito:groups': '[staff]', sub: 's1', email: 'A@Example.com', email_verified: 'true' }

const handler = httpHandler(
  bind(pay, async ({ body, params, caller, userAgent }) => {
    if (body.amount === '13')
      throw new Problem('insufficient_credit', 'Not enough.', { extra: { shortfall: '1.00' } })
    if (body.amount === '14') throw new Error('secret inside')
    if (body.amount === '15') throw Object.assign(new Error('secret rate'), { name: 'ThrottlingException' })
    return { status: 201, body: { paid: body.amount, thing: params.thingId, actor: caller.actor, userAgent } }
  }),
)

type Sent = {
  body?: string
  headers?: Record<string, string>
  claims?: Record<string, unknown>
  path?: string
  base64?: boolean
  userAgent?: string
}

async function send({
  body = '{"amount":"1.50"}',
  headers = {},
  claims = staff,
  path = '/v1/things/t1/payments',
  base64,
  userAgent = 'test',
}: Sent) {
  const event = {
    version: '2.0',
    routeKey: pay.route,
    rawPath: path,
    headers: { 'content-type': 'application/json', 'idempotency-key': 'k1', ...headers },
    pathParameters: { thingId: path.split('/')[3] },
    requestContext: {
      http: { method: 'POST', path, sourceIp: '127.0.0.1', userAgent },
      authorizer: { jwt: { claims, scopes: null } },
    },
    body,
    isBase64Encoded: base64 ?? false,
  } as unknown as APIGatewayProxyEventV2
  const reply = (await handler(event, {} as Context)) as APIGatewayProxyStructuredResultV2
  return { status: reply.statusCode, headers: reply.headers ?? {}, body: JSON.parse(String(reply.body)) }
}

describe('a good request', () => {
  it('is answered by the code of its route, with the caller that its token names', async () => {
    const reply = await send({})
    expect(reply).toMatchObject({ status: 201, body: { paid: '1.50', thing: 't1', actor: 'person:s1' } })
    expect(reply.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' })
  })

  it('names its browser in whole characters, however long that calls itself', async () => {
    const userAgent = `${'x'.repeat(511)}😀`
    expect((await send({ userAgent })).body.userAgent).toBe('x'.repeat(511))
  })

  it('may come in base64', async () => {
    const body = Buffer.from('{"amount":"2"}').toString('base64')
    expect((await send({ body, base64: true })).status).toBe(201)
  })
})

describe('a bad request is a 4xx problem that names the field', () => {
  const cases: [string, Sent, number, string][] = [
    ['no JSON', { body: '{' }, 400, 'body'],
    ['an amount below zero', { body: '{"amount":"-1"}' }, 400, 'amount'],
    ['an amount as a number', { body: '{"amount":12.5}' }, 400, 'amount'],
    ['an amount that overflows', { body: '{"amount":1e400}' }, 400, 'amount'],
    ['NaN, which is not JSON', { body: '{"amount":NaN}' }, 400, 'body'],
    ['too many decimals', { body: '{"amount":"1.1234567"}' }, 400, 'amount'],
    ['a quantity beyond 2^53', { body: '{"amount":"1","quantity":9007199254740993}' }, 400, 'quantity'],
    ['a quantity that overflows', { body: '{"amount":"1","quantity":1e400}' }, 400, 'quantity'],
    ['a fraction of a quantity', { body: '{"amount":"1","quantity":1.5}' }, 400, 'quantity'],
    ['an unknown field', { body: '{"amount":"1","amonut":"2"}' }, 400, 'amonut'],
    ['a prototype', { body: '{"amount":"1","__proto__":{"x":1}}' }, 400, '__proto__'],
    ['a prototype inside', { body: '{"amount":"1","tags":[{"__proto__":1}]}' }, 400, 'tags.0.__proto__'],
    ['a nested wrong type', { body: '{"amount":"1","tags":["a",1]}' }, 400, 'tags.1'],
    ['a missing field', { body: '{}' }, 400, 'amount'],
    ['a list for an object', { body: '[]' }, 400, 'body'],
    ['a bad path parameter', { path: '/v1/things/x/payments' }, 400, 'thingId'],
    ['no idempotency key', { headers: { 'idempotency-key': '' } }, 400, 'Idempotency-Key'],
    ['an idempotency key with a space', { headers: { 'idempotency-key': 'a b' } }, 400, 'Idempotency-Key'],
    ['too large a body', { body: `{"amount":"${'1'.repeat(2000)}"}` }, 413, 'body'],
    ['another content type', { headers: { 'content-type': 'text/xml' } }, 415, 'content-type'],
  ]
  it.each(cases)('%s', async (_name, sent, status, field) => {
    const reply = await send(sent)
    expect(reply.status).toBe(status)
    expect(reply.headers['content-type']).toBe('application/problem+json')
    expect(reply.body).toMatchObject({ status, errors: [{ field }] })
  })
})

describe('a refusal', () => {
  it('carries its code, its detail and what more it has to say', async () => {
    const reply = await send({ body: '{"amount":"13"}' })
    expect(reply).toMatchObject({
      status: 402,
      body: { code: 'insufficient_credit', detail: 'Not enough.', shortfall: '1.00' },
    })
  })

  it('is 401 without claims, and 403 for a caller of another kind', async () => {
    expect((await send({ claims: null as never })).status).toBe(401)
    const client = { sub: 'c', email: 'c@example.com', email_verified: 'true', scope: 'openid' }
    expect((await send({ claims: client })).body).toMatchObject({ status: 403, code: 'role_not_allowed' })
  })

  it('is 404 for a path that no route has', async () => {
    expect((await send({ path: '/v1/other' })).body).toMatchObject({ status: 404, code: 'not_found' })
  })

  it('is 503 and may be tried again soon where a service behind it throttles', async () => {
    const reply = await send({ body: '{"amount":"15"}' })
    expect([reply.status, reply.headers['retry-after'], reply.body.code]).toEqual([503, '1', 'busy'])
    expect(JSON.stringify(reply.body)).not.toContain('secret')
  })

  it('says nothing of the inside when the code breaks', async () => {
    const reply = await send({ body: '{"amount":"14"}' })
    expect(reply.status).toBe(500)
    expect(JSON.stringify(reply.body)).not.toContain('secret')
  })
})
