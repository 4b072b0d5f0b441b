import { checksAutoTopUp, settlesWhatIsOwed } from '../../lib/constructs/event-triggers.ts'
import type { BoundaryReply } from './boundary.ts'
import type { SimulatedQueue } from './queues.ts'

const SETTLES_WHAT_IS_OWED = new Set<string>(settlesWhatIsOwed)
const CHECKS_AUTO_TOP_UP = new Set<string>(checksAutoTopUp)

type Queues = Record<'chargeQueue' | 'watchQueue' | 'checkQueue', SimulatedQueue>
type Entry = { DetailType: string; Detail: string }

/** The event bus: it remembers which events it was told, and hands accounts on. */
export class SimulatedBus {
  readonly eventIds = new Set<string>()
  private readonly queues: Queues

  constructor(queues: Queues) {
    this.queues = queues
  }

  /** `PutEvents`; of a part only, the entries from `takenCount` on are turned down. */
  put(entries: readonly Entry[], takenCount = entries.length): BoundaryReply {
    const { chargeQueue, watchQueue, checkQueue } = this.queues
    for (const { DetailType, Detail } of entries.slice(0, takenCount)) {
      const { id, accountId } = JSON.parse(Detail) as { id: string; accountId: string }
      this.eventIds.add(id)
      if (SETTLES_WHAT_IS_OWED.has(DetailType)) chargeQueue.add(JSON.stringify({ accountId }))
      const event = `{"source":"drawdown","detail-type":"${DetailType}","detail":${Detail}}`
      if (DetailType === 'lots.raised') watchQueue.add(event)
      if (CHECKS_AUTO_TOP_UP.has(DetailType)) checkQueue.add(event)
    }
    const Entries = entries.map((_, index) =>
      index < takenCount
        ? { EventId: `event-${index}` }
        : { ErrorCode: 'InternalFailure', ErrorMessage: 'try again' },
    )
    return { status: 200, body: JSON.stringify({ FailedEntryCount: entries.length - takenCount, Entries }) }
  }
}
