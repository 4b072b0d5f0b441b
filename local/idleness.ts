import type { EventBridge } from './eventbridge.ts'
import type { Lambda } from './lambda.ts'
import type { Idleness } from './pages.ts'
import type { Scheduler } from './scheduler.ts'
import type { Sqs } from './sqs.ts'
import type { Streams } from './streams.ts'
import type { RunningStripe } from './stripe.ts'

type Parts = {
  lambda: Lambda
  sqs: Sqs
  queueNames: readonly string[]
  eventBridge: EventBridge
  stripe: RunningStripe
  streams(): Streams | undefined
  scheduler(): Scheduler | undefined
}

const longestWaitMillis = 300_000

/** What is under way now. Messages in dead-letter queues wait for a person and do not count. */
export function idlenessOf(parts: Parts): Idleness {
  const { sqs } = parts
  const busyQueues = sqs.isIdle()
    ? []
    : parts.queueNames.filter((name) => {
        const { visible, inFlight } = sqs.depth(name)
        return !sqs.holdsFailures(name) && visible + inFlight > 0
      })
  const state = {
    runningInvocations: parts.lambda.running(),
    deliveringStreams: parts.streams()?.isDelivering() ?? false,
    firingSchedules: parts.scheduler()?.isFiring() ?? false,
    waitingEvents: !parts.eventBridge.isIdle(),
    waitingWebhooks: !parts.stripe.isIdle(),
    busyQueues,
  }
  const idle =
    state.runningInvocations === 0 &&
    !state.deliveringStreams &&
    !state.firingSchedules &&
    !state.waitingEvents &&
    !state.waitingWebhooks &&
    busyQueues.length === 0
  return { idle, ...state }
}

/**
 * Resolves when nothing runs or waits and every stream is read to its end, so that nothing more happens unless somebody asks or time
 * passes. Throws, naming what does not come to rest, after five minutes.
 */
export async function waitUntilIdle(parts: Parts): Promise<void> {
  const deadline = performance.now() + longestWaitMillis
  for (;;) {
    const startedBefore = parts.lambda.started()
    if (idlenessOf(parts).idle) {
      await parts.streams()?.untilDelivered()
      if (idlenessOf(parts).idle && parts.lambda.started() === startedBefore) return
    } else {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    if (performance.now() > deadline) {
      throw new Error(`the stack does not come to rest: ${JSON.stringify(idlenessOf(parts))}`)
    }
  }
}
