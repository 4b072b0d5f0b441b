import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import type { LocalTable } from './template.ts'

export type DynamoDb = {
  url: string
  /** Ends the database's process; resolves when it is gone. */
  close(): Promise<void>
}

/** What any client of the stack's database says: the region and keys are names only. */
export const localClientOptions = (url: string) => ({
  endpoint: url,
  region: 'us-east-1',
  // The database stamps its answers with real time, which says nothing about the stack's own clock.
  disableClockSkewCorrection: true,
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
})

const binary = fileURLToPath(new URL('../node_modules/@dynoxide/linux-x64/dynoxide', import.meta.url))

/**
 * Starts the embedded DynamoDB and waits till it answers. With a folder the data is in `dynamodb.sqlite` there and
 * `dynamodb.pid` names the process, so that one left behind by a stack that was killed together with its guard is found and ended first; without a folder it is in
 * memory. `DYNAMODB_ENDPOINT` names a database that runs already, and nothing is started.
 */
export async function startDynamoDb(options: { folder?: string; port?: number } = {}): Promise<DynamoDb> {
  const given = process.env.DYNAMODB_ENDPOINT
  if (given !== undefined && given !== '') {
    await untilItAnswers(given, () => undefined)
    return { url: given, close: () => Promise.resolve() }
  }
  if (!existsSync(binary)) {
    throw new Error(
      'The embedded DynamoDB runs on linux-x64 alone. Start DynamoDB Local and set DYNAMODB_ENDPOINT to its URL, e.g. http://127.0.0.1:8000',
    )
  }
  const files = options.folder === undefined ? undefined : filesIn(options.folder)
  if (files !== undefined) await endOrphan(files)
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startProcess(options.port ?? (await freePort()), files)
    } catch (error) {
      // Between finding a free port and taking it, somebody else may have taken it.
      if (attempt === 3) throw error
    }
  }
}

type Files = { database: string; pid: string }
const filesIn = (folder: string): Files => ({
  database: join(folder, 'dynamodb.sqlite'),
  pid: join(folder, 'dynamodb.pid'),
})

async function startProcess(port: number, files: Files | undefined): Promise<DynamoDb> {
  const location = files === undefined ? [] : ['--db-path', files.database]
  const child = spawn(binary, ['serve', '--port', String(port), ...location], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own, so that Ctrl-C reaches the stack alone, which ends the database last.
    detached: true,
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000)
  })
  if (files !== undefined && child.pid !== undefined) writeFileSync(files.pid, String(child.pid))
  child.unref()
  const guard = guardOf(child)
  const url = `http://127.0.0.1:${port}`
  const ended = () => (child.exitCode === null && child.signalCode === null ? undefined : complaint.trim())
  try {
    await untilItAnswers(url, ended)
  } catch (error) {
    guard.kill('SIGKILL')
    child.kill('SIGKILL')
    throw error
  }
  return { url, close: () => end(child, guard, files) }
}

/**
 * Ends the database when this process dies, however it dies: the guard waits on a pipe that only this process holds open.
 */
function guardOf(child: ChildProcess): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', `cat > /dev/null; kill -9 ${child.pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.unref()
  // The pipe must not keep this process alive.
  if (guard.stdin && 'unref' in guard.stdin) (guard.stdin as Socket).unref()
  return guard
}

async function untilItAnswers(url: string, ended: () => string | undefined): Promise<void> {
  const client = new DynamoDBClient({ ...localClientOptions(url), maxAttempts: 1 })
  const deadlineMillis = performance.now() + 15_000
  for (;;) {
    const complaint = ended()
    if (complaint !== undefined) throw new Error(`The embedded DynamoDB ended: ${complaint}`)
    try {
      await client.send(new ListTablesCommand({}))
      client.destroy()
      return
    } catch (error) {
      if (performance.now() > deadlineMillis)
        throw new Error(`DynamoDB at ${url} does not answer`, { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 15))
    }
  }
}

async function end(child: ChildProcess, guard: ChildProcess, files: Files | undefined): Promise<void> {
  guard.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const impatience = setTimeout(() => child.kill('SIGKILL'), 3000)
    await gone
    clearTimeout(impatience)
  }
  child.stderr?.destroy()
  if (files !== undefined) rmSync(files.pid, { force: true })
}

async function endOrphan(files: Files): Promise<void> {
  if (!existsSync(files.pid)) return
  const pid = Number(readFileSync(files.pid, 'utf8'))
  // The number may belong to another program by now: it is ours only if its command line names our database.
  while (Number.isInteger(pid) && pid > 1 && commandLineOf(pid).includes(files.database)) {
    process.kill(pid, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  rmSync(files.pid, { force: true })
}

function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** Makes the tables that the database does not have yet; one that is there stays as it is. */
export async function createMissingTables(url: string, tables: readonly LocalTable[]): Promise<void> {
  const client = new DynamoDBClient(localClientOptions(url))
  const { TableNames = [] } = await client.send(new ListTablesCommand({}))
  for (const table of tables.filter(({ name }) => !TableNames.includes(name))) {
    await client.send(
      new CreateTableCommand({
        TableName: table.name,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: table.keySchema,
        AttributeDefinitions: table.attributeDefinitions,
        ...(table.globalSecondaryIndexes.length === 0
          ? {}
          : { GlobalSecondaryIndexes: table.globalSecondaryIndexes }),
        ...(table.streamViewType === undefined
          ? {}
          : { StreamSpecification: { StreamEnabled: true, StreamViewType: table.streamViewType } }),
      }),
    )
  }
  client.destroy()
}
