import { randomUUID } from 'node:crypto'
import { type InvocationOutcome, type LambdaInstance, startInstance } from './lambda-instance.ts'
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

type Pool = {
  definition: LocalFunction
  all: Set<LambdaInstance>
  idle: LambdaInstance[]
  waiting: (() => void)[]
}

// Real time. A thread costs some 15 to 30 MB; one that nobody used for so long goes.
const idleInstanceMillis = 60_000

/** Runs the functions of a template in worker threads: on demand, kept warm, one invocation at a time each. */
export function startLambda(options: LambdaOptions): Lambda {
  const pools = new Map<string, Pool>()
  const limit = options.instancesPerFunction ?? 4
  let running = 0
  let started = 0
  let closed = false

  const poolOf = (functionName: string): Pool => {
    const known = pools.get(functionName)
    if (known !== undefined) return known
    const definition = options.functions.get(functionName)
    if (definition === undefined) throw new Error(`there is no function ${functionName}`)
    const pool: Pool = { definition, all: new Set(), idle: [], waiting: [] }
    pools.set(functionName, pool)
    return pool
  }

  const create = ({ definition, all }: Pool): LambdaInstance => {
    const { name, arn, assetFolder, handler, memoryMegabytes } = definition
    const data = {
      clockCell: options.clockCell,
      assetFolder,
      handler,
      functionName: name,
      functionArn: arn,
      memoryMegabytes,
    }
    const environment = options.environmentOf(definition)
    const instance = startInstance({ data, environment, log: (text) => options.log(name, text) })
    all.add(instance)
    return instance
  }

  const acquire = async (pool: Pool): Promise<LambdaInstance> => {
    for (;;) {
      const warm = pool.idle.pop()
      if (warm?.alive()) return warm
      if (warm !== undefined) pool.all.delete(warm)
      else if (pool.all.size < limit) return create(pool)
      else await new Promise<void>((resolve) => pool.waiting.push(resolve))
    }
  }

  const release = (pool: Pool, instance: LambdaInstance) => {
    if (instance.alive() && !closed) {
      pool.idle.push(instance)
      retireLater(pool, instance)
    } else pool.all.delete(instance)
    pool.waiting.shift()?.()
  }

  const retirement = new WeakMap<LambdaInstance, NodeJS.Timeout>()
  const retireLater = (pool: Pool, instance: LambdaInstance) => {
    clearTimeout(retirement.get(instance))
    const timer = setTimeout(() => {
      const place = pool.idle.indexOf(instance)
      if (place < 0) return
      pool.idle.splice(place, 1)
      pool.all.delete(instance)
      void instance.stop()
    }, idleInstanceMillis)
    retirement.set(instance, timer.unref())
  }

  const invoke = async (functionName: string, event: unknown): Promise<InvocationOutcome> => {
    const pool = poolOf(functionName)
    running += 1
    started += 1
    try {
      const instance = await acquire(pool)
      const timeoutMillis = pool.definition.timeoutSeconds * 1000
      const message = { requestId: randomUUID(), eventJson: JSON.stringify(event), timeoutMillis }
      const outcome = await instance.run(message)
      release(pool, instance)
      if (!outcome.ok && !closed) options.onFailure?.(pool.definition, outcome)
      return outcome
    } finally {
      running -= 1
      options.onEnd?.()
    }
  }

  const invokeAsynchronously = async (functionName: string, event: unknown): Promise<InvocationOutcome> => {
    const { definition } = poolOf(functionName)
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
    instances: () => [...pools.values()].reduce((sum, pool) => sum + pool.all.size, 0),
    async close() {
      closed = true
      await Promise.all(
        [...pools.values()].flatMap((pool) => [...pool.all].map((instance) => instance.stop())),
      )
    },
  }
}
