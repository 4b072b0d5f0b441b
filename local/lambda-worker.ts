// One Lambda instance: a thread that loads one bundle and runs one invocation at a time.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { type ClockCell, installVirtualDate } from './virtual-date.ts'

export type InstanceData = {
  clockCell: ClockCell
  assetFolder: string
  handler: string
  functionName: string
  functionArn: string
  memoryMegabytes: number
}
export type InvocationMessage = { requestId: string; eventJson: string; timeoutMillis: number }
export type InvocationError = { errorType: string; errorMessage: string; trace: string[] }
export type InstanceMessage =
  | { kind: 'ready' }
  | { kind: 'result'; requestId: string; payloadJson: string }
  | { kind: 'error'; requestId?: string; error: InvocationError }

type Handler = (event: unknown, context: unknown) => unknown

const data = workerData as InstanceData
const port = parentPort!
const reply = (message: InstanceMessage) => port.postMessage(message)

function describe(error: unknown): InvocationError {
  if (error instanceof Error) {
    return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') }
  }
  return { errorType: 'Error', errorMessage: String(error), trace: [] }
}

async function loadHandler(): Promise<Handler> {
  const lastDot = data.handler.lastIndexOf('.')
  const module = join(data.assetFolder, data.handler.slice(0, lastDot))
  const file = ['.mjs', '.js', '.cjs'].map((extension) => module + extension).find((name) => existsSync(name))
  if (file === undefined)
    throw new Error(`Cannot find module '${data.handler.slice(0, lastDot)}' in ${data.assetFolder}`)
  const exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>
  const name = data.handler.slice(lastDot + 1)
  const handler = exported[name] ?? (exported.default as Record<string, unknown> | undefined)?.[name]
  if (typeof handler !== 'function') throw new Error(`${data.handler} is undefined or not exported`)
  return handler as Handler
}

function contextOf(message: InvocationMessage) {
  const startedAtMillis = performance.now()
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: data.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: data.functionArn,
    memoryLimitInMB: String(data.memoryMegabytes),
    awsRequestId: message.requestId,
    logGroupName: `/aws/lambda/${data.functionName}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () =>
      Math.max(0, Math.floor(message.timeoutMillis - (performance.now() - startedAtMillis))),
  }
}

async function run(handler: Handler, message: InvocationMessage): Promise<void> {
  const { requestId } = message
  try {
    const result = await handler(JSON.parse(message.eventJson), contextOf(message))
    reply({ kind: 'result', requestId, payloadJson: JSON.stringify(result ?? null) })
  } catch (error) {
    reply({ kind: 'error', requestId, error: describe(error) })
  }
}

installVirtualDate(data.clockCell)
try {
  const handler = await loadHandler()
  port.on('message', (message: InvocationMessage) => void run(handler, message))
  reply({ kind: 'ready' })
} catch (error) {
  reply({ kind: 'error', error: describe(error) })
}
