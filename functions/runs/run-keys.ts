import type { Period } from '../accounts/billing-period.ts'
import { runKey } from '../plans/plan-keys.ts'

const NUMBER_DIGITS = 6

/** Under `RUN#2026-12`. */
export const RUN = 'RUN'
export const SCAN = 'SCAN'
/** Partition of the index: all runs, by month. */
export const ALL_RUNS = 'RUNS'

/** Each shard of what is due has its segments in a partition of its own, so that none has to take all of a run's writes. */
export const segmentsKey = (period: Period, shard: number) => `${runKey(period)}#${shard}`
export const SEGMENT_PREFIX = 'SEGMENT#'
export const segmentKey = (number: number) =>
  `${SEGMENT_PREFIX}${String(number).padStart(NUMBER_DIGITS, '0')}`
export const listKey = (listId: string) => `ACCOUNTS#${listId}`
