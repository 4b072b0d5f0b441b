import { randomUUID } from 'node:crypto'
import { type InvocationOutcome, startInstance } from './lambda-instance.ts'
import { LambdaPool } from './lambda-pool.ts'
import type { LocalFunction } from './template.ts'
import type { ClockCell } from './virtual-date.ts'

export type { InvocationOutcome } from './lambda-instance.ts'

export type LambdaOptions = {
  functions: ReadonlyMap<string, LocalFunction>
  clockCell: ClockCell
  /** What a function's environment is, given its template environment. */
  environmentOf(definition: LocalFunction): Record<string, string>
  /** What a function printed, as it came. */
  log(functionName: string, text: string): void
  /** Told of every invocation that failed. */
  onFailure?(definition: LocalFunction, outcome: InvocationOutcome & { ok: false }): void
  /** Told whenever an invocation has ended, in whatever way. */
  onEnd?(): void
  /** What becomes of an asynchronous event that failed for good. */
  onAsynchronousFailure?(definition: LocalFunction, eventJson: string, errorMessage: string): void
  /** How many instances of one function may run at once; 4 unless told otherwise. */
  instancesPerFunction?: number
}

export type Lambda = {
  /** Runs a function and waits; more callers than instances queue up in order. Never rejects. */
  invoke(functionName: string, event: unknown): Promise<InvocationOutcome>
  /** As an event source that does not wait: tried again as often as the function allows, at once. */
  invokeAsynchronously(functionName: string, event: unknown): Promise<InvocationOutcome>
  /** Invocations that run or wait now. */
  running(): number
  /** How many invocations ever started; two equal readings mean that nothing started between. */
  started(): number
  instances(): number
  close(): Promise<void>
}

type Entry = { definition: LocalFunction; pool: LambdaPool }

/** Runs the functions of a template in worker threads: on demand, kept warm, one invocation at a time each. */
export function startLambda(options: LambdaOptions): Lambda {
  const entries = new Map<string, Entry>()
  let running = 0
  let started = 0
  let closed = false

  const entryOf = (functionName: string): Entry => {
    const known = entries.get(functionName)
    if (known !== undefined) return known
    const definition = options.functions.get(functionName)
    if (definition === undefined) throw new Error(`there is no function ${functionName}`)
    const entry = { definition, pool: poolOf(definition, options) }
    entries.set(functionName, entry)
    return entry
  }

  const invoke = async (functionName: string, event: unknown): Promise<InvocationOutcome> => {
    const { definition, pool } = entryOf(functionName)
    running += 1
    started += 1
    try {
      const instance = await pool.acquire()
      const timeoutMillis = definition.timeoutSeconds * 1000
      const outcome = await instance.run({
        requestId: randomUUID(),
        eventJson: JSON.stringify(event),
        timeoutMillis,
      })
      pool.release(instance)
      if (!outcome.ok && !closed) options.onFailure?.(definition, outcome)
      return outcome
    } finally {
      running -= 1
      options.onEnd?.()
    }
  }

  const invokeAsynchronously = async (functionName: string, event: unknown): Promise<InvocationOutcome> => {
    const { definition } = entryOf(functionName)
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await invoke(functionName, event)
      if (outcome.ok || closed) return outcome
      if (attempt >= definition.asynchronousRetries) {
        options.onAsynchronousFailure?.(definition, JSON.stringify(event), outcome.error.errorMessage)
        return outcome
      }
    }
  }

  return {
    invoke,
    invokeAsynchronously,
    running: () => running,
    started: () => started,
    instances: () => [...entries.values()].reduce((sum, { pool }) => sum + pool.size, 0),
    async close() {
      closed = true
      await Promise.all([...entries.values()].map(({ pool }) => pool.close()))
    },
  }
}

function poolOf(definition: LocalFunction, options: LambdaOptions): LambdaPool {
  const { name, arn, assetFolder, handler, memoryMegabytes } = definition
  const { clockCell, log } = options
  const data = { clockCell, assetFolder, handler, functionName: name, functionArn: arn, memoryMegabytes }
  const create = () =>
    startInstance({ data, environment: options.environmentOf(definition), log: (text) => log(name, text) })
  return new LambdaPool(create, options.instancesPerFunction ?? 4)
}
