import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { PutCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCallMaker } from '../../bench/calls.ts'
import { type CapacityMeter, startCapacityMeter } from '../../bench/capacity-meter.ts'
import { figureAsData, holds } from '../../bench/figure.ts'
import { HANDLER_FILES } from '../../bench/handlers.ts'
import { MEMORY_MEGABYTES } from '../../bench/million-cost.ts'
import {
  bounds,
  LIMITS,
  minutesOf,
  minutesOnNewTables,
  workerMillisecondsPerAccount,
} from '../../bench/run-limits.ts'
import { largestEntryBytes, unitsByItem } from '../../bench/run-units.ts'
import { documentClient } from '../../functions/edge/dynamodb.ts'
import { handlerOf, resourcesOf, synthesize, target } from '../stacks/synthesized.ts'
import { startTestDatabase, type TestDatabase } from '../support/database.ts'

const figuresSchema = z.array(
  z.strictObject({
    name: z.string().min(1),
    value: z.number(),
    unit: z.string().min(1),
    goal: z
      .string()
      .regex(/^(<=|>=) [\d.]+$/)
      .nullable(),
    holds: z.boolean(),
    how: z.string().min(1),
  }),
)

describe('npm run bench', () => {
  async function run(...options: string[]) {
    const child = spawn(process.execPath, ['bench/bench.ts', ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exit = new Promise((resolve) => child.once('exit', resolve))
    const [output, progress] = await Promise.all([text(child.stdout), text(child.stderr)])
    return { code: await exit, output, progress }
  }

  it('prints figures as data, and by what the database counts, batches and charges cost no more write units than they may', async () => {
    const { code, output, progress } = await run('--capacity', '--json')
    const figures = figuresSchema.parse(JSON.parse(output))
    expect(figures).toMatchObject([
      { name: 'write units per event, plain, batch of 100', goal: '<= 2.2', holds: true },
      { name: 'write units per event, numbered, batch of 100', goal: '<= 0.1', holds: true },
      { name: 'write units per event, numbered, batch of 1000', goal: '<= 0.06', holds: true },
      { name: 'write units per synchronous charge', goal: '<= 6', holds: true },
    ])
    for (const { name, value } of figures) {
      expect(value).toBeGreaterThan(0)
      expect(progress).toContain(name)
    }
    expect(code).toBe(0)
  })

  it('says what it does, and does not take options that it does not know', async () => {
    expect(await run('--help')).toMatchObject({ code: 0, output: expect.stringContaining('npm run bench') })
    expect(await run('--fast')).toMatchObject({ code: 2, output: '' })
    for (const options of [['walk'], ['run', '--accounts', '0'], ['run', '--capacity'], ['--accounts', '5']])
      expect(await run(...options), options.join(' ')).toMatchObject({ code: 2, output: '' })
  })
})

describe('a figure', () => {
  const figure = { name: 'ratio', value: 0.9, unit: 'ratio', how: 'test' }

  it('holds when it is as good as its goal, and without one', () => {
    expect(holds({ ...figure, goal: { atLeast: 0.9 } })).toBe(true)
    expect(holds({ ...figure, goal: { atLeast: 0.91 } })).toBe(false)
    expect(holds({ ...figure, goal: { atMost: 0.9 } })).toBe(true)
    expect(holds({ ...figure, goal: { atMost: 0.89 } })).toBe(false)
    expect(holds(figure)).toBe(true)
  })

  it('says in its data that it misses its goal', () => {
    expect(figureAsData({ ...figure, goal: { atLeast: 1 } })).toMatchObject({ goal: '>= 1', holds: false })
  })
})

describe('the units of a charge', () => {
  it('are told by item: what is put by its size, and the one that is updated by what is left of its table', () => {
    const put = (TableName: string, sk: string, bytes: number) => ({
      Put: { TableName, Item: { sk: { S: sk }, text: { S: 'x'.repeat(bytes) } } },
    })
    const update = (TableName: string) => ({ Update: { TableName, Key: {} } })
    const transaction = {
      items: [
        ...[
          update('ledger'),
          put('ledger', 'ENTRY#000000000002', 1100),
          put('ledger', 'KEY#plan:2026-12', 10),
        ],
        ...[put('documents', 'PERIOD#2026-12', 800), update('documents')],
      ],
      consumed: [
        { TableName: 'ledger', Table: { CapacityUnits: 8 } },
        {
          TableName: 'documents',
          Table: { CapacityUnits: 4 },
          GlobalSecondaryIndexes: { index1: { CapacityUnits: 2 } },
        },
      ],
    }
    expect(unitsByItem([transaction], 'ledger')).toEqual({
      ...{ HEAD: 2, entry: 4, key: 2, period: 2, due: 2, index: 2, other: 0 },
    })
    expect(largestEntryBytes([transaction])).toBe(2 + 18 + 4 + 1100)
  })
})

describe('the capacity meter', () => {
  let database: TestDatabase
  let meter: CapacityMeter
  let raw: DynamoDBClient

  beforeAll(async () => {
    database = await startTestDatabase()
    meter = await startCapacityMeter(database.endpoint)
    const credentials = { accessKeyId: database.accessKeyId, secretAccessKey: 'local' }
    raw = new DynamoDBClient({ endpoint: meter.url, region: 'us-east-1', credentials })
  })
  afterAll(async () => {
    raw.destroy()
    await meter.close()
    await database.stop()
  })

  it('counts each kilobyte of a write, twice in a transaction', async () => {
    const client = documentClient(raw)
    const put = (sk: string, bytes: number) => ({
      TableName: database.ledgerTable,
      Item: { pk: 'meter', sk, text: 'x'.repeat(bytes) },
    })
    const single = await meter.measure(() => client.send(new PutCommand(put('1', 1500))))
    expect(single).toEqual({ writeUnits: 2, readUnits: 0, calls: 1, refusedCalls: 0 })
    const TransactItems = [{ Put: put('2', 10) }, { Put: put('3', 1500) }]
    const together = await meter.measure(() => client.send(new TransactWriteCommand({ TransactItems })))
    expect(together).toEqual({ writeUnits: 6, readUnits: 0, calls: 1, refusedCalls: 0 })
    expect(single.calls).toBe(1)
  })
})

describe('the calls of the bench', () => {
  it('are numbered by their source from 1 without gaps, for each account by itself', () => {
    const calls = createCallMaker(1)
    const numbersOf = (accountId: string) =>
      calls.nextBatch(accountId, 'urn:switch:a', true, 3).map(({ sequence }) => sequence)
    expect(numbersOf('acc_one')).toEqual(['1', '2', '3'])
    expect(numbersOf('acc_two')).toEqual(['1', '2', '3'])
    expect(numbersOf('acc_one')).toEqual(['4', '5', '6'])
  })

  it('are the same for the same seed', () => {
    const batch = () => createCallMaker(5).nextBatch('acc_one', 'urn:switch:a', false, 20)
    expect(batch()).toEqual(batch())
  })
})

describe('the minutes of a run over millions', () => {
  const measured = {
    processorMillisecondsPerAccount: 10,
    foundPerSecond: 10_000,
    callsPerAccount: 10,
    ledgerUnitsPerAccount: 6,
    documentUnitsPerAccount: 4,
    indexUnitsPerAccount: 2,
  }

  it('are those of the narrowest limit, and of finding the accounts before', () => {
    expect(Object.values(bounds(measured)).map(Math.round)).toEqual([5000, 10_000, 6667, 10_000, 8000])
    expect(minutesOf(1_000_000, measured)).toBeCloseTo((200 + 100) / 60)
    expect(minutesOf(10_000_000, measured)).toBeCloseTo(50)
    // 16 partitions of 1 000 units a second.
    const crowded = { ...measured, indexUnitsPerAccount: 20 }
    expect(minutesOf(1_000_000, crowded)).toBeCloseTo((1250 + 100) / 60)
    // Whichever is more: a worker's processor, or ten calls of 10 ms for twenty accounts at once.
    expect(workerMillisecondsPerAccount(measured)).toBe(10)
    expect(workerMillisecondsPerAccount({ ...measured, callsPerAccount: 40 })).toBe(20)
    // 4 000 units a second.
    expect(minutesOnNewTables(1_000_000, measured)).toBeCloseTo((1500 + 100) / 60)
  })

  it('reckon with as many segments at once as are deployed', async () => {
    const synthesized = await synthesize()
    const followers = resourcesOf(synthesized, 'AWS::Lambda::EventSourceMapping').filter(
      ([, { Properties }]) =>
        handlerOf(synthesized.resources[target(Properties.FunctionName)!]!) === 'runs/charge-segment',
    )
    expect(followers.map(([, { Properties }]) => Properties.ScalingConfig)).toEqual([
      { MaximumConcurrency: LIMITS.segmentsAtOnce },
    ])
  })
})

describe('the bill of a million events', () => {
  it('reckons with the memory that each function is deployed with', async () => {
    const synthesized = await synthesize()
    const deployed = new Map(
      resourcesOf(synthesized, 'AWS::Lambda::Function').map(([, lambda]) => [
        handlerOf(lambda),
        lambda.Properties.MemorySize,
      ]),
    )
    for (const [name, memoryMegabytes] of Object.entries(MEMORY_MEGABYTES))
      expect(deployed.get(HANDLER_FILES[name as keyof typeof MEMORY_MEGABYTES]), name).toBe(memoryMegabytes)
  })
})
