import {
  addAmounts,
  type Failure,
  noCounts,
  OUTCOMES,
  type OutcomeCounts,
  type RunAmounts,
  type Segment,
} from './segment.ts'

/** How far a run has come, added up over its segments. */
export type RunProgress = {
  accountCount: number
  doneCount: number
  counts: OutcomeCounts
  amounts: RunAmounts
  segments: { open: number; done: number }
  /** The first of them. */
  failed: Failure[]
  /** The first of them. */
  parked: string[]
  /** Accounts a second since the newest segments were opened together; undefined before the first checkpoint. */
  accountsPerSecond?: number
  /** When the open segments are done at that pace; absent when none is open. */
  expectedEnd?: string
}

const MOST_NAMED = 100
/** Segments that are opened within so long of one another belong to one firing: the accounts whose month begins at one hour. */
const WAVE_MILLISECONDS = 30 * 60_000

/** Months begin hour by hour around the globe, so the pace is that of the newest hour with accounts. */
export function progressOf(segments: readonly Segment[], now: string): RunProgress {
  const counts = noCounts()
  for (const segment of segments) for (const outcome of OUTCOMES) counts[outcome] += segment.counts[outcome]
  const open = segments.filter(({ status }) => status === 'open')
  const accountCount = segments.reduce((sum, segment) => sum + segment.accountCount, 0)
  const doneCount = segments.reduce((sum, { cursor }) => sum + cursor, 0)
  const accountsPerSecond = paceOf(segments)
  return {
    accountCount,
    doneCount,
    counts,
    amounts: segments.reduce((sums, { amounts }) => addAmounts(sums, amounts), {} as RunAmounts),
    segments: { open: open.length, done: segments.length - open.length },
    failed: segments.flatMap(({ failed }) => failed).slice(0, MOST_NAMED),
    parked: segments.flatMap(({ parked }) => parked).slice(0, MOST_NAMED),
    accountsPerSecond,
    expectedEnd: open.length > 0 ? endAt(accountCount - doneCount, accountsPerSecond, now) : undefined,
  }
}

function paceOf(segments: readonly Segment[]): number | undefined {
  const openings = segments.map(({ openedAt }) => Date.parse(openedAt))
  const newest = Math.max(...openings)
  const wave = segments.filter(({ openedAt }) => Date.parse(openedAt) > newest - WAVE_MILLISECONDS)
  const doneCount = wave.reduce((sum, { cursor }) => sum + cursor, 0)
  const begun = Math.min(...wave.map(({ openedAt }) => Date.parse(openedAt)))
  const last = Math.max(...wave.map(({ updatedAt }) => Date.parse(updatedAt)))
  // Clocks of workers differ: what seems to have taken no time has no pace.
  return doneCount > 0 && last > begun ? (doneCount * 1000) / (last - begun) : undefined
}

function endAt(leftCount: number, accountsPerSecond: number | undefined, now: string): string | undefined {
  if (accountsPerSecond === undefined) return undefined
  return new Date(Date.parse(now) + Math.ceil(leftCount / accountsPerSecond) * 1000).toISOString()
}
