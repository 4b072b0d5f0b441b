import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

let test: TestStack
beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-11-10T09:00:00.000Z' })
  await test.staff.send('PUT', '/v1/prices/sms', {
    body: { currency: 'USD', model: { kind: 'per_unit', unitAmount: '0.50' } },
  })
})
afterAll(() => test.stop())

type Client = Awaited<ReturnType<TestStack['openAccount']>>
type Verdicts = { accepted: number; rejected: number; events: { verdict: string; errors?: object[] }[] }
type Source = { source: string; lastSequence: string; isWaiting: boolean; missing?: object }

const BATCH = 'application/cloudevents-batch+json'
const numbered = (subject: string, source: string, sequence: unknown, more: object = {}) => ({
  ...{ specversion: '1.0', id: `${source}-${sequence}`, source, type: 'sms', subject },
  ...{ time: test.stack.clock.now().toISOString(), sequencetype: 'Integer', sequence, data: { quantity: 1 } },
  ...more,
})
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
const send = (events: unknown[]) =>
  test.usage.send<Verdicts>('POST', '/v1/usage', { body: events, contentType: BATCH })
const sendNumbers = async (client: Client, source: string, ...numbers: number[]) => {
  const verdicts = await send(numbers.map((number) => numbered(client.accountId, source, String(number))))
  await test.stack.waitUntilIdle()
  return verdicts
}
const find = (query: { [name: string]: string }, who = test.usage) =>
  who.get<{ [name: string]: unknown }>(`/v1/usage?${new URLSearchParams(query)}`)
const sourcesOf = async ({ accountId, owner }: Client) =>
  (await owner.get<{ sources: Source[] }>(`/v1/accounts/${accountId}/usage-sources`)).sources
const release = (client: Client, body: object, idempotencyKey: string, who = test.staff) =>
  who.send<{ sequence: number; kind: string; amount: object }>(
    'POST',
    `/v1/accounts/${client.accountId}/usage-sources/releases`,
    { body, idempotencyKey },
  )
const availableOf = async ({ accountId, owner }: Client) =>
  (await owner.get<{ available: { amount: string } }>(`/v1/accounts/${accountId}/balance`)).available.amount

describe('numbered usage over the API', () => {
  it('counts each number once, in one entry for a batch, and shows every event by itself', async () => {
    const client = await test.openAccount({ credit: '100.00' })
    const { accountId, owner } = client
    const source = 'urn:switch:berlin-1'
    await sendNumbers(client, source, ...upTo(1, 40))
    expect(await sendNumbers(client, source, ...upTo(30, 45))).toMatchObject({ accepted: 16, rejected: 0 })
    expect(await availableOf(client)).toBe('77.50')
    const event = await find({ source, sequence: '0031', accountId }, owner)
    expect(event).toMatchObject({
      ...{ source, sequence: '31', id: `${source}-31`, verdict: 'deducted', transaction: 2 },
      amount: { amount: '0.50' },
      availableBefore: { amount: '85.00' },
      availableAfter: { amount: '84.50' },
      explanation: { price: { service: 'sms', version: 1 }, quantity: '1', amount: '0.50' },
    })
    expect(await find({ source, id: `${source}-31`, accountId }, owner)).toEqual(event)
    const path = `/v1/accounts/${accountId}/transactions/2`
    const detail = await owner.get<{ reason: string; events: unknown[] }>(path)
    expect(detail).toMatchObject({ reason: '40 × sms' })
    expect(detail.events).toHaveLength(40)
    expect(detail.events[30]).toEqual(event)
    expect(await sourcesOf(client)).toMatchObject([{ source, lastSequence: '45', isWaiting: false }])
  })

  it('gives the events of a batch as CSV, a line each, in their order', async () => {
    const { accountId, ownerEmail, ...client } = await test.openAccount({ credit: '1.00' })
    const source = 'urn:switch:berlin-2'
    await sendNumbers({ accountId, ownerEmail, ...client }, source, 1, 2, 3)
    const reply = await fetch(new URL(`/v1/accounts/${accountId}/transactions/2`, test.stack.apiUrl), {
      headers: { authorization: `Bearer ${await test.stack.personToken(ownerEmail)}`, accept: 'text/csv' },
    })
    expect([reply.status, reply.headers.get('content-type')]).toEqual([
      200,
      'text/csv; charset=utf-8; header=present',
    ])
    expect(reply.headers.get('content-disposition')).toBe(`attachment; filename="${accountId}-2.csv"`)
    const lines: object[] = parse(await reply.text(), { columns: true, record_delimiter: '\r\n' })
    const line = (number: number, verdict: string, reason: string, ...amounts: string[]) => ({
      ...{ source, id: `${source}-${number}`, sequence: String(number), service: 'sms' },
      ...{ time: expect.stringMatching(/^2026-11-10T/), quantity: '1', seconds: '', verdict, reason },
      ...{ amount: amounts[0], currency: 'USD', balance_before: amounts[1], balance_after: amounts[2] },
    })
    expect(lines).toEqual([
      line(1, 'deducted', '', '0.50', '1.00', '0.50'),
      line(2, 'deducted', '', '0.50', '0.50', '0.00'),
      line(3, 'refused', 'insufficient_credit', '0.00', '0.00', '0.00'),
    ])
  })

  it('lets later events wait, says what is missing, and goes on when it comes', async () => {
    const client = await test.openAccount({ credit: '100.00' })
    const { accountId, owner } = client
    const source = '/switch/waits'
    await sendNumbers(client, source, 1, 2, 6, 7)
    expect(await availableOf(client)).toBe('99.00')
    const missing = { from: '3', to: '5' }
    expect(await sourcesOf(client)).toMatchObject([{ source, lastSequence: '2', isWaiting: true, missing }])
    const parked = await find({ source, sequence: '7', accountId }, owner)
    expect(parked).toMatchObject({ verdict: 'parked', sequence: '7', waitsFor: missing })
    expect(await find({ source, id: `${source}-7`, accountId }, owner)).toEqual(parked)
    await sendNumbers(client, source, 3, 4, 5)
    expect(await availableOf(client)).toBe('96.50')
    expect(await find({ source, sequence: '7', accountId }, owner)).toMatchObject({ verdict: 'deducted' })
  })

  it('refuses a number that was used, by a verdict that says what to do', async () => {
    const client = await test.openAccount({ credit: '100.00' })
    const source = '/switch/restarts'
    await sendNumbers(client, source, 1, 2, 3)
    const restarted = [1, 2].map((number) =>
      numbered(client.accountId, source, String(number), { id: `new-${number}` }),
    )
    const { problem } = await refusalOf(send(restarted))
    expect(problem).toMatchObject({
      code: 'request_invalid',
      errors: [{ field: '0.sequence', detail: expect.stringContaining('";2"') }, { field: '1.sequence' }],
    })
    await sendNumbers(client, `${source};2`, 1, 2)
    expect(await availableOf(client)).toBe('97.50')
  })

  it('gives numbers up on behalf of staff alone, once, and never charges them afterwards', async () => {
    const client = await test.openAccount({ credit: '100.00' })
    const { accountId, owner } = client
    const source = '/switch/loses'
    const asked = { source, through: 3, reason: 'lost in a crash' }
    const refusal = async (body: object, key: string) => (await refusalOf(release(client, body, key))).problem
    expect(await refusal(asked, 'a')).toMatchObject({ code: 'usage_source_not_found' })
    await sendNumbers(client, source, 1)
    expect(await refusal(asked, 'a')).toMatchObject({ code: 'nothing_waits' })
    await sendNumbers(client, source, 5, 6)
    for (const through of [1, 5, 7])
      expect(await refusal({ ...asked, through }, 'a')).toMatchObject({
        code: 'request_invalid',
        errors: [{ field: 'through', detail: expect.stringContaining('from 2 to 4') }],
      })
    for (const through of [0, -1, 1.5, '4', 10 ** 15])
      expect(await refusal({ ...asked, through }, 'a')).toMatchObject({ errors: [{ field: 'through' }] })
    for (const who of [owner, test.usage])
      expect(await refusalOf(release(client, asked, 'a', who))).toMatchObject({ status: 403 })
    const first = await release(client, asked, 'a')
    expect(first).toMatchObject({ kind: 'gap_release', amount: { amount: '0.00' } })
    expect(await release(client, asked, 'a')).toEqual(first)
    expect(await refusal({ ...asked, through: 4 }, 'a')).toMatchObject({ code: 'idempotency_key_reused' })
    expect(await refusal(asked, 'b')).toMatchObject({ code: 'request_invalid' })
    expect(await sourcesOf(client)).toMatchObject([{ lastSequence: '3', missing: { from: '4', to: '4' } }])
    await release(client, { ...asked, through: 4 }, 'c')
    expect(await refusal({ ...asked, through: 4 }, 'd')).toMatchObject({ code: 'nothing_waits' })
    expect(await availableOf(client)).toBe('98.50')
    expect((await refusalOf(find({ source, sequence: '2', accountId }, owner))).problem).toMatchObject({
      ...{ code: 'sequence_released', status: 410 },
    })
    const late = send([2, 7].map((number) => numbered(accountId, source, String(number))))
    expect((await late).events).toMatchObject([
      {
        verdict: 'rejected',
        errors: [{ field: 'sequence', detail: expect.stringMatching(/^sequence_released/) }],
      },
      { verdict: 'accepted' },
    ])
  })

  it('takes a waiting source no further ahead than ten thousand', async () => {
    const client = await test.openAccount({ credit: '100.00' })
    const source = '/switch/far'
    await sendNumbers(client, source, 2)
    const { events } = await sendNumbers(client, source, 10_000, 10_001, 999_999_999_999_999)
    expect(events).toMatchObject([
      { verdict: 'accepted' },
      {
        verdict: 'rejected',
        errors: [{ field: 'sequence', detail: expect.stringContaining('1 is missing') }],
      },
      { verdict: 'rejected' },
    ])
  })

  it('does not take an event with a number and without one from the same source', async () => {
    const client = await test.openAccount({ credit: '100.00' })
    const { accountId } = client
    const plain = (source: string, id: string) => {
      const { sequence, sequencetype, ...event } = numbered(accountId, source, '1')
      return { ...event, id }
    }
    await send([plain('/switch/turns', 'a')])
    await test.stack.waitUntilIdle()
    const turned = send([
      numbered(accountId, '/switch/turns', '1', { id: 'a' }),
      numbered(accountId, '/switch/turns', '2', { id: 'b' }),
    ])
    expect((await turned).events).toMatchObject([
      { verdict: 'rejected', errors: [{ field: 'sequence' }] },
      { verdict: 'accepted' },
    ])
    await sendNumbers(client, '/switch/numbers', 1)
    const mixed = send([
      plain('/switch/numbers', 'x'),
      plain('/switch/turns', 'b'),
      plain('/switch/plain', 'c'),
    ])
    expect((await mixed).events).toMatchObject([
      { verdict: 'rejected', errors: [{ field: 'sequence' }] },
      { verdict: 'rejected', errors: [{ field: 'sequence' }] },
      { verdict: 'accepted' },
    ])
    const together = send([plain('/switch/new', 'n1'), numbered(accountId, '/switch/new', '1', { id: 'n1' })])
    expect((await together).events.map(({ verdict }) => verdict)).toEqual(['rejected', 'accepted'])
  })

  it('shows nothing of it to other clients', async () => {
    const client = await test.openAccount({ credit: '100.00' })
    const { accountId } = client
    const stranger = await test.openAccount()
    const source = '/switch/private'
    await sendNumbers(client, source, 1, 3)
    const queries: { [name: string]: string }[] = [
      ...[{ sequence: '1' }, { sequence: '3' }],
      ...[{ id: `${source}-1` }, { id: `${source}-3` }],
    ]
    for (const query of queries)
      expect(await refusalOf(find({ ...query, source, accountId }, stranger.owner))).toMatchObject({
        status: 404,
      })
    const sources = stranger.owner.get(`/v1/accounts/${accountId}/usage-sources`)
    expect(await refusalOf(sources)).toMatchObject({ status: 404 })
    const transaction = stranger.owner.get(`/v1/accounts/${accountId}/transactions/2`)
    expect(await refusalOf(transaction)).toMatchObject({ status: 404 })
  })

  it('names the window in which it looked for an id, and looks where it is told', async () => {
    const client = await test.openAccount({ credit: '100.00' })
    const { accountId, owner } = client
    const source = '/switch/windows'
    await sendNumbers(client, source, 1)
    await test.stack.clock.advanceTo('2026-11-14T09:00:00.000Z')
    const query = { source, id: `${source}-1`, accountId }
    const { status, problem } = await refusalOf(find(query, owner))
    expect(status).toBe(404)
    expect(problem.detail).toMatch(/from 2026-11-13T09:00:00\.\d+Z to 2026-11-14T10:00:00\.\d+Z/)
    const window = { from: '2026-11-10T00:00:00Z', to: '2026-11-11T00:00:00Z' }
    expect(await find({ ...query, ...window }, owner)).toMatchObject({ verdict: 'deducted' })
    for (const [more, field] of [
      [{ from: window.to, to: window.from }, 'to'],
      [{ from: 'soon' }, 'from'],
      [{ sequence: '1' }, 'sequence'],
    ] as const)
      expect((await refusalOf(find({ ...query, ...more }, owner))).problem).toMatchObject({
        errors: [{ field }],
      })
    expect((await refusalOf(find({ source, sequence: '1' }, owner))).problem).toMatchObject({
      errors: [{ field: 'accountId' }],
    })
  })
})
