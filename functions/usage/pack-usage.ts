import { createHash } from 'node:crypto'
import { z } from 'zod'
import { LARGEST_MARKERS_PER_POSTING } from '../ledger/entry.ts'
import { MOST_EVENTS_PER_BATCH } from './place-numbered.ts'
import type { UsageEvent } from './usage-event.ts'

/** As many events as one posting has room for: a plain one needs a marker of its own, numbered ones share one entry. */
export const MOST_PLAIN_PER_POSTING = LARGEST_MARKERS_PER_POSTING
const LARGEST_MESSAGE_BYTES = 200_000

export const usageMessageSchema = z.object({
  accountId: z.string(),
  events: z
    .array(
      z.object({
        source: z.string(),
        id: z.string(),
        accountId: z.string(),
        service: z.string(),
        at: z.string(),
        sequence: z.string().optional(),
        number: z.int().min(1).optional(),
        quantity: z.int().optional(),
        seconds: z.int().optional(),
        attributes: z.record(z.string(), z.union([z.string(), z.int()])),
      }),
    )
    .min(1)
    .max(MOST_EVENTS_PER_BATCH),
})

/** Events of one account on their way to be deducted: numbered ones alone, or plain ones alone. */
export type UsageMessage = { accountId: string; events: UsageEvent[] }

export type PackedMessage = {
  /** The account: one worker at a time deducts for it. */
  group: string
  /** A hash of the whole body: only a message with the very same events may be taken for a repeat of this one. */
  deduplicationId: string
  body: string
}

/**
 * Packs events into messages of one account each, plain and numbered ones apart, in the order in which they came; every
 * event is in exactly one.
 */
export function packUsage(events: readonly UsageEvent[]): PackedMessage[] {
  return [...Map.groupBy(events, (event) => event.accountId)].flatMap(([accountId, own]) =>
    splitEvents(own).map((part) => packMessage({ accountId, events: part })),
  )
}

function packMessage(message: UsageMessage): PackedMessage {
  const body = JSON.stringify(message)
  const deduplicationId = createHash('sha256').update(body).digest('hex')
  return { group: message.accountId, deduplicationId, body }
}

function splitEvents(events: readonly UsageEvent[]): UsageEvent[][] {
  const [plain, numbered] = [false, true].map((is) =>
    events.filter((event) => (event.number !== undefined) === is),
  )
  return [...splitBySize(numbered!, MOST_EVENTS_PER_BATCH), ...splitBySize(plain!, MOST_PLAIN_PER_POSTING)]
}

/** Parts of at most so many events, none larger than a message unless it is one event. */
function splitBySize(events: readonly UsageEvent[], mostEvents: number): UsageEvent[][] {
  const parts: UsageEvent[][] = []
  let bytes = 0
  for (const event of events) {
    const eventBytes = Buffer.byteLength(JSON.stringify(event)) + 1
    const last = parts.at(-1)
    if (last && last.length < mostEvents && bytes + eventBytes <= LARGEST_MESSAGE_BYTES) {
      last.push(event)
      bytes += eventBytes
    } else {
      parts.push([event])
      bytes = eventBytes
    }
  }
  return parts
}
