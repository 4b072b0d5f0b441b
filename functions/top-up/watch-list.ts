/**
 * Lists of what somebody has to look at: the reconciling schedule at what is `open` and `refund_open`, staff at all of them.
 */
export const WATCHES = [
  'open',
  'declined',
  'mismatched',
  'paid_twice',
  'disputed',
  'refund_to_approve',
  'refund_open',
  'refund_failed',
] as const
export type Watch = (typeof WATCHES)[number]

/**
 * The index keys by which a document stands on a list, oldest first, or on none. What is watched is the exception: a list is
 * one partition, which takes a thousand changes a second.
 */
export function watchKeys(watch: Watch | undefined, since: string, accountId: string, id: string) {
  return watch && { index2pk: watchListKey(watch), index2sk: `${since}#${accountId}#${id}` }
}

export const watchListKey = (watch: Watch) => `WATCH#${watch}`
