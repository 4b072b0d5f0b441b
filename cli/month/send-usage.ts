import type { CallUsageEvent } from '../call-records/to-usage-events.ts'
import type { Callers, Machine } from './machine.ts'

const EVENTS_PER_REQUEST = 500

type Verdicts = { events: { index: number; verdict: string; errors?: { field: string; detail: string }[] }[] }

/** Sends usage in batches and waits until every event that was taken has been decided. Throws if one is not taken. */
export async function sendUsage(
  machine: Machine,
  callers: Callers,
  events: readonly CallUsageEvent[],
): Promise<void> {
  for (let start = 0; start < events.length; start += EVENTS_PER_REQUEST) {
    const batch = events.slice(start, start + EVENTS_PER_REQUEST)
    const reply = await callers.usage.send<Verdicts>('POST', '/v1/usage', {
      body: batch,
      contentType: 'application/cloudevents-batch+json',
    })
    const refused = reply.events.find(({ verdict }) => verdict !== 'accepted')
    if (refused) {
      const why = (refused.errors ?? []).map(({ field, detail }) => `${field} ${detail}`).join('; ')
      throw new Error(`event ${batch[refused.index]?.id} was not taken: ${why}`)
    }
  }
  await machine.waitUntilIdle()
}
