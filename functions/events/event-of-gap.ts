import { z } from 'zod'
import type { BusEvent } from './event.ts'

const gapSchema = z.object({
  sk: z.string(),
  accountId: z.string(),
  source: z.string(),
  missingFrom: z.bigint(),
  missingTo: z.bigint(),
  at: z.string(),
})

/** What the bus is told of a gap in a source's numbering, by the item that opened it; throws on anything else. */
export function eventOfGap(item: Record<string, unknown>): BusEvent {
  const { sk, accountId, source, missingFrom, missingTo, at } = gapSchema.parse(item)
  const id = `${accountId}/usage.parked/${sk}`
  const missing = { missingFrom: missingFrom.toString(), missingTo: missingTo.toString() }
  return { detailType: 'usage.parked', detail: { id, accountId, at, source, ...missing } }
}
