import { isCancelled, isWorthRetrying, readItem } from '../edge/dynamodb.ts'
import type { Head } from './entry.ts'
import { toHead } from './head.store.ts'

/** What an idempotency key stands for: the hash of the request, and the entry that it led to. */
export type KeyItem = { requestHash: string; sequence: bigint }

/** Where the items of a transaction stand: HEAD, entry, key, markers, documents, lots behind. */
export type PostingParts = {
  hasKey: boolean
  firstMarker: number
  markers: readonly { id: string }[]
  documentCount: number
}

export type Failure = {
  /** HEAD as it is now, when that is why the transaction failed. */
  head?: Head
  keyItem?: KeyItem
  markers: [string, Record<string, unknown>][]
  documentChanged: boolean
}

/**
 * Tells the reasons of a failed transaction apart. What says nothing certain (a conflict, a throttle, a lost reply)
 * comes back empty: the next try reads HEAD and key anew, and so finds out whether this one was written after all. So does
 * what is no valid transaction, where HEAD was remembered: on one of yesterday a decision may come to that.
 */
export function explainFailure(
  error: unknown,
  parts: PostingParts,
  { isRead }: { isRead: boolean },
): Failure {
  const failure: Failure = { markers: [], documentChanged: false }
  if (!isRead && isInvalid(error)) return failure
  if (!isCancelled(error)) {
    if (isWorthRetrying(error)) return failure
    throw error
  }
  const reasons = error.CancellationReasons ?? []
  const old = (index: number) => {
    const item = reasons[index]?.Code === 'ConditionalCheckFailed' ? reasons[index]?.Item : undefined
    return item && readItem(item)
  }
  if (isInvalid(error)) throw error
  const head = old(0)
  if (head) failure.head = toHead(head)
  if (parts.hasKey) failure.keyItem = old(2) as KeyItem | undefined
  parts.markers.forEach((marker, index) => {
    const item = old(parts.firstMarker + index)
    if (item) failure.markers.push([marker.id, item])
  })
  const firstDocument = parts.firstMarker + parts.markers.length
  failure.documentChanged = reasons
    .slice(firstDocument, firstDocument + parts.documentCount)
    .some(({ Code }) => Code === 'ConditionalCheckFailed')
  return failure
}

/** The database cannot carry it out, whatever its conditions: two writes of one item, an item or a number that is too large. */
function isInvalid(error: unknown): boolean {
  if (!isCancelled(error)) return error instanceof Error && error.name === 'ValidationException'
  const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code)
  return codes.includes('ValidationError') || codes.includes('ItemCollectionSizeLimitExceeded')
}
