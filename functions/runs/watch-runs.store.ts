import type { Period } from '../accounts/billing-period.ts'
import { DUE_SHARDS } from '../plans/plan-keys.ts'
import { type ClosingScan, decideScanStep } from './closing-scan.ts'
import { createRunStore, type RunStoreOptions } from './run.store.ts'
import { createScanStore } from './scan.store.ts'
import { createSegmentStore } from './segment.store.ts'
import { isStill, placeOf, type Segment, type SegmentPlace } from './segment.ts'

export type RunWatchOptions = RunStoreOptions & {
  sendSegments(places: readonly SegmentPlace[]): Promise<void>
  sendScans(scans: readonly { period: Period }[]): Promise<void>
}

/** Months whose runs are looked at; what is older has been looked over for long. */
const MOST_RUNS = 12

/**
 * What the hourly look does about runs that are under way: sends what is open and does not move, and begins and sends the
 * closing scan. A run whose closing scan has found nothing costs the read of that.
 */
export function createRunWatch(options: RunWatchOptions) {
  const runs = createRunStore(options)
  const segments = createSegmentStore(options)
  const scans = createScanStore(options)

  async function watch(now: Date): Promise<void> {
    const periods = (await runs.list({ limit: MOST_RUNS })).map(({ period }) => period)
    const found = await scans.readMany(periods)
    for (const period of periods) await watchRun(period, found.get(period), now)
  }

  async function watchRun(period: Period, scan: ClosingScan | undefined, now: Date): Promise<void> {
    const isClosed = scan?.status === 'done' && scan.findingCount === 0
    if (isClosed) return
    const open = await listOpen(period)
    const still = open.filter((segment) => isStill(segment, now.toISOString()))
    if (still.length > 0) await options.sendSegments(still.map(placeOf))
    const step = decideScanStep(period, scan, open.length === 0, now)
    if (step === 'wait') return
    // Whoever was faster sends it as well.
    if (step === 'begin') await scans.begin(period, scan, now.toISOString())
    await options.sendScans([{ period }])
  }

  async function listOpen(period: Period): Promise<Segment[]> {
    const shards = Array.from({ length: DUE_SHARDS }, (_, shard) => segments.list(period, shard))
    return (await Promise.all(shards)).flat().filter(({ status }) => status === 'open')
  }

  return { watch }
}
