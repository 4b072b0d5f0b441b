import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { makeSmallApp, type SmallApp } from './small-app.ts'

let app: SmallApp
let folder: string
const children: ChildProcess[] = []

beforeAll(() => {
  app = makeSmallApp()
})
afterAll(() => app.remove())
beforeEach(() => {
  folder = app.dataFolder()
})
afterEach(async () => {
  for (const child of children.splice(0)) await stop(child, 'SIGTERM')
})

const start = fileURLToPath(new URL('../../local/start.ts', import.meta.url))

function run(...options: string[]) {
  const child = spawn(process.execPath, [start, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  const said = { text: '' }
  const heard = new Promise<string>((resolve, reject) => {
    const listen = (text: string) => {
      said.text += text
      const url = /Start page\s+(http:\S+)\//.exec(said.text)?.[1]
      if (url !== undefined) resolve(url)
    }
    child.stdout.setEncoding('utf8').on('data', listen)
    child.stderr.setEncoding('utf8').on('data', listen)
    child.once('close', () => reject(new Error(`ended: ${said.text}`)))
  })
  heard.catch(() => undefined)
  return { child, said, url: heard }
}

const runStack = () => run('--folder', folder, '--port', '0', '--assembly', app.assemblyFolder)

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const closed = once(child, 'close')
  child.kill(signal)
  await closed
  return child.exitCode
}

test('--help explains the options', async () => {
  const { child, said } = run('--help')
  await once(child, 'close')
  expect([child.exitCode, said.text]).toEqual([0, expect.stringContaining('--port')])
})

test.each([
  ['--port', 'high'],
  ['--prot', '1'],
])('%s %s is refused with the usage', async (...options) => {
  const { child, said } = run(...options)
  await once(child, 'close')
  expect([child.exitCode, said.text]).toEqual([2, expect.stringContaining('Usage')])
})

test('a second start on the same folder says so and exits', async () => {
  const first = runStack()
  const url = await first.url
  const second = runStack()
  await once(second.child, 'close')
  expect(second.child.exitCode).toBe(1)
  expect(second.said.text).toContain(`in use by another Drawdown (process ${first.child.pid}, ${url})`)
  expect((await fetch(`${url}/local/idle`)).status).toBe(200)
})

test('a folder that is a file is said so in a sentence', async () => {
  const file = fileURLToPath(import.meta.url)
  const { child, said } = run('--folder', file, '--port', '0', '--assembly', app.assemblyFolder)
  await once(child, 'close')
  expect(child.exitCode).toBe(1)
  expect(said.text).toMatch(/^EEXIST: .*\. Choose a folder that can be written: npm start -- --folder F$/m)
  expect(said.text).not.toContain('    at ')
})

test('a port that is taken is said so', async () => {
  const first = runStack()
  const { port } = new URL(await first.url)
  const second = run('--folder', app.dataFolder(), '--port', port, '--assembly', app.assemblyFolder)
  await once(second.child, 'close')
  expect([second.child.exitCode, second.said.text]).toEqual([
    1,
    expect.stringContaining(`Port ${port} is taken`),
  ])
})

test('a stop is clean: exit 0, nothing left running, and the folder is free', async () => {
  const first = runStack()
  const url = await first.url
  expect(await stop(first.child, 'SIGTERM')).toBe(0)
  await expect(fetch(url)).rejects.toThrow()
  expect(existsSync(join(folder, 'dynamodb.pid'))).toBe(false)
  const again = runStack()
  await again.url
  expect(await stop(again.child, 'SIGINT')).toBe(0)
})

test('after a kill the database is not left behind, and everything that was accepted is done', async () => {
  app.tell('stream-waits')
  const first = runStack()
  const url = await first.url
  const texts = Array.from({ length: 12 }, (_unused, index) => `${index}`)
  await fetch(`${url}/tasks`, { method: 'POST', body: JSON.stringify([{ group: 'k', text: 'wait' }]) })
  for (const text of texts) {
    const taken = await fetch(`${url}/tasks`, {
      method: 'POST',
      body: JSON.stringify([{ group: 'k', text }]),
    })
    expect(taken.status).toBe(202)
    expect(
      (await fetch(`${url}/things/${encodeURIComponent(`THING#${text}`)}`, { method: 'POST' })).status,
    ).toBe(201)
  }
  const database = Number(readFileSync(join(folder, 'dynamodb.pid'), 'utf8'))
  await stop(first.child, 'SIGKILL')
  while (isRunning(database)) await new Promise((resolve) => setTimeout(resolve, 10))
  app.tell('stream-goes')
  app.tell('go-k')

  const second = runStack()
  const secondUrl = await second.url
  while (!(await isIdle(secondUrl))) await new Promise((resolve) => setTimeout(resolve, 20))
  const lines = app.journal()
  expect(lines.filter((line) => line.what === 'end').map((line) => line.text)).toEqual(['wait', ...texts])
  const published = lines.filter((line) => line.what === 'published').map((line) => line.thing)
  expect([...new Set(published)]).toEqual(texts.map((text) => `THING#${text}`))
})

async function isIdle(url: string): Promise<boolean> {
  const { idle } = (await (await fetch(`${url}/local/idle`)).json()) as { idle: boolean }
  return idle && app.journal().filter((line) => line.what === 'heard').length >= 12
}

function isRunning(processId: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${processId}/status`, 'utf8'))
  } catch {
    return false
  }
}
