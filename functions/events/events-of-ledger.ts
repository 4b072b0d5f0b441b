import type { StatusChange } from '../ledger/decide-status.ts'
import type { Entry } from '../ledger/entry.ts'
import { GAP_PREFIX } from '../usage/numbered-keys.ts'
import type { BusEvent, ChangedItem } from './event.ts'
import { eventOfGap } from './event-of-gap.ts'
import { eventOfStatus } from './event-of-status.ts'
import { eventsOfEntry } from './events-of-entry.ts'

/** What the bus is told of a new item of the ledger's table. */
export function eventsOfLedger({ before, after }: ChangedItem): BusEvent[] {
  if (before || !after) return []
  const { pk, sk, ...item } = after
  const sortKey = String(sk)
  if (sortKey.startsWith(GAP_PREFIX)) return [eventOfGap({ sk, ...item })]
  if (sortKey.startsWith('STATUS#')) return [eventOfStatus(item as StatusChange)]
  return sortKey.startsWith('ENTRY#') ? eventsOfEntry(item as Entry) : []
}
