import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge'
import { log } from '../edge/log.ts'
import { retryDelayMilliseconds, sleep } from '../edge/retry-delay.ts'
import { type BusEvent, EVENT_SOURCE } from './event.ts'

const MOST_ENTRIES_PER_REQUEST = 10
/** EventBridge takes 256 KB in one request; the rest of an entry's members count too. */
const LARGEST_REQUEST_BYTES = 200_000
const TRIES = 5
const DELAYS = { firstMilliseconds: 50, longestMilliseconds: 800 }

export type Bus = ReturnType<typeof createBus>

/** The operator's event bus. */
export function createBus(options: {
  client: Pick<EventBridgeClient, 'send'>
  busName: string
  sleep?: (milliseconds: number) => Promise<void>
}) {
  const { client, busName } = options
  const pause = options.sleep ?? sleep

  /**
   * Puts events on the bus in requests of at most ten; entries that the bus turned down go again, boundedly. Throws
   * `EventsNotPut` when some stay out: those before the first of them are all there, those after it may be.
   */
  async function put(events: readonly BusEvent[]): Promise<void> {
    const entries = events.map((event) => entryOf(event, busName))
    for (const { first, part } of partsOf(entries)) await putPart(first, part)
  }

  async function putPart(first: number, part: PutEventsRequestEntry[]): Promise<void> {
    let waiting = part.map((entry, index) => ({ entry, index }))
    let cause: unknown
    for (let attempt = 0; attempt < TRIES && waiting.length > 0; attempt++) {
      if (attempt > 0) await pause(retryDelayMilliseconds(attempt, DELAYS))
      try {
        const reply = await client.send(new PutEventsCommand({ Entries: waiting.map(({ entry }) => entry) }))
        const results = reply.Entries ?? []
        cause = results.find(({ ErrorCode }) => ErrorCode)?.ErrorCode
        waiting = waiting.filter((_, place) => !results[place]?.EventId)
      } catch (error) {
        cause = error
        log.warn('events were not put', { error: error as Error, attempt })
      }
    }
    if (waiting.length > 0) throw new EventsNotPut(first + waiting[0]!.index, waiting.length, cause)
  }

  return { put }
}

/** Some events did not reach the bus: `firstIndex` says from which on. */
export class EventsNotPut extends Error {
  readonly firstIndex: number

  constructor(firstIndex: number, count: number, cause: unknown) {
    super(`${count} events did not reach the bus`, { cause })
    this.name = 'EventsNotPut'
    this.firstIndex = firstIndex
  }
}

function entryOf({ detailType, detail }: BusEvent, busName: string): PutEventsRequestEntry {
  return {
    EventBusName: busName,
    Source: EVENT_SOURCE,
    DetailType: detailType,
    Detail: JSON.stringify(detail),
    Time: new Date(detail.at),
  }
}

function partsOf(entries: PutEventsRequestEntry[]): { first: number; part: PutEventsRequestEntry[] }[] {
  const parts: { first: number; part: PutEventsRequestEntry[]; bytes: number }[] = []
  entries.forEach((entry, index) => {
    const bytes = Buffer.byteLength(entry.Detail ?? '')
    const last = parts.at(-1)
    if (last && last.part.length < MOST_ENTRIES_PER_REQUEST && last.bytes + bytes <= LARGEST_REQUEST_BYTES) {
      last.part.push(entry)
      last.bytes += bytes
    } else {
      parts.push({ first: index, part: [entry], bytes })
    }
  })
  return parts
}
