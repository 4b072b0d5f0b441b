import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { priceRoutes } from '../../functions/prices/prices.routes.ts'
import { rateUsage } from '../../functions/prices/rate-usage.ts'
import { createRatingStore } from '../../functions/prices/rating.store.ts'
import { localClientOptions } from '../../local/dynamodb.ts'
import { type S3, startS3 } from '../../local/s3.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>

const BUCKET = 'files'
let database: TestDatabase
let s3: S3
let folder: string
let files: S3Client
let handlers: { prices: Handler; importRateDeck: Handler }

beforeAll(async () => {
  database = await startTestDatabase()
  folder = await mkdtemp(join(tmpdir(), 'drawdown-prices-'))
  s3 = await startS3({ folder, buckets: [BUCKET] })
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: database.accessKeyId,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: database.endpoint,
    AWS_ENDPOINT_URL_S3: s3.url,
    DOCUMENTS_TABLE: database.documentsTable,
    FILES_BUCKET: BUCKET,
  })
  files = new S3Client(localClientOptions(s3.url))
  const [prices, importRateDeck] = await Promise.all([
    import('../../functions/prices/prices.handler.ts'),
    import('../../functions/prices/import-rate-deck.handler.ts'),
  ])
  handlers = { prices: prices.handler as Handler, importRateDeck: importRateDeck.handler as Handler }
})

afterAll(async () => {
  files.destroy()
  await s3.close()
  await database.stop()
  await rm(folder, { recursive: true })
})

const staff = { 'cognito:groups': '[staff]', sub: 's1', email: 'staff@example.com', email_verified: 'true' }
const client = { sub: 'c1', email: 'client@example.com', email_verified: 'true' }

type Sent = {
  params?: Record<string, string>
  query?: Record<string, string>
  body?: unknown
  claims?: object
}

async function send(name: keyof typeof priceRoutes, { params = {}, query, body, claims = staff }: Sent = {}) {
  const route = priceRoutes[name]
  const [method, path] = route.split(' ') as [string, string]
  const rawPath = path.replace(/\{(\w+)\}/g, (_, parameter: string) => params[parameter]!)
  const isText = typeof body === 'string'
  const event = {
    version: '2.0',
    routeKey: route,
    rawPath,
    headers: { 'content-type': isText ? 'text/csv; charset=utf-8' : 'application/json' },
    pathParameters: params,
    queryStringParameters: query,
    requestContext: {
      http: { method, path: rawPath, sourceIp: '127.0.0.1', userAgent: 'test' },
      authorizer: { jwt: { claims, scopes: null } },
    },
    body: isText ? body : body && JSON.stringify(body),
    isBase64Encoded: false,
  }
  const handler = name === 'importRateDeck' ? handlers.importRateDeck : handlers.prices
  const reply = await handler(event as unknown as APIGatewayProxyEventV2, {} as Context)
  return { status: reply.statusCode, body: JSON.parse(reply.body ?? '{}') }
}

const importDeck = (deck: string, csv: string, query: Record<string, string> = { currency: 'USD' }) =>
  send('importRateDeck', { params: { deck }, query, body: csv })

describe('PUT /v1/prices/{service}', () => {
  const terms = { currency: 'USD', model: { kind: 'per_unit', unitAmount: '0.05' } }

  test('answers 201 with the new version and 200 when it is sent again', async () => {
    const first = await send('setPrice', { params: { service: 'sms' }, body: terms })
    expect(first).toMatchObject({ status: 201, body: { service: 'sms', version: 1, createdBy: 'person:s1' } })
    const again = await send('setPrice', { params: { service: 'sms' }, body: terms })
    expect(again).toEqual({ status: 200, body: first.body })
  })

  test('is for staff alone', async () => {
    const refused = await send('setPrice', { params: { service: 'sms' }, body: terms, claims: client })
    expect(refused).toMatchObject({ status: 403, body: { code: 'role_not_allowed' } })
  })

  test.each([
    [{ ...terms, currency: 'usd' }, 'currency'],
    [{ ...terms, clientType: 'vip' }, 'clientType'],
    [{ ...terms, effectiveFrom: 'tomorrow' }, 'effectiveFrom'],
    [{ ...terms, model: { kind: 'per_unit', unitAmount: -1 } }, 'model.unitAmount'],
    [{ ...terms, model: { kind: 'per_unit', tiers: [{ upTo: 5, unitAmount: '1' }] } }, 'model.tiers.0.upTo'],
    [{ ...terms, price: 1 }, 'price'],
  ])('refuses %j with 400 and names %s', async (body, field) => {
    const refused = await send('setPrice', { params: { service: 'refused' }, body })
    expect(refused).toMatchObject({ status: 400, body: { code: 'request_invalid' } })
    expect(refused.body.errors.map((error: { field: string }) => error.field)).toContain(field)
    expect((await send('readPrice', { params: { service: 'refused' } })).status).toBe(404)
  })
})

describe('GET /v1/prices/{service}', () => {
  test('tells which version of each currency and client type applies now', async () => {
    const set = (body: object) => send('setPrice', { params: { service: 'seat' }, body })
    const model = (unitAmount: string) => ({ kind: 'per_unit', unitAmount })
    await set({ currency: 'USD', effectiveFrom: '2020-01-01T00:00:00Z', model: model('1') })
    await set({ currency: 'USD', effectiveFrom: '2021-01-01T00:00:00Z', model: model('2') })
    await set({ currency: 'USD', effectiveFrom: '9000-01-01T00:00:00Z', model: model('3') })
    await set({ currency: 'USD', clientType: 'hosted', model: model('4') })
    const { body } = await send('readPrice', { params: { service: 'seat' }, claims: client })
    expect(
      body.prices.map((price: { version: number; inForce: boolean }) => [price.version, price.inForce]),
    ).toEqual([
      [4, true],
      [3, false],
      [2, true],
      [1, false],
    ])
  })

  test('lists all prices page by page', async () => {
    const first = await send('listPrices', { query: { limit: '2' } })
    expect(first.body.prices).toHaveLength(2)
    const next = await send('listPrices', { query: { limit: '200', cursor: first.body.nextCursor } })
    expect(next.body.prices[0]).not.toEqual(first.body.prices[1])
    expect(next.body.nextCursor).toBeUndefined()
    expect((await send('listPrices', { query: { cursor: 'e30' } })).body.code).toBe('request_invalid')
  })
})

describe('PUT /v1/rate-decks/{deck}', () => {
  const csv = 'prefix,rate_cost,rate_increment,rate_minimum,carrier\n44,0.01,6,30,x\n4420,0.02,6,30,x\n'

  test('answers 201 with the version and 200 when the same rates are sent again, also by many at once', async () => {
    const replies = await Promise.all([1, 2, 3].map(() => importDeck('standard', csv)))
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 200, 201])
    expect(replies[0]!.body).toMatchObject({
      deck: 'standard',
      version: 1,
      rateCount: 2,
      ignoredColumns: ['carrier'],
    })
    const other = await importDeck('standard', csv.replace('0.02', '0.03'))
    expect(other).toMatchObject({ status: 201, body: { version: 2 } })
    const back = await importDeck('standard', csv)
    expect(back).toMatchObject({ status: 201, body: { version: 3 } })
  })

  test('writes nothing when a line is bad, and shows 100 of the problems and their number', async () => {
    const before = (await files.send(new ListObjectsV2Command({ Bucket: BUCKET }))).KeyCount
    const bad = `prefix,rate_cost\n1,0.5\n${'x,y\n'.repeat(150)}`
    const refused = await importDeck('bad', bad)
    expect(refused).toMatchObject({ status: 400, body: { code: 'rate_deck_invalid', errorCount: 300 } })
    expect(refused.body.errors).toHaveLength(100)
    expect(refused.body.errors[0]).toEqual({
      line: 3,
      column: 'prefix',
      value: 'x',
      detail: expect.any(String),
    })
    expect((await send('readRateDeck', { params: { deck: 'bad' } })).status).toBe(404)
    expect((await files.send(new ListObjectsV2Command({ Bucket: BUCKET }))).KeyCount).toBe(before)
  })

  test('refuses what is no CSV request', async () => {
    expect((await importDeck('standard', csv, {})).body).toMatchObject({
      code: 'request_invalid',
      errors: [{ field: 'currency' }],
    })
    expect((await importDeck('Standard', csv)).body.errors[0].field).toBe('deck')
    const json = await send('importRateDeck', { params: { deck: 'a' }, query: { currency: 'USD' }, body: {} })
    expect(json.status).toBe(415)
    expect((await importDeck('large', `${csv}${' '.repeat(5 * 1024 * 1024)}`)).status).toBe(413)
    const asClient = { params: { deck: 'a' }, query: { currency: 'USD' }, body: csv, claims: client }
    expect((await send('importRateDeck', asClient)).status).toBe(403)
  })

  test('shows the rate that a destination has now', async () => {
    await importDeck('lookup', csv)
    const query = { destination: '+44 20 7946 0123' }
    const { body } = await send('readRateDeck', { params: { deck: 'lookup' }, query, claims: client })
    expect(body.rates).toEqual([
      expect.objectContaining({
        currency: 'USD',
        version: 1,
        prefix: '4420',
        perMinute: '0.02',
        destination: '442079460123',
      }),
    ])
    const list = await send('listRateDecks')
    expect(list.body.rateDecks).toContainEqual(
      expect.objectContaining({ deck: 'lookup', version: 1, rateCount: 2 }),
    )
  })
})

describe('the price of a call', () => {
  test('comes from the price and the deck that were in force when it happened', async () => {
    const csv = (cost: string) => `prefix,rate_cost,rate_increment,rate_minimum\n44,${cost},1,0\n`
    await importDeck('dated', csv('0.60'), { currency: 'USD', effectiveFrom: '2026-11-01T00:00:00Z' })
    await importDeck('dated', csv('1.20'), { currency: 'USD', effectiveFrom: '2026-12-01T00:00:00Z' })
    const body = {
      currency: 'USD',
      effectiveFrom: '2026-10-01T00:00:00Z',
      model: { kind: 'rate_deck', deck: 'dated' },
    }
    await send('setPrice', { params: { service: 'call' }, body })

    const rating = createRatingStore({ ...database, files, filesBucket: BUCKET })
    const amountAt = async (at: string) => {
      const found = await rating
        .open()
        .priceFor({ service: 'call', currency: 'USD', clientType: 'hosted', at })
      const usage = { seconds: 10n, attributes: { destination: '+442079460123' } }
      const rated = rateUsage({ ...found, price: found?.price, usage })
      return rated.ok ? rated.explanation.amount : rated.reason
    }
    expect(await amountAt('2026-09-30T23:59:59.999Z')).toBe('no_price')
    expect(await amountAt('2026-10-31T23:59:59.999Z')).toBe('no_rate_deck')
    expect(await amountAt('2026-11-30T23:59:59.999Z')).toBe('0.10')
    expect(await amountAt('2026-12-01T00:00:00.000Z')).toBe('0.20')
  })
})
