import type { BoundaryReply } from './boundary.ts'
import type { SimulatedQueue } from './queues.ts'

/** The details by which the bus hands an account to the queue of monthly charges, as lib/constructs/plans.ts declares them. */
const SETTLES_WHAT_IS_OWED = new Set([
  'top_up.settled',
  'credit.given',
  'entry.reversed',
  'charge.refunded',
  'session.ended',
  'top_up_refund.failed',
  'dispute.won',
])

/** After which automatic top-ups are checked, as lib/constructs/auto-top-up.ts declares them. */
const CHECKS_AUTO_TOP_UP = new Set([
  'usage.deducted',
  'usage.refused',
  'charge.made',
  'charge.refunded',
  'credit.expired',
  'plan.charged',
  'plan.short',
  'plan.warning',
  'session.authorised',
  'session.ended',
  'credit.given',
  'entry.reversed',
  'top_up.settled',
  'top_up.failed',
  'top_up.expired',
  'top_up.mismatched',
  'card.saved',
  'card.changed',
  'card.chosen',
])

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
