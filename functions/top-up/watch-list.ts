/**
 * Lists of what somebody has to look at: staff at the exceptions, the reconciling schedule at what may still have news. `refund_sent`
 * and `dispute_decided` are for the schedule alone.
 */
export const WATCHES = [
  'open',
  'declined',
  'mismatched',
  'paid_twice',
  'disputed',
  'refund_to_approve',
  'refund_open',
  'refund_sent',
  'refund_failed',
  'dispute_decided',
] as const
export type Watch = (typeof WATCHES)[number]

/** Staff have looked at a document as it was since then: until its next transition it is no exception any more. */
export type Resolution = {
  /** The document's `changedAt` when they looked. */
  since: string
  /** As what kind of exception it stood on the list. */
  kind: string
  note: string
  actor: string
  at: string
}

/** On these lists a document stays though staff are done with it: schedules look there for what is still to be followed. */
const FOLLOWED_BY_SCHEDULES: ReadonlySet<Watch> = new Set([
  'open',
  'disputed',
  'dispute_decided',
  'refund_open',
  'refund_sent',
])

/**
 * The index keys by which a document stands on a list, oldest first, or on none. What is watched is the exception: a list is
 * one partition, which takes a thousand changes a second.
 */
export function watchKeys(
  watch: Watch | undefined,
  since: string,
  accountId: string,
  id: string,
  resolution?: Resolution,
) {
  if (!watch || (resolution?.since === since && !FOLLOWED_BY_SCHEDULES.has(watch))) return undefined
  return { index2pk: watchListKey(watch), index2sk: `${since}#${accountId}#${id}` }
}

export const watchListKey = (watch: Watch) => `WATCH#${watch}`
