import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalStack, startLocalStack } from '../../local/stack.ts'
import { makeSmallApp, type SmallApp } from './small-app.ts'

let app: SmallApp
let stack: LocalStack

beforeAll(async () => {
  app = makeSmallApp()
  stack = await startLocalStack({
    folder: app.dataFolder(),
    port: 0,
    quiet: true,
    assemblyFolder: app.assemblyFolder,
  })
})
afterAll(async () => {
  await stack.close()
  app.remove()
})

type Echo = {
  event: Record<string, unknown> & { requestContext: Record<string, unknown> }
  remaining: number
  function: string
}
const get = (path: string, headers: Record<string, string> = {}) => fetch(stack.apiUrl + path, { headers })
const behave = (how: string) =>
  fetch(`${stack.apiUrl}/behave`, { method: 'POST', body: how, headers: { 'content-type': 'text/plain' } })

describe('requests', () => {
  test('a function gets the event that an HTTP API makes', async () => {
    const headers = { cookie: 'one=1; two=2', 'X-Mixed-Case': 'Yes' }
    const { event, remaining } = (await (
      await get('/things/caf%C3%A9?a=1&a=2&b=%26', headers)
    ).json()) as Echo
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'GET /things/{id}',
      rawPath: '/things/café',
      rawQueryString: 'a=1&a=2&b=%26',
      cookies: ['one=1', 'two=2'],
      headers: { 'x-mixed-case': 'Yes' },
      queryStringParameters: { a: '1,2', b: '&' },
      pathParameters: { id: 'café' },
      requestContext: {
        http: { method: 'GET', path: '/things/café' },
        routeKey: 'GET /things/{id}',
        stage: '$default',
      },
      isBase64Encoded: false,
    })
    expect(remaining).toBeGreaterThan(0)
  })

  test('a body that is not plain text arrives in base64', async () => {
    const response = await fetch(`${stack.apiUrl}/behave`, {
      method: 'POST',
      body: 'bare',
      headers: { 'content-type': 'application/cloudevents+json' },
    })
    expect(await response.json()).toEqual({ plain: true })
  })

  test('an encoded slash separates segments, as API Gateway decodes before it matches', async () => {
    expect((await get('/things/a%2Fb')).status).toBe(404)
    const { event } = (await (await get('/things/a%252Fb')).json()) as Echo
    expect(event.pathParameters).toEqual({ id: 'a%2Fb' })
  })

  // As captured from a deployed HTTP API.
  test.each([
    ['space%20value', 'space value'],
    ['hash%23value', 'hash#value'],
    ['question%3Fvalue', 'question'],
    ['literal%253Fvalue', 'literal?value'],
    ['literal%2525value', 'literal%value'],
  ])('a path is decoded twice and cut off at a question mark: %s', async (sent, told) => {
    const { event } = (await (await get(`/things/${sent}?a=1`)).json()) as Echo
    expect(event).toMatchObject({
      rawPath: `/things/${told}`,
      rawQueryString: 'a=1',
      requestContext: { http: { path: `/things/${told}` } },
    })
  })

  test('a path that cannot be decoded twice is refused', async () => {
    expect((await get('/things/percent%25done')).status).toBe(400)
  })

  test('an unknown path is 404 in the gateway’s words', async () => {
    const response = await get('/nowhere')
    expect([response.status, await response.json()]).toEqual([404, { message: 'Not Found' }])
  })

  test('a guarded route answers 401 without a token and hands over the claims with one', async () => {
    const refused = await get('/guarded')
    expect([refused.status, await refused.json()]).toEqual([401, { message: 'Unauthorized' }])
    expect(refused.headers.get('www-authenticate')).toBe('Bearer')
    const { event } = (await (
      await get('/guarded', { authorization: `Bearer ${await stack.staffToken()}` })
    ).json()) as Echo
    expect(event.requestContext.authorizer).toMatchObject({
      jwt: { claims: { scope: 'drawdown/staff' }, scopes: null },
    })
  })

  test('a body over 10 MB is 413, and so is one over 6 MB that no function could take', async () => {
    for (const megabytes of [11, 7]) {
      const response = await fetch(`${stack.apiUrl}/behave`, {
        method: 'POST',
        body: Buffer.alloc(megabytes * 1024 * 1024),
      })
      expect(response.status).toBe(413)
    }
  })

  test('a request that names another host than this machine is refused', async () => {
    const { port } = new URL(stack.apiUrl)
    const status = await new Promise((resolve) => {
      httpRequest(
        { port, host: '127.0.0.1', path: '/local/clock', headers: { host: 'evil.example.com' } },
        (response) => resolve(response.statusCode),
      ).end()
    })
    expect(status).toBe(403)
  })
})

describe('answers', () => {
  test('cookies and binary bodies come through', async () => {
    const response = await behave('cookies')
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255])
  })

  test.each(['crash', 'exit', 'reject', 'hang', 'spin'])(
    'a function that does "%s" is a 500, and the next call is served',
    async (how) => {
      const response = await behave(how)
      expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }])
      expect((await behave('bare')).status).toBe(200)
    },
  )

  test('a function sees no credentials or settings of this machine', async () => {
    process.env.SECRET_OF_THIS_MACHINE = 'yes'
    const environment = (await (await behave('environment')).json()) as Record<string, string>
    delete process.env.SECRET_OF_THIS_MACHINE
    expect(environment.AWS_ACCESS_KEY_ID).toBe('local')
    expect(environment.SECRET_OF_THIS_MACHINE).toBeUndefined()
    expect(environment.TASKS_URL).toContain(stack.sqs.url)
  })
})

describe('local pages', () => {
  const postClock = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${stack.apiUrl}/local/clock`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })

  test.each(['/', '/local/inbox', '/local/clock', '/local/accounts', '/local/queues'])(
    '%s is a page and JSON',
    async (path) => {
      const asPage = await get(path, { accept: 'text/html' })
      expect([asPage.status, asPage.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
      expect(asPage.headers.get('content-security-policy')).toContain("default-src 'none'")
      const asJson = await get(path, { accept: 'application/json' })
      expect([asJson.status, asJson.headers.get('content-type')]).toEqual([200, 'application/json'])
    },
  )

  test('the clock moves to noon UTC of a date, and never back', async () => {
    const tomorrow = new Date(Date.now() + 36 * 3_600_000).toISOString().slice(0, 10)
    const moved = (await (await postClock({ now: tomorrow })).json()) as { now: string }
    expect(moved.now.slice(0, 16)).toBe(`${tomorrow}T12:00`)
    const back = await postClock({ now: tomorrow })
    expect([back.status, ((await back.json()) as { code: string }).code]).toEqual([
      409,
      'clock_moves_forward_only',
    ])
  })

  test.each([
    {},
    { now: 5 },
    { now: 'soon' },
    { now: '2027-02-30' },
    { now: '2027-01-01T00:00:00' },
    { now: '2099-01-01' },
  ])('a clock request of %j is 400 and names the field', async (body) => {
    const response = await postClock(body)
    const { errors } = (await response.json()) as { errors: { field: string }[] }
    expect([response.status, errors[0]?.field]).toEqual([400, 'now'])
  })

  test('a page of another site cannot move the clock', async () => {
    expect((await postClock({ now: '2027-01-01' }, { origin: 'https://evil.example.com' })).status).toBe(403)
  })

  test('a newcomer gets a token for a person', async () => {
    const answer = await fetch(`${stack.apiUrl}/local/token`, {
      method: 'POST',
      body: JSON.stringify({ email: 'ada@client.example.com' }),
    })
    const { token } = (await answer.json()) as { token: string }
    const { event } = (await (await get('/guarded', { authorization: `Bearer ${token}` })).json()) as Echo
    expect(event.requestContext.authorizer).toMatchObject({
      jwt: { claims: { email: 'ada@client.example.com' } },
    })
  })
})
