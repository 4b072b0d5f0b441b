import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { InstanceData, InstanceMessage, InvocationError, InvocationMessage } from './lambda-worker.ts'

export type InvocationOutcome = { ok: true; payloadJson: string } | { ok: false; error: InvocationError }

export type LambdaInstance = {
  /** Runs one invocation; the caller runs no second one before this has resolved. Never rejects. */
  run(message: InvocationMessage): Promise<InvocationOutcome>
  /** False once the thread has ended: it takes no further invocation. */
  alive(): boolean
  stop(): Promise<void>
}

const failure = (errorType: string, errorMessage: string): InvocationOutcome => ({
  ok: false,
  error: { errorType, errorMessage, trace: [] },
})

// Code, modules and the SDK live in the same heap as the handler's data here, so a small function gets more than its setting.
const smallestHeapMegabytes = 256

/** Starts a thread for one function. It loads the bundle at once; the first invocation waits for that. */
export function startInstance(options: {
  data: InstanceData
  environment: Record<string, string>
  log(text: string): void
}): LambdaInstance {
  const { data, environment, log } = options
  const worker = new Worker(new URL('./lambda-worker.ts', import.meta.url), {
    workerData: data,
    // What was compiled once is kept beside the bundles, for the next instance and the next stack.
    env: { NODE_COMPILE_CACHE: join(dirname(data.assetFolder), 'compile-cache'), ...environment },
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: {
      maxYoungGenerationSizeMb: 16,
      maxOldGenerationSizeMb: Math.max(data.memoryMegabytes, smallestHeapMegabytes),
    },
  })
  worker.stdout.setEncoding('utf8').on('data', log)
  worker.stderr.setEncoding('utf8').on('data', log)

  let finish: ((outcome: InvocationOutcome) => void) | undefined
  let end: InvocationOutcome | undefined
  const settle = (outcome: InvocationOutcome) => {
    finish?.(outcome)
    finish = undefined
  }
  const die = (outcome: InvocationOutcome) => {
    end ??= outcome
    settle(outcome)
  }
  worker.on('message', (message: InstanceMessage) => {
    if (message.kind === 'result') settle({ ok: true, payloadJson: message.payloadJson })
    if (message.kind === 'error') {
      const outcome: InvocationOutcome = { ok: false, error: message.error }
      if (message.requestId !== undefined) settle(outcome)
      else {
        die(outcome)
        void worker.terminate()
      }
    }
  })
  // An exception nobody caught, or a rejected promise nobody awaited, ends the instance as it does on Lambda.
  worker.on('error', (error: unknown) => {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
    die({ ok: false, error: { errorType: name, errorMessage: message, trace: (stack ?? '').split('\n') } })
  })
  worker.on('exit', (code) => die(failure('Runtime.ExitError', `the instance ended with exit code ${code}`)))

  return {
    alive: () => end === undefined,
    async stop() {
      die(failure('Runtime.Stopped', 'the stack is stopping'))
      await worker.terminate()
    },
    run: (message) =>
      new Promise((resolve) => {
        if (end !== undefined) return resolve(end)
        const seconds = message.timeoutMillis / 1000
        const timer = setTimeout(() => {
          die(failure('Sandbox.Timedout', `Task timed out after ${seconds.toFixed(2)} seconds`))
          void worker.terminate()
        }, message.timeoutMillis)
        finish = (outcome) => {
          clearTimeout(timer)
          resolve(outcome)
        }
        worker.postMessage(message)
      }),
  }
}
