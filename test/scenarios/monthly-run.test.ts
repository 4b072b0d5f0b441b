import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunReply } from '../../cli/drawdown/run.ts'
import { documentClient } from '../../functions/edge/dynamodb.ts'
import { dueIndexKeys } from '../../functions/plans/plan-keys.ts'
import { localClientOptions } from '../../local/dynamodb.ts'
import { refusalOf, startTestStack, type TestStack } from '../support/stack.ts'

const DRAWDOWN = fileURLToPath(new URL('../../cli/drawdown.ts', import.meta.url))
const PLAN = {
  name: 'Hosted basic',
  clientType: 'hosted',
  currency: 'USD',
  baseFee: '10.00',
  services: [],
}

type Account = Awaited<ReturnType<TestStack['openAccount']>>

let test: TestStack
let inAuckland: Account
let inHonolulu: Account
let withoutCredit: Account

beforeAll(async () => {
  test = await startTestStack({ startAt: '2026-11-30T09:00:00.000Z' })
  await test.staff.send('PUT', '/v1/plans/hosted-basic', { body: PLAN })
  inAuckland = await test.openAccount({ credit: '50.00', timeZone: 'Pacific/Auckland' })
  inHonolulu = await test.openAccount({ credit: '50.00', timeZone: 'Pacific/Honolulu' })
  withoutCredit = await test.openAccount({ timeZone: 'Europe/Berlin' })
  await test.openAccount({ credit: '20.00' })
  for (const { accountId } of [inAuckland, inHonolulu, withoutCredit])
    await test.staff.send('PUT', `/v1/accounts/${accountId}/plan`, {
      body: { planId: 'hosted-basic', services: [] },
    })
})
afterAll(() => test?.stop())

async function moveTo(instant: string) {
  await test.stack.clock.advanceTo(instant)
  await test.stack.waitUntilIdle()
}

const readRun = () => test.staff.get<RunReply>('/v1/staff/runs/2026-12')

/** Whoever sits at the terminal. */
async function drawdown(...args: string[]) {
  const child = spawn(process.execPath, [DRAWDOWN, ...args, '--api', test.stack.apiUrl], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const [out, said, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exited])
  return { out, said, exitCode }
}

/** Writes where an account stands in the index of what is due, behind the functions' back; without keys, nowhere. */
async function place({ accountId }: Account, keys?: ReturnType<typeof dueIndexKeys>): Promise<void> {
  const raw = new DynamoDBClient(localClientOptions(test.stack.databaseUrl))
  const environments = [...test.stack.template.functions.values()].map(({ environment }) => environment)
  const TableName = environments.find(({ DOCUMENTS_TABLE }) => DOCUMENTS_TABLE)!.DOCUMENTS_TABLE!
  const change = keys
    ? {
        UpdateExpression: 'SET index1pk = :pk, index1sk = :sk',
        ExpressionAttributeValues: { ':pk': keys.index1pk, ':sk': keys.index1sk },
      }
    : { UpdateExpression: 'REMOVE index1pk, index1sk' }
  const Key = { pk: `ACCOUNT#${accountId}`, sk: 'DUE#charge' }
  await documentClient(raw).send(new UpdateCommand({ TableName, Key, ...change }))
  raw.destroy()
}

describe('the charge of a month for everybody', () => {
  it('has no run before the first of the month begins anywhere', async () => {
    await moveTo('2026-11-30T09:30:00.000Z')
    expect(await refusalOf(readRun())).toMatchObject({ status: 404, problem: { code: 'run_not_found' } })
  })

  it('begins where the month begins first, and goes around the globe with it', async () => {
    await moveTo('2026-11-30T11:30:00.000Z')
    expect(await readRun()).toMatchObject({
      ...{ status: 'open', accounts: 1, done: 1, closingScan: null },
      amounts: [{ charged: { amount: '10.00', currency: 'USD' }, short: { amount: '0.00' } }],
    })
    await moveTo('2026-11-30T23:30:00.000Z')
    expect(await readRun()).toMatchObject({ accounts: 2, done: 2, counts: { charged: 1, short: 1 } })
  })

  it('does not close when somebody was left out, and says who', async () => {
    await place(inHonolulu)
    await moveTo('2026-12-01T12:30:00.000Z')
    expect(await readRun()).toMatchObject({
      ...{ status: 'does_not_close', accounts: 2, done: 2 },
      closingScan: { findings: [{ accountId: inHonolulu.accountId, kind: 'left_out' }] },
    })
    const shown = await drawdown('run', '2026-12')
    expect(shown.exitCode).toBe(1)
    expect(shown.out).toContain('DOES NOT CLOSE')
    expect(shown.out).toContain(`${inHonolulu.accountId} left_out`)
  })

  it('charges who was left out once it is found again, and closes when everybody was looked over', async () => {
    await place(inHonolulu, dueIndexKeys('charge', inHonolulu.accountId, '2026-12-01T10:00:00.000Z'))
    await moveTo('2026-12-02T13:30:00.000Z')
    expect(await readRun()).toMatchObject({
      ...{ status: 'closed', accounts: 3, done: 3, segments: { open: 0 } },
      counts: { charged: 2, short: 1, failed: 0 },
      ...{ accountsPerSecond: expect.any(Number), expectedEnd: null },
      closingScan: { accounts: 4, counts: { charged: 2, short: 1, no_plan: 1 }, findingCount: 0 },
    })
    const listed = await test.staff.get<{ runs: object[] }>('/v1/staff/runs')
    expect(listed.runs).toMatchObject([{ period: '2026-12', status: 'closed' }])
  })

  it('is shown at the terminal, as text and as data', async () => {
    const shown = await drawdown('run', '2026-12')
    expect(shown.exitCode).toBe(0)
    expect(shown.out).toContain('3 of 3 accounts done')
    expect(shown.out).toContain('nobody was left out or charged twice')
    const asData = await drawdown('run', '2026-12', '--json')
    expect(JSON.parse(asData.out)).toEqual(await readRun())
    expect(await drawdown('run', '2027-06', '--now')).toMatchObject({ exitCode: 1 })
    expect(await drawdown('run', 'december')).toMatchObject({ exitCode: 2, out: '' })
    expect((await drawdown('run', '--help')).out).toContain('drawdown run 2026-12')
  })

  it('is for staff alone, and for months', async () => {
    expect(await refusalOf(inAuckland.owner.get('/v1/staff/runs/2026-12'))).toMatchObject({ status: 403 })
    expect(await refusalOf(inAuckland.owner.get('/v1/staff/runs'))).toMatchObject({ status: 403 })
    for (const month of ['2026-13', 'now'])
      expect(await refusalOf(test.staff.get(`/v1/staff/runs/${month}`))).toMatchObject({
        status: 400,
        problem: { code: 'request_invalid', errors: [{ field: 'period' }] },
      })
    const cursor = { cursor: 'none' }
    expect(await refusalOf(test.staff.get('/v1/staff/runs', cursor))).toMatchObject({ status: 400 })
  })
})
