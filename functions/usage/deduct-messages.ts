import { log } from '../edge/log.ts'
import type { Message } from '../edge/queue.ts'
import { MOST_EVENTS_PER_MESSAGE, type UsageMessage } from './pack-usage.ts'
import type { UsageEvent } from './usage-event.ts'

/** What one posting told of its events besides deciding them. */
export type DeductionOutcome = {
  /** Events that were decided before with another content: the first decision stands. */
  contradictions: UsageEvent[]
}

type Deduct = (accountId: string, events: UsageEvent[]) => Promise<DeductionOutcome>
type WaitingEvent = { messageId: string; event: UsageEvent }

/**
 * Deducts the messages of a delivery, account by account. Small messages of one account go into one posting together. When
 * a posting fails, its messages and all later ones of that account are named to be delivered again: what was decided before
 * is found decided then. Other accounts go on.
 */
export async function deductMessages(
  messages: readonly Message<UsageMessage>[],
  deduct: Deduct,
): Promise<{ failedIds: string[]; contradictions: UsageEvent[] }> {
  const failedIds = new Set<string>()
  const contradictions: UsageEvent[] = []
  for (const [accountId, own] of Map.groupBy(messages, ({ body }) => body.accountId)) {
    const waiting = own.flatMap(({ id, body }) => body.events.map((event) => ({ messageId: id, event })))
    const done = await deductInTurn(accountId, waiting, deduct, contradictions)
    for (const { messageId } of waiting.slice(done)) failedIds.add(messageId)
  }
  return { failedIds: [...failedIds], contradictions }
}

/** How many of the waiting events are decided. */
async function deductInTurn(
  accountId: string,
  waiting: readonly WaitingEvent[],
  deduct: Deduct,
  contradictions: UsageEvent[],
): Promise<number> {
  for (let start = 0; start < waiting.length; start += MOST_EVENTS_PER_MESSAGE) {
    const part = waiting.slice(start, start + MOST_EVENTS_PER_MESSAGE).map(({ event }) => event)
    try {
      const outcome = await deduct(accountId, part)
      contradictions.push(...outcome.contradictions)
    } catch (error) {
      log.error('usage was not deducted', { accountId, error: error as Error })
      return start
    }
  }
  return waiting.length
}
