import type { BoundaryReply } from './boundary.ts'
import type { SimulatedQueue } from './queues.ts'

/** The details by which the bus hands an account to the queue of monthly charges, as lib/constructs/plans.ts declares them. */
const SETTLES_WHAT_IS_OWED = new Set([
  'top_up.settled',
  'credit.given',
  'entry.reversed',
  'charge.refunded',
  'session.ended',
])

type Entry = { DetailType: string; Detail: string }

/** The event bus: it remembers which events it was told, and hands accounts on. */
export class SimulatedBus {
  readonly eventIds = new Set<string>()
  private readonly chargeQueue: SimulatedQueue
  private readonly watchQueue: SimulatedQueue

  constructor(chargeQueue: SimulatedQueue, watchQueue: SimulatedQueue) {
    this.chargeQueue = chargeQueue
    this.watchQueue = watchQueue
  }

  /** `PutEvents`; of a part only, the entries from `takenCount` on are turned down. */
  put(entries: readonly Entry[], takenCount = entries.length): BoundaryReply {
    for (const { DetailType, Detail } of entries.slice(0, takenCount)) {
      const { id, accountId } = JSON.parse(Detail) as { id: string; accountId: string }
      this.eventIds.add(id)
      if (SETTLES_WHAT_IS_OWED.has(DetailType)) this.chargeQueue.add(JSON.stringify({ accountId }))
      if (DetailType === 'lots.raised')
        this.watchQueue.add(`{"source":"drawdown","detail-type":"${DetailType}","detail":${Detail}}`)
    }
    const Entries = entries.map((_, index) =>
      index < takenCount
        ? { EventId: `event-${index}` }
        : { ErrorCode: 'InternalFailure', ErrorMessage: 'try again' },
    )
    return { status: 200, body: JSON.stringify({ FailedEntryCount: entries.length - takenCount, Entries }) }
  }
}
