import type { Period } from '../accounts/billing-period.ts'
import type { DueCharge, DueRuns } from '../plans/find-due.ts'
import { createRunStore, type RunStoreOptions } from './run.store.ts'
import { createSegmentStore } from './segment.store.ts'
import { isStill, placeOf, type SegmentPlace } from './segment.ts'

/** What a run knows of a shard's accounts. */
type Known = {
  nextNumber: number
  /** They are in segments that are still open. */
  inWork: Set<string>
  /** They are in segments that are done, and could not be charged: parked, or failed. */
  left: Set<string>
}

export type FanOutOptions = RunStoreOptions & { send(messages: readonly SegmentPlace[]): Promise<void> }

/** So many accounts at most are written down as one segment. */
const MOST_ACCOUNTS = 500
const TRIES = 3

/**
 * Takes what one look into a shard of the index finds due, page by page, and makes segments of it, each in the run of the
 * month that its accounts are due for. An account that an open segment has is left to that one; so what is found again in
 * the next hour, while there is still work to do, is not counted twice. What a segment has left – parked, or failed – goes back to the
 * caller, to be looked at alone.
 *
 * Of two looks at once one writes a number first; the other begins anew with what that one has written. What dies between
 * writing a segment and sending its message is sent when the next look finds that it does not move.
 */
export function createFanOut(options: FanOutOptions): DueRuns {
  const runs = createRunStore(options)
  const segments = createSegmentStore(options)

  function ofShard(shard: number, at: string) {
    const known = new Map<Period, Known>()

    /** Makes segments of those that no segment has; gives back those that are left from one. */
    async function take(charges: readonly DueCharge[]): Promise<string[]> {
      const alone: string[] = []
      for (const [period, ofPeriod] of Map.groupBy(charges, (charge) => charge.period)) {
        const accountIds = [...new Set(ofPeriod.map(({ accountId }) => accountId))]
        for (let start = 0; start < accountIds.length; start += MOST_ACCOUNTS)
          alone.push(...(await takePart(period, accountIds.slice(start, start + MOST_ACCOUNTS))))
      }
      return alone
    }

    async function takePart(period: Period, accountIds: readonly string[]): Promise<string[]> {
      for (let attempt = 0; attempt < TRIES; attempt++) {
        const run = known.get(period) ?? (await look(period))
        known.set(period, run)
        const fresh = accountIds.filter((id) => !run.inWork.has(id) && !run.left.has(id))
        if (fresh.length === 0 || (await addSegment(period, run, fresh)))
          return accountIds.filter((id) => run.left.has(id))
        known.delete(period)
      }
      throw new Error(`run ${period}: others keep adding segments to shard ${shard}`)
    }

    async function addSegment(period: Period, run: Known, accountIds: readonly string[]): Promise<boolean> {
      const place = { period, shard, number: run.nextNumber }
      if (!(await segments.add(place, accountIds, at))) return false
      run.nextNumber += 1
      for (const accountId of accountIds) run.inWork.add(accountId)
      await options.send([place])
      return true
    }

    async function look(period: Period): Promise<Known> {
      await runs.openRun(period, at)
      const found = await segments.list(period, shard)
      const open = found.filter(({ status }) => status === 'open')
      const still = open.filter((segment) => isStill(segment, at))
      if (still.length > 0) await options.send(still.map(placeOf))
      const lists = await Promise.all(open.map((segment) => segments.readAccounts(segment)))
      return {
        nextNumber: (found.at(-1)?.number ?? 0) + 1,
        inWork: new Set(lists.flat()),
        left: new Set(
          found.flatMap(({ parked, failed }) => [...parked, ...failed.map(({ accountId }) => accountId)]),
        ),
      }
    }

    return { take }
  }

  return { ofShard }
}
