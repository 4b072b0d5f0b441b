import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** Debian's package `chromium`; the tests that need a browser say so and skip where it is missing. */
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
export const hasChromium = existsSync(CHROMIUM)

const PATIENCE_MILLISECONDS = 60_000
const LOOK_AGAIN_MILLISECONDS = 50

type Answer = {
  id?: number
  method?: string
  params?: Record<string, unknown>
  result?: unknown
  error?: { message: string }
}

export type Tab = Awaited<ReturnType<typeof openTab>>

/** A browser with a profile of its own, spoken to by the Chrome DevTools Protocol. */
export async function startBrowser() {
  const profile = await mkdtemp(join(tmpdir(), 'drawdown-browser-'))
  const flags = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--no-first-run',
  ]
  const chromium = spawn(
    CHROMIUM,
    [...flags, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
    {
      stdio: 'ignore',
    },
  )
  const kill = () => chromium.kill()
  process.once('exit', kill)

  async function stop() {
    process.off('exit', kill)
    const ended = new Promise((resolve) => chromium.once('exit', resolve))
    if (chromium.exitCode === null && chromium.kill()) await ended
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }

  try {
    const [target] = await fetchTargets(await readPort(profile, chromium))
    return { tab: await openTab(target!.webSocketDebuggerUrl), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function readPort(profile: string, chromium: ChildProcess): Promise<number> {
  const until = Date.now() + PATIENCE_MILLISECONDS
  while (Date.now() < until && chromium.exitCode === null) {
    const text = await readFile(join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '')
    if (text.includes('\n')) return Number(text.split('\n')[0])
    await pause(LOOK_AGAIN_MILLISECONDS)
  }
  throw new Error(`${CHROMIUM} did not start`)
}

async function fetchTargets(port: number): Promise<{ webSocketDebuggerUrl: string }[]> {
  const response = await fetch(`http://127.0.0.1:${port}/json/list`)
  const targets = (await response.json()) as { type: string; webSocketDebuggerUrl: string }[]
  return targets.filter(({ type }) => type === 'page')
}

async function openTab(address: string) {
  const socket = new WebSocket(address)
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = () => reject(new Error('the browser takes no connection'))
  })
  const waiting = new Map<number, (answer: Answer) => void>()
  /** What the page complained of: refusals of its policy, and errors that nobody caught. */
  const complaints: string[] = []
  socket.onmessage = ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer)
    if (answer.method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(answer.params))
    if (answer.method === 'Log.entryAdded') complaints.push(...securityEntries(answer.params))
  }
  let count = 0

  function send<Result>(method: string, params: object = {}): Promise<Result> {
    count += 1
    const id = count
    return new Promise((resolve, reject) => {
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id)
        if (error) reject(new Error(`${method}: ${error.message}`))
        else resolve(result as Result)
      })
      socket.send(JSON.stringify({ id, method, params }))
    })
  }

  for (const domain of ['Page', 'Runtime', 'Log']) await send(`${domain}.enable`)

  /** The value of an expression in the page; a promise is waited for. */
  async function evaluate<Value>(expression: string): Promise<Value> {
    const asked = { expression, awaitPromise: true, returnByValue: true, userGesture: true }
    const { result, exceptionDetails } = await send<{
      result: { value: Value }
      exceptionDetails?: { exception?: { description?: string }; text: string }
    }>('Runtime.evaluate', asked)
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  /** Waits until an expression is true; while the page is being changed for another it is not. */
  async function waitFor(expression: string): Promise<void> {
    const until = Date.now() + PATIENCE_MILLISECONDS
    for (;;) {
      if (await evaluate<boolean>(`Boolean(${expression})`).catch(() => false)) return
      if (Date.now() > until) throw new Error(`${expression} never came; the page shows:\n${await read()}`)
      await pause(LOOK_AGAIN_MILLISECONDS)
    }
  }

  const read = () =>
    evaluate<string>("location.href + '\\n' + document.body.innerText").catch(() => 'nothing')

  /** Presses what has these words, once it is there, as a person does who sees it. */
  async function press(words: string): Promise<void> {
    const isIt = `(one) => one.checkVisibility() && !one.disabled && one.textContent.trim() === ${JSON.stringify(words)}`
    const found = `[...document.querySelectorAll('button, a, summary')].find(${isIt})`
    await waitFor(`((one) => one && (one.click(), true))(${found})`)
  }

  const shows = (text: string) => waitFor(`document.body.innerText.includes(${JSON.stringify(text)})`)

  return {
    ...{ send, evaluate, waitFor, read, press, shows, complaints },
    open: (url: string) => send('Page.navigate', { url }),
    async screenshot(size: { width: number; height: number; isDark?: boolean }): Promise<Buffer> {
      const { width, height, isDark = false } = size
      await send('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: width < 600,
      })
      await send('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: isDark ? 'dark' : 'light' }],
      })
      const { data } = await send<{ data: string }>('Page.captureScreenshot', { captureBeyondViewport: true })
      return Buffer.from(data, 'base64')
    },
  }
}

function securityEntries(params: Record<string, unknown> | undefined): string[] {
  const { entry } = params as { entry: { source: string; text: string } }
  return entry.source === 'security' ? [entry.text] : []
}
