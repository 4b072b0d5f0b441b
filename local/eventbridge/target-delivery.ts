import type { EventBridgeTarget } from './bus.types.ts'
import type { DeliveryJournal } from './delivery-journal.ts'

const firstRetryMilliseconds = 100
const longestRetryMilliseconds = 60_000
/** As many as EventBridge makes by default before it gives an event up. */
const mostAttempts = 185

export type TargetDelivery = { wake(): void; close(): Promise<void> }

/**
 * Delivers a target's share of the journal, one after the other in the order of acceptance. A delivery that fails steps aside and is
 * retried with backoff, so that it never holds up the others. A row leaves the journal only after its delivery: at least once.
 */
export function startTargetDelivery(
  journal: DeliveryJournal,
  ruleName: string,
  target: EventBridgeTarget,
  onSettled: () => void,
): TargetDelivery {
  let running: Promise<void> | undefined
  let isClosed = false
  let retryTimer: NodeJS.Timeout | undefined

  const run = async () => {
    for (;;) {
      const delivery = isClosed ? undefined : journal.next(ruleName, target.id, performance.now())
      if (!delivery) return
      const failure = await target.deliver(delivery.payloadJson).then(
        () => undefined,
        (error: unknown) => ({ reason: String(error) }),
      )
      const attempts = delivery.attempts + 1
      if (!failure) journal.remove(delivery.sequence)
      else if (attempts >= mostAttempts) journal.giveUp(delivery.sequence, attempts, failure.reason)
      else journal.postpone(delivery.sequence, attempts, performance.now() + retryDelayMilliseconds(attempts))
      onSettled()
    }
  }

  const wake = () => {
    if (running || isClosed) return
    clearTimeout(retryTimer)
    running = run().then(() => {
      running = undefined
      const retryAt = isClosed ? undefined : journal.nextRetryAt(ruleName, target.id)
      if (retryAt !== undefined) retryTimer = setTimeout(wake, Math.max(0, retryAt - performance.now()))
    })
  }

  return {
    wake,
    close: async () => {
      isClosed = true
      clearTimeout(retryTimer)
      await running
    },
  }
}

function retryDelayMilliseconds(attempts: number): number {
  return Math.min(longestRetryMilliseconds, firstRetryMilliseconds * 2 ** Math.min(attempts - 1, 20))
}
