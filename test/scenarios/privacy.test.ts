import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { ScanCommand } from '@aws-sdk/lib-dynamodb'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { documentClient } from '../../functions/edge/dynamodb.ts'
import { unpackExplanation } from '../../functions/prices/pack-explanation.ts'
import { TABLES, type TableName, typeOfItem } from '../../functions/privacy/item-types.ts'
import { hasRetention } from '../../functions/privacy/retention.ts'
import { unpackColumns } from '../../functions/usage/pack-columns.ts'
import { localClientOptions } from '../../local/dynamodb.ts'
import { saveCard } from '../../local/stripe.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

/** Unmistakable: what is found in a table or a file is there because somebody sent it. */
const MARKERS = {
  name: 'Marker Kowalewska Telecom',
  owner: 'marker.owner@client.example.com',
  member: 'marker.member@client.example.com',
  browser: 'MarkerBrowser/7.31',
  called: '442079460777',
  calling: '442079460888',
  session: 'marker-session-91',
} as const
const BATCH = 'application/cloudevents-batch+json'
const CARD = '4242424242424242'

let test: TestStack
let accountId: string
let tables: Record<TableName, string>
let database: ReturnType<typeof documentClient>

beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-11-10T09:00:00.000Z' })
  database = documentClient(new DynamoDBClient(localClientOptions(test.stack.databaseUrl)))
  tables = await findTables()
})
afterAll(async () => {
  database?.destroy()
  await test?.stop()
})

async function findTables(): Promise<Record<TableName, string>> {
  const { ListTablesCommand } = await import('@aws-sdk/client-dynamodb')
  const client = new DynamoDBClient(localClientOptions(test.stack.databaseUrl))
  const { TableNames = [] } = await client.send(new ListTablesCommand({}))
  client.destroy()
  const nameOf = (table: TableName) =>
    TableNames.find((name) => name.toLowerCase().includes(`${table}table`))!
  return Object.fromEntries(TABLES.map((table) => [table, nameOf(table)])) as Record<TableName, string>
}

/** As a browser sends it, which the client of the other tests is not. */
async function send(email: string, method: string, path: string, body?: unknown, key?: string) {
  const reply = await fetch(new URL(path, test.stack.apiUrl), {
    method,
    headers: {
      authorization: `Bearer ${await test.stack.personToken(email)}`,
      'content-type': 'application/json',
      'user-agent': MARKERS.browser,
      ...(key && { 'idempotency-key': key }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await reply.text()
  expect([path, reply.ok, text]).toEqual([path, true, text])
  return (text ? JSON.parse(text) : {}) as Record<string, never>
}

/** Everything that a value says, what is packed in it unpacked. */
function saidBy(value: unknown): string {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return unpacked(value)
  if (typeof value === 'string')
    return `${value} ${/^[\w+/]{40,}=*$/.test(value) ? unpacked(Buffer.from(value, 'base64')) : ''}`
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, inside]) => `${name} ${saidBy(inside)}`)
    .join(' ')
}

function unpacked(bytes: Uint8Array): string {
  for (const unpack of [unpackExplanation, (packed: Uint8Array) => unpackColumns(packed)]) {
    try {
      return JSON.stringify(unpack(bytes), (_, value) => (typeof value === 'bigint' ? `${value}` : value))
    } catch {
      // Not in this form.
    }
  }
  return ''
}

/** Where markers stand: `<item type> <field>` of each, with the markers; an item of no known type throws. */
async function placesOfMarkers(): Promise<Map<string, Set<string>>> {
  const places = new Map<string, Set<string>>()
  for (const table of TABLES) {
    const { Items = [] } = await database.send(
      new ScanCommand({ TableName: tables[table], ConsistentRead: true }),
    )
    for (const item of Items) {
      const type = typeOfItem(table, item)
      if (!type) throw new Error(`${table}: ${item.pk} / ${item.sk} is in no row of item-types.ts`)
      for (const [field, value] of Object.entries(item)) {
        const place = `${type.name} ${/^(pk|sk|index\d[ps]k)$/.test(field) ? 'key' : field}`
        let said = saidBy(value)
        // A detail is a text that is JSON itself.
        if (field === 'detail') said = `${said} ${saidBy(JSON.parse(String(value)))}`
        for (const [name, marker] of Object.entries(MARKERS))
          if (said.includes(marker)) places.set(place, (places.get(place) ?? new Set()).add(name))
      }
    }
  }
  return places
}

/** Files of the buckets in which a marker stands. */
function filesWithMarkers(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const file = join(folder, name)
    if (!statSync(file).isFile()) return false
    const text = readFileSync(file).toString('latin1')
    return Object.values(MARKERS).some((marker) => text.includes(marker))
  })
}

const usageEvent = (id: string, more: object = {}) => ({
  ...{ specversion: '1.0', id, source: 'urn:switch:one', type: 'call', subject: accountId },
  time: test.stack.clock.now().toISOString(),
  data: { seconds: 60, destination: MARKERS.called, caller: MARKERS.calling },
  ...more,
})
const numbered = (sequence: string) => ({
  ...{ source: 'urn:switch:two', sequencetype: 'Integer', sequence },
})

async function liveOnIt(): Promise<void> {
  const { staff, usage } = test
  const deck = `prefix,rate_cost,rate_name\n44,0.60,Marker free\n`
  await staff.send('PUT', '/v1/rate-decks/deck', {
    ...{ text: deck, contentType: 'text/csv' },
    query: { currency: 'USD', effectiveFrom: '2026-01-01T00:00:00Z' },
  })
  const model = { kind: 'rate_deck', deck: 'deck' }
  await staff.send('PUT', '/v1/prices/call', {
    body: { currency: 'USD', effectiveFrom: '2026-01-01T00:00:00Z', model },
  })
  const opened = await staff.send<{ accountId: string }>('POST', '/v1/accounts', {
    body: { name: MARKERS.name, ownerEmail: MARKERS.owner, clientType: 'hosted', currency: 'USD' },
    idempotencyKey: 'open',
  })
  accountId = opened.accountId
  const path = (rest: string) => `/v1/accounts/${accountId}/${rest}`
  await send(MARKERS.owner, 'POST', path('members'), { email: MARKERS.member, role: 'billing' })
  const text = '# Terms\n\nWords.\n'
  const terms = await staff.send<{ textSha256: string }>('POST', '/v1/terms', {
    body: {
      ...{ document: 'terms-of-service', version: '1', title: 'Terms', class: 'material', text },
      effectiveAt: '2026-01-01T00:00:00Z',
    },
  })
  for (const email of [MARKERS.owner, MARKERS.member])
    await send(email, 'POST', path('terms-acceptances'), {
      ...{ document: 'terms-of-service', version: '1', textSha256: terms.textSha256 },
      ...{ decision: 'accepted', pressed: 'I accept' },
    })
  const owner = test.person(MARKERS.owner)
  await test.topUp({ accountId, owner, currency: 'USD' }, '50.00', 'top-up')
  const { setupUrl } = await send(MARKERS.owner, 'POST', path('payment-methods'), undefined, 'card')
  await saveCard(setupUrl!, CARD)
  await test.stack.waitUntilIdle()
  const consent = { consent: true, threshold: '1.00', target: '10.00', monthlyCap: '20.00', currency: 'USD' }
  await send(MARKERS.owner, 'PUT', path('auto-top-up'), consent)
  await send(MARKERS.owner, 'DELETE', path('auto-top-up'))
  await takePart()

  const events = [usageEvent('a'), usageEvent('b', { data: { seconds: 60, caller: MARKERS.calling } })]
  await usage.send('POST', '/v1/usage', { body: events, contentType: BATCH })
  const counted = ['1', '2', '4'].map((sequence) => usageEvent(`n-${sequence}`, numbered(sequence)))
  await usage.send('POST', '/v1/usage', { body: counted, contentType: BATCH })
  const attributes = { destination: MARKERS.called, caller: MARKERS.calling }
  const charge = { service: 'call', seconds: 60, attributes }
  await usage.send('POST', path('charges'), { body: charge, idempotencyKey: 'charge' })
  const session = { session: MARKERS.session, service: 'call', seconds: 60, leaseSeconds: 60, attributes }
  const hold = await usage.send<{ holdId: string }>('POST', path('holds'), {
    body: session,
    idempotencyKey: 'hold',
  })
  await usage.send('POST', path(`holds/${hold.holdId}/capture`), {
    body: { seconds: 30 },
    idempotencyKey: 'end',
  })
  await test.stack.waitUntilIdle()
}

/** What hangs on a person: a consent, a webinar that is read and signed up for. */
async function takePart(): Promise<void> {
  type Consent = { purpose: string; revision: number; wordingSha256: string }
  const reply: object = await send(MARKERS.owner, 'GET', '/v1/me/consents')
  const [{ purpose, revision, wordingSha256 }] = (reply as { consents: [Consent] }).consents
  await send(MARKERS.owner, 'PUT', `/v1/me/consents/${purpose}`, {
    ...{ decision: 'given', wordingSha256, revision, pressed: 'Yes' },
  })
  const now = test.stack.clock.now().getTime()
  const at = (hours: number) => new Date(now + hours * 3_600_000).toISOString()
  const { announcementId } = await test.staff.send<{ announcementId: string }>(
    'POST',
    '/v1/staff/announcements',
    {
      body: {
        ...{ kind: 'webinar', audience: 'service', title: 'A webinar', text: 'Words.' },
        banner: { from: at(-1), until: at(24) },
        event: {
          ...{ startsAt: at(48), endsAt: at(49), timeZone: 'UTC', link: 'https://meet.example.com/x' },
        },
      },
      idempotencyKey: 'webinar',
    },
  )
  const own = `/v1/accounts/${accountId}/announcements/${announcementId}`
  await send(MARKERS.owner, 'POST', `${own}/reads`)
  await send(MARKERS.owner, 'POST', `${own}/sign-ups`)
}

async function useUpWhatIsLeft(): Promise<void> {
  const { available } = await test.staff.get<{ available: { amount: string } }>(
    `/v1/accounts/${accountId}/balance`,
  )
  const body = { amount: available.amount, currency: 'USD', description: 'The rest' }
  await test.staff.send('POST', `/v1/accounts/${accountId}/charges`, { body, idempotencyKey: 'rest' })
  await test.stack.waitUntilIdle()
}

/** What the schedule does each hour. */
async function lookAfterRequests(): Promise<void> {
  const [name] = [...test.stack.template.functions.keys()].filter((each) => each.includes('TendPrivacy'))
  await test.stack.lambda.invoke(name!, {})
  await test.stack.waitUntilIdle()
}

const mailTo = (address: string, subject: string) =>
  test.stack.inbox.list().find((mail) => mail.to.includes(address) && mail.subject.includes(subject))

describe('personal data on the whole stack', () => {
  it('is nowhere but where the table of retention says, and no item type is missing from the registry', async () => {
    await liveOnIt()
    const places = await placesOfMarkers()
    const missing = [...places.keys()].filter((place) => {
      const [type, field] = place.split(' ') as [string, string]
      return !hasRetention(type, field)
    })
    expect(missing).toEqual([])
    // The markers were there to be found: a test that plants nothing finds nothing.
    const found = new Set([...places.values()].flatMap((names) => [...names]))
    expect([...found].sort()).toEqual(Object.keys(MARKERS).sort())
    expect(filesWithMarkers(join(test.folder, 'files'))).toEqual([])
  })

  it('is exported to its owner, by a link that asks for a sign-in of now', async () => {
    const path = `/v1/accounts/${accountId}/privacy-requests`
    const asked = await send(MARKERS.owner, 'POST', path, { kind: 'export' }, 'export')
    await test.stack.waitUntilIdle()
    expect(mailTo(MARKERS.owner, 'ready to be fetched')).toBeDefined()
    const { url } = await send(MARKERS.owner, 'POST', `${path}/${asked.requestId}/download`)
    const archive = unzipSync(new Uint8Array(await (await fetch(url!)).arrayBuffer()))
    const text = Object.values(archive)
      .map((bytes) => Buffer.from(bytes).toString())
      .join('\n')
    for (const [name, marker] of Object.entries(MARKERS)) expect(text.includes(marker), name).toBe(true)
  })

  it('is erased with its account, but for what the answer says; the books prove', async () => {
    const path = `/v1/accounts/${accountId}/privacy-requests`
    await useUpWhatIsLeft()
    const asked = await send(MARKERS.owner, 'POST', path, { kind: 'erasure' }, 'erasure')
    await test.stack.waitUntilIdle()
    const mail = mailTo(MARKERS.owner, 'erased')!
    expect((await test.stack.inbox.read(mail.id))!.email.text).toContain('kept. Books of account')
    await lookAfterRequests()
    const request = await test.staff.get<{ status: string; answer: { outcome: string }[] }>(
      `${path}/${asked.requestId}`,
    )
    expect(request.status).toBe('done')

    const places = await placesOfMarkers()
    const left = [...places].map(([place, names]) => `${place}: ${[...names].sort().join(', ')}`).sort()
    expect(left).toEqual([
      'ACCEPTANCE email: member, owner',
      'AUTO_TOP_UP consent: owner',
      // Each person's own, and not the account's.
      'CONSENT email: owner',
      'CONSENT userAgent: browser',
      'ENTRY detail: called, session',
      'ENTRY reason: called',
      'HOLD session: session',
      'SIGN_UP email: owner',
    ])
    const proof = await test.staff.send('POST', `/v1/accounts/${accountId}/proofs`, { body: { whole: true } })
    expect(proof).toMatchObject({ result: 'proven', faults: [] })
  })
})
