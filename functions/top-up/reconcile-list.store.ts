import { log } from '../edge/log.ts'
import { Problem } from '../edge/problem.ts'
import type { WalkPosition, Watched, WatchListStore } from './watch-list.store.ts'
import type { Watch } from './watch-list.ts'

/** A list of what may have an answer at the provider that nobody told us of. */
export type ReconciledList = {
  watch: Watch
  /** How long something stands on the list before the provider is asked: until then its events may simply be on their way. */
  waitMilliseconds: number
  /** How long from the beginning of a walk of the list to that of the next one; absent where the next run begins anew. */
  everyMilliseconds?: number
  /** From when on it rings that something is still there; absent where it may take as long as it likes. */
  stuckAfterMilliseconds?: number
  /** Asks the provider and does what it says; whether there is an answer now. What it throws leaves it on the list. */
  reconcile(watched: Watched, now: Date): Promise<'done' | 'open'>
}

export type ReconciledCounts = { lookedAt: number; done: number; stuck: number }

const PAGE = 25
/** In one run. What is more goes on in the next one. */
const MOST_LOOKED_AT = 500

/** What the operator's alarm rings on. */
export const STUCK_MESSAGE = 'payments are stuck'

/**
 * Walks a list, oldest first, and asks the provider about each. A run goes on where the last one ended, because what stays
 * open for long must not keep the rest from being asked about; the one after the list's end begins anew. Where a run has
 * come to is written before each question, so that not even one which kills the process is asked twice in a row. What
 * fails is left for the next walk, and stops nothing else.
 */
export async function reconcileList(
  list: ReconciledList,
  watchLists: WatchListStore,
  { now, mayGoOn }: { now: Date; mayGoOn: () => boolean },
): Promise<ReconciledCounts> {
  const { watch } = list
  const before = new Date(now.getTime() - list.waitMilliseconds).toISOString()
  const counts: ReconciledCounts = { lookedAt: 0, done: 0, stuck: 0 }
  const position = await watchLists.readPosition(watch)
  if (isTooEarly(list, position, now)) return counts
  let { after } = position
  const beganAt = after === undefined ? now.toISOString() : position.beganAt
  let oldestStuck: Watched | undefined
  for (let isEnd = false; !isEnd; ) {
    const page = await watchLists.page(watch, { before, after, limit: PAGE })
    isEnd = page.length < PAGE
    for (const watched of page) {
      if (counts.lookedAt === MOST_LOOKED_AT || !mayGoOn()) return finish()
      after = watched.position
      await watchLists.writePosition(watch, { after, beganAt })
      counts.lookedAt += 1
      if ((await reconcileOne(list, watched, now)) === 'done') counts.done += 1
      else if (isStuck(list, watched, now)) {
        counts.stuck += 1
        oldestStuck ??= watched
      }
    }
  }
  if (after !== undefined) await watchLists.writePosition(watch, { beganAt })
  return finish()

  function finish() {
    if (oldestStuck) {
      const { accountId, id, since } = oldestStuck
      log.error(STUCK_MESSAGE, { watch, count: counts.stuck, accountId, id, since })
    }
    return counts
  }
}

/** A walk that was cut off goes on at once. One that seems to have begun long after now was noted by a clock that was wrong. */
function isTooEarly(
  { everyMilliseconds = 0 }: ReconciledList,
  { after, beganAt }: WalkPosition,
  now: Date,
): boolean {
  if (after !== undefined || beganAt === undefined) return false
  return Math.abs(now.getTime() - Date.parse(beganAt)) < everyMilliseconds
}

async function reconcileOne(list: ReconciledList, watched: Watched, now: Date): Promise<'done' | 'open'> {
  const { accountId, id } = watched
  try {
    return await list.reconcile(watched, now)
  } catch (error) {
    const isPassing = error instanceof Problem && PASSING.has(error.code)
    if (isPassing) log.warn('a payment is asked about again later', { accountId, id, code: error.code })
    else log.error('a payment could not be reconciled', { accountId, id, error: error as Error })
    return 'open'
  }
}

const PASSING = new Set<string>(['busy', 'payment_provider_unavailable'])

function isStuck({ stuckAfterMilliseconds }: ReconciledList, { since }: Watched, now: Date): boolean {
  return stuckAfterMilliseconds !== undefined && now.getTime() - Date.parse(since) > stuckAfterMilliseconds
}
