import { log } from '../edge/log.ts'
import type { Message } from '../edge/queue.ts'
import { MOST_PLAIN_PER_POSTING, type UsageMessage } from './pack-usage.ts'
import { LARGEST_BATCH_BYTES, MOST_EVENTS_PER_BATCH, type OpenedGap, sizeOfEvent } from './place-numbered.ts'
import { isNumbered, type UsageEvent } from './usage-event.ts'

/** What one posting told of its events besides deciding them. */
export type DeductionOutcome = {
  /** Events that were decided before with another content: the first decision stands. */
  contradictions: UsageEvent[]
  /** Gaps that opened in the numbering of sources. */
  gaps: OpenedGap[]
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
): Promise<{ failedIds: string[] } & DeductionOutcome> {
  const failedIds = new Set<string>()
  const outcome: DeductionOutcome = { contradictions: [], gaps: [] }
  for (const [accountId, own] of Map.groupBy(messages, ({ body }) => body.accountId)) {
    const waiting = own.flatMap(({ id, body }) => body.events.map((event) => ({ messageId: id, event })))
    const done = await deductInTurn(accountId, waiting, deduct, outcome)
    for (const { messageId } of waiting.slice(done)) failedIds.add(messageId)
  }
  return { failedIds: [...failedIds], ...outcome }
}

/** How many of the waiting events are decided. */
async function deductInTurn(
  accountId: string,
  waiting: readonly WaitingEvent[],
  deduct: Deduct,
  outcome: DeductionOutcome,
): Promise<number> {
  let done = 0
  for (const part of partsOf(waiting)) {
    try {
      const { contradictions, gaps } = await deduct(accountId, part)
      outcome.contradictions.push(...contradictions)
      outcome.gaps.push(...gaps)
    } catch (error) {
      log.error('usage was not deducted', { accountId, error: error as Error })
      return done
    }
    done += part.length
  }
  return done
}

/** What goes into one posting together: neighbours that are all numbered, or all plain, as many as it has room for. */
function partsOf(waiting: readonly WaitingEvent[]): UsageEvent[][] {
  const parts: { events: UsageEvent[]; bytes: number }[] = []
  for (const { event } of waiting) {
    const part = parts.at(-1)
    const bytes = isNumbered(event) ? sizeOfEvent(event) : 0
    const most = isNumbered(event) ? MOST_EVENTS_PER_BATCH : MOST_PLAIN_PER_POSTING
    const fits =
      part &&
      part.events.length < most &&
      part.bytes + bytes <= LARGEST_BATCH_BYTES &&
      isAlike(part.events[0]!, event)
    if (fits) {
      part.events.push(event)
      part.bytes += bytes
    } else parts.push({ events: [event], bytes })
  }
  return parts.map(({ events }) => events)
}

const isAlike = (one: UsageEvent, other: UsageEvent) => isNumbered(one) === isNumbered(other)
