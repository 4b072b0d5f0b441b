import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type LocalStack, startLocalStack } from '../../local/stack.ts'
import { makeSmallApp, type SmallApp } from './small-app.ts'

let app: SmallApp
let folder: string
let stack: LocalStack

beforeAll(() => {
  app = makeSmallApp()
})
afterAll(() => app.remove())

const start = (startAt?: string) =>
  startLocalStack({ folder, port: 0, quiet: true, assemblyFolder: app.assemblyFolder, startAt })
const post = (
  path: string,
  body: string,
  headers: Record<string, string> = { 'content-type': 'text/plain' },
) => fetch(stack.apiUrl + path, { method: 'POST', body, headers })
const postTasks = (tasks: { group: string; text: string }[]) => post('/tasks', JSON.stringify(tasks))
const linesOf = (what: string, from = 0) =>
  app
    .journal()
    .slice(from)
    .filter((line) => line.what === what)

beforeEach(async () => {
  folder = app.dataFolder()
  stack = await start('2026-11-20T10:15:00Z')
})
afterEach(() => stack.close())

describe('time', () => {
  test('functions and this process see the same virtual time', async () => {
    const { now } = (await (await post('/behave', 'time')).json()) as { now: string }
    expect(now.slice(0, 16)).toBe('2026-11-20T10:15')
    expect(new Date().toISOString().slice(0, 16)).toBe('2026-11-20T10:15')
  })

  test('moving the clock fires every due schedule in order, each at its own instant', async () => {
    const before = app.journal().length
    await stack.clock.advanceTo('2026-11-21T08:00:00Z')
    const ticks = linesOf('tick', before)
    expect(ticks.map((tick) => tick.at)).toEqual([
      ...hours('2026-11-20T11', 20),
      '2026-11-21T06:30:00Z',
      '2026-11-21T07:00:00Z',
      '2026-11-21T08:00:00Z',
    ])
    expect(ticks.map((tick) => `${String(tick.now).slice(0, 19)}Z`)).toEqual(ticks.map((tick) => tick.at))
    expect(stack.clock.now().toISOString().slice(0, 19)).toBe('2026-11-21T08:00:00')
  })

  test('a stack that slept makes up for the last day, late', async () => {
    const before = app.journal().length
    await stack.clock.sleepUntil('2026-11-23T08:30:00Z')
    const ticks = linesOf('tick', before)
    expect(ticks.filter(({ at }) => !String(at).includes(':30')).map(({ at }) => at)).toEqual([
      ...hours('2026-11-22T09', 24),
    ])
    expect(ticks.filter(({ at }) => String(at).includes(':30'))).toHaveLength(3)
    expect(new Set(ticks.map(({ now }) => String(now).slice(0, 16)))).toEqual(new Set(['2026-11-23T08:30']))
  })

  test('a firing missed while the stack was down happens after restart', async () => {
    await stack.close()
    const before = app.journal().length
    // The folder now believes that its last firing was three hours ago.
    const { readFileSync, writeFileSync } = await import('node:fs')
    const clockFile = `${folder}/clock.json`
    const kept = JSON.parse(readFileSync(clockFile, 'utf8')) as { aheadOfRealTimeMillis: number }
    writeFileSync(
      clockFile,
      JSON.stringify({ aheadOfRealTimeMillis: kept.aheadOfRealTimeMillis + 3 * 3_600_000 }),
    )
    stack = await start()
    await stack.waitUntilIdle()
    expect(linesOf('tick', before).map((tick) => tick.at)).toEqual(hours('2026-11-20T11', 3))
  })

  test('time goes on where it was after a restart', async () => {
    await stack.clock.advanceTo('2026-11-21T18:00:00Z')
    await stack.close()
    stack = await start('2020-01-01T00:00:00Z')
    expect(stack.clock.now().toISOString().slice(0, 13)).toBe('2026-11-21T18')
  })

  test('a move waits for what a firing brings about', async () => {
    app.tell('tick-waits')
    const before = app.journal().length
    let hasMoved = false
    const moved = stack.clock.advanceTo('2026-11-20T11:00:30Z').then(() => {
      hasMoved = true
    })
    await untilRunning()
    expect([hasMoved, linesOf('tick', before).length]).toEqual([false, 0])
    app.tell('tick-goes')
    await moved
    expect(linesOf('tick', before)).toHaveLength(1)
    app.untell('tick-waits')
    app.untell('tick-goes')
  })
})

async function untilRunning(): Promise<void> {
  while (stack.lambda.running() === 0) await new Promise((resolve) => setTimeout(resolve, 2))
}

function hours(first: string, count: number): string[] {
  const start = Date.parse(`${first}:00:00Z`)
  return Array.from(
    { length: count },
    (_unused, index) => `${new Date(start + index * 3_600_000).toISOString().slice(0, 19)}Z`,
  )
}

describe('queues', () => {
  test('a FIFO group is never processed by two workers at once', async () => {
    const before = app.journal().length
    const groups = ['a', 'b', 'c', 'd', 'e']
    for (let round = 0; round < 4; round += 1) {
      await postTasks(groups.map((group) => ({ group, text: `${round}` })))
    }
    await stack.waitUntilIdle()
    for (const group of groups) {
      const lines = app
        .journal()
        .slice(before)
        .filter((line) => line.group === group)
      expect(lines.map((line) => `${line.what} ${line.text}`)).toEqual(
        [0, 1, 2, 3].flatMap((round) => [`begin ${round}`, `end ${round}`]),
      )
    }
  })

  test('a group that waits does not hold up another', async () => {
    const before = app.journal().length
    await postTasks([{ group: 'slow', text: 'wait' }])
    await untilRunning()
    await postTasks([{ group: 'quick', text: 'now' }])
    while (
      !app
        .journal()
        .slice(before)
        .some((line) => line.group === 'quick' && line.what === 'end')
    ) {
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(linesOf('end', before).map((line) => line.group)).toEqual(['quick'])
    app.tell('go-slow')
    await stack.waitUntilIdle()
    expect(linesOf('end', before).map((line) => line.group)).toEqual(['quick', 'slow'])
  })

  test('what fails again and again ends in the dead-letter queue, and can be sent back from there', async () => {
    const before = app.journal().length
    await postTasks([
      { group: 'f', text: 'fail-1' },
      { group: 'f', text: 'after-1' },
    ])
    await stack.waitUntilIdle()
    const begun = linesOf('begin', before).map((line) => line.text)
    expect(begun.filter((text) => text === 'fail-1')).toHaveLength(3)
    expect(begun.at(-1)).toBe('after-1')
    const dead = stack.template.queues.find((queue) => queue.name.includes('DeadTasks'))!.name
    expect(stack.sqs.depth(dead).visible).toBe(1)
    app.tell('mended')
    const answer = await post('/local/queues', JSON.stringify({ redrive: dead }), {
      'content-type': 'application/json',
    })
    expect(await answer.json()).toEqual({ moved: 1 })
    await stack.waitUntilIdle()
    expect(linesOf('end', before).at(-1)?.text).toBe('fail-1')
    expect(stack.sqs.depth(dead).visible).toBe(0)
    app.untell('mended')
  })
})

describe('streams', () => {
  test('what is written reaches the follower in order, the bus, and who listens there', async () => {
    const before = app.journal().length
    const things = Array.from({ length: 25 }, (_unused, index) => `THING#${String(index).padStart(2, '0')}`)
    for (const thing of things) await post(`/things/${encodeURIComponent(thing)}`, '')
    await post('/things/OTHER', '')
    await stack.waitUntilIdle()
    expect(linesOf('published', before).map((line) => line.thing)).toEqual(things)
    expect(
      linesOf('heard', before)
        .map((line) => line.thing)
        .sort(),
    ).toEqual(things)
  })

  test('a poisonous record ends alone in the dead-letter queue, and the rest goes through in order', async () => {
    const before = app.journal().length
    app.tell('stream-waits')
    const things = ['THING#1', 'THING#2', 'THING#poison', 'THING#4', 'THING#5']
    for (const thing of things) await post(`/things/${encodeURIComponent(thing)}`, '')
    app.tell('stream-goes')
    await stack.waitUntilIdle()
    const published = linesOf('published', before).map((line) => line.thing)
    expect(published).toEqual(things.filter((thing) => !thing.includes('poison')))
    const lost = stack.template.queues.find((queue) => queue.name.includes('LostThings'))!.name
    const [message] = stack.sqs.receive(lost)
    const { DDBStreamBatchInfo } = JSON.parse(message!.body) as { DDBStreamBatchInfo: { batchSize: number } }
    expect(DDBStreamBatchInfo.batchSize).toBe(1)
    app.untell('stream-waits')
    app.untell('stream-goes')
  })

  test('a record that a partial failure names is where the next attempt begins', async () => {
    const before = app.journal().length
    app.tell('stream-waits')
    for (const thing of ['THING#1', 'THING#2', 'THING#bad', 'THING#4']) {
      await post(`/things/${encodeURIComponent(thing)}`, '')
    }
    app.tell('stream-goes')
    while (!linesOf('follow', before).some((line) => (line.things as string[])[0] === 'THING#bad')) {
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    app.tell('mended')
    await stack.waitUntilIdle()
    expect(linesOf('published', before).map((line) => line.thing)).toEqual([
      'THING#1',
      'THING#2',
      'THING#bad',
      'THING#4',
    ])
    for (const word of ['stream-waits', 'stream-goes', 'mended']) app.untell(word)
  })

  test('what was delivered before a restart is not delivered again, and what was not is', async () => {
    await post('/things/THING%23before', '')
    await stack.waitUntilIdle()
    const before = app.journal().length
    await stack.close()
    stack = await start()
    await post('/things/THING%23after', '')
    await stack.waitUntilIdle()
    expect(linesOf('published', before).map((line) => line.thing)).toEqual(['THING#after'])
  })
})
