import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type EventBridge,
  type EventBridgeRule,
  type EventBridgeTarget,
  startEventBridge,
} from '../../local/eventbridge.ts'

let folder: string
let bridge: EventBridge
let client: EventBridgeClient
let delivered: string[]

const target = (shape: Partial<EventBridgeTarget> = {}): EventBridgeTarget => ({
  id: 'queue',
  arn: 'arn:aws:sqs:us-east-1:000000000000:queue',
  deliver: async (payload) => {
    delivered.push(payload)
  },
  ...shape,
})

const rule = (shape: Partial<EventBridgeRule> = {}): EventBridgeRule => ({
  name: 'settled',
  busName: 'drawdown',
  eventPattern: { source: ['drawdown'], 'detail-type': ['top_up.settled'] },
  targets: [target()],
  ...shape,
})

async function start(rules: EventBridgeRule[]): Promise<void> {
  bridge = await startEventBridge({ folder, rules, buses: ['drawdown'] })
  client = new EventBridgeClient({
    endpoint: bridge.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  })
}

const entry = (shape: Partial<PutEventsRequestEntry> = {}): PutEventsRequestEntry => ({
  EventBusName: 'drawdown',
  Source: 'drawdown',
  DetailType: 'top_up.settled',
  Detail: JSON.stringify({ id: '1', accountId: 'acc', amount: { amount: '5.00', currency: 'USD' } }),
  ...shape,
})

const put = (...entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries: entries }))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drawdown-eventbridge-'))
  delivered = []
})

afterEach(async () => {
  client.destroy()
  await bridge.close()
  rmSync(folder, { recursive: true })
})

describe('PutEvents', () => {
  test('delivers the event in its envelope to the rules that match, and to no other', async () => {
    await start([rule(), rule({ name: 'other', eventPattern: { 'detail-type': ['plan.charged'] } })])
    const time = new Date('2026-12-01T06:00:00.250Z')
    const result = await put(entry({ Time: time, Resources: ['arn:x'] }))
    expect(result.FailedEntryCount).toBe(0)
    await bridge.waitForIdle()
    expect(delivered.map((payload) => JSON.parse(payload))).toEqual([
      {
        version: '0',
        id: result.Entries?.[0]?.EventId,
        'detail-type': 'top_up.settled',
        source: 'drawdown',
        account: '000000000000',
        time: '2026-12-01T06:00:00Z',
        region: 'us-east-1',
        resources: ['arn:x'],
        detail: { id: '1', accountId: 'acc', amount: { amount: '5.00', currency: 'USD' } },
      },
    ])
  })

  test('judges each entry for itself', async () => {
    await start([rule()])
    const result = await put(
      entry(),
      entry({ Detail: 'not json' }),
      entry({ Source: undefined }),
      entry({ Source: 'aws.sqs' }),
      entry({ EventBusName: 'unknown' }),
    )
    expect(result.FailedEntryCount).toBe(4)
    expect(result.Entries?.map((one) => one.ErrorCode)).toEqual([
      undefined,
      'MalformedDetail',
      'InvalidArgument',
      'NotAuthorizedForSourceException',
      'ResourceNotFoundException',
    ])
    await bridge.waitForIdle()
    expect(delivered).toHaveLength(1)
  })

  test('refuses more than ten entries and more than one megabyte', async () => {
    await start([])
    await expect(put(...Array.from({ length: 11 }, () => entry()))).rejects.toMatchObject({
      name: 'ValidationException',
    })
    const Detail = JSON.stringify({ text: 'x'.repeat(600_000) })
    await expect(put(entry({ Detail }), entry({ Detail }))).rejects.toThrow(/over the limit/)
    expect((await put(entry({ Detail }))).FailedEntryCount).toBe(0)
  })

  test('takes a bus by its ARN', async () => {
    await start([rule()])
    await put(entry({ EventBusName: bridge.busArn('drawdown') }))
    await bridge.waitForIdle()
    expect(delivered).toHaveLength(1)
  })
})

describe('targets', () => {
  test('get what their input says', async () => {
    const inputTransformer = {
      inputPathsMap: {
        'detail-accountId': '$.detail.accountId',
        amount: '$.detail.amount',
        none: '$.detail.none',
      },
      inputTemplate:
        '{"accountId":<detail-accountId>,"text":"Account \\"<detail-accountId>\\" of <aws.events.rule-name>","amount":<amount>,"none":<none>}',
    }
    const targets = [
      target({ id: 'a', input: '{"fixed":true}' }),
      target({ id: 'b', inputPath: '$.detail.amount' }),
      target({ id: 'c', inputTransformer }),
    ]
    await start([rule({ targets })])
    await put(entry({ Detail: JSON.stringify({ accountId: 'a"b', amount: { amount: '5.00' } }) }))
    await bridge.waitForIdle()
    expect(delivered.map((payload) => JSON.parse(payload))).toEqual(
      expect.arrayContaining([
        { fixed: true },
        { amount: '5.00' },
        { accountId: 'a"b', text: 'Account "a"b" of settled', amount: { amount: '5.00' }, none: '' },
      ]),
    )
  })

  test('get a failed delivery again, while others go on', async () => {
    let refusals = 2
    const deliver = async (payload: string) => {
      const { id } = JSON.parse(payload).detail
      if (id === 'bad' && refusals-- > 0) throw new Error('not now')
      delivered.push(id)
    }
    await start([rule({ targets: [target({ deliver })] })])
    await put(entry({ Detail: '{"id":"bad"}' }), entry({ Detail: '{"id":"good"}' }))
    expect(bridge.isIdle()).toBe(false)
    await bridge.waitForIdle()
    expect(delivered).toEqual(['good', 'bad'])
  })

  test('get after kill -9 what was accepted before', async () => {
    const program = `
      import { startEventBridge } from ${JSON.stringify(join(import.meta.dirname, '../../local/eventbridge.ts'))}
      const deliver = () => new Promise(() => {})
      const rules = [{ name: 'settled', busName: 'drawdown', eventPattern: { source: ['drawdown'] }, targets: [{ id: 'queue', arn: 'a', deliver }] }]
      const bridge = await startEventBridge({ folder: ${JSON.stringify(folder)}, rules })
      console.log(bridge.url)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [url] = await once(child.stdout, 'data')
    const sender = new EventBridgeClient({
      endpoint: String(url).trim(),
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    })
    const { Entries } = await sender.send(new PutEventsCommand({ Entries: [entry()] }))
    child.kill('SIGKILL')
    await once(child, 'exit')
    sender.destroy()
    await start([rule()])
    await bridge.waitForIdle()
    expect(delivered.map((payload) => JSON.parse(payload).id)).toEqual([Entries?.[0]?.EventId])
  })

  test('that are declared no more have their events listed as undelivered', async () => {
    await start([rule({ targets: [target({ deliver: () => Promise.reject(new Error('down')) })] })])
    await put(entry())
    await bridge.close()
    await start([])
    expect(bridge.isIdle()).toBe(true)
    expect(bridge.undelivered()).toMatchObject([{ ruleName: 'settled', targetId: 'queue' }])
  })

  test('are refused at start when a path or a placeholder is wrong', async () => {
    await start([])
    const starting = (shape: Partial<EventBridgeTarget>) =>
      startEventBridge({ folder, rules: [rule({ targets: [target(shape)] })] })
    await expect(starting({ inputPath: '$..x' })).rejects.toThrow(/JSON path/)
    await expect(starting({ inputTransformer: { inputTemplate: '{"a":<b>}' } })).rejects.toThrow(/<b>/)
    await expect(starting({ input: '{}', inputPath: '$' })).rejects.toThrow(/only one/)
  })
})
