import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createApiClient } from '../../cli/api-client.ts'

const RUN_STACK = fileURLToPath(new URL('./run-stack.ts', import.meta.url))

export type DoomedStack = Awaited<ReturnType<typeof startDoomedStack>>

/** A stack in a process of its own and a folder of its own, to be killed; another may go on in the folder. */
export async function startDoomedStack(startAt?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'drawdown-killed-'))
  const args = startAt === undefined ? [RUN_STACK, folder] : [RUN_STACK, folder, startAt]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(createInterface(child.stdout!), 'line')
  const { apiUrl, staffToken, usageToken } = JSON.parse(line) as Record<string, string>
  const clientWith = (token: string) => createApiClient(apiUrl!, () => Promise.resolve(token))

  /** kill -9 of the stack and of its database, which is a process of its own. */
  async function kill() {
    if (child.exitCode !== null || child.signalCode !== null) return
    const databaseProcess = Number(readFileSync(join(folder, 'dynamodb.pid'), 'utf8'))
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    process.kill(databaseProcess, 'SIGKILL')
    await gone
  }

  /** Asks for the clock to be moved; what is due on the way may outlive the stack, so nobody waits for it. */
  function beginMoveTo(now: string): void {
    const request = { method: 'POST', body: JSON.stringify({ now }) }
    fetch(new URL('/local/clock', apiUrl), request).catch(() => undefined)
  }

  async function remove() {
    await kill()
    await rm(folder, { recursive: true, force: true })
  }
  return { folder, staff: clientWith(staffToken!), usage: clientWith(usageToken!), beginMoveTo, kill, remove }
}
