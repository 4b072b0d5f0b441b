import { laterOf } from '../edge/later-of.ts'
import { compareTexts, type NumberedEvent, usageContentHash } from './usage-event.ts'

/** An entry holds so many numbered events at most, and so many bytes of them before they are packed (`sizeOfEvent`). */
export const MOST_EVENTS_PER_BATCH = 1000
export const LARGEST_BATCH_BYTES = 350_000
/** Runs that are laid aside together are not larger than that on average: a transaction takes 4 MB. */
const MOST_BYTES_PER_RUN = 50_000
/** The time, the amounts and the verdict of an event, and what the totals of a service say. */
const BYTES_BESIDE = 180
/** One posting takes up so many parked runs at most, so that they fit its transaction. */
const MOST_RUNS_TAKEN_UP = 40

/** Events of one source with neighbouring numbers that wait for a missing one, together in one item. */
export type ParkedRun = {
  first: number
  last: number
  events: NumberedEvent[]
  /** ISO instant from which on it waits; set by the write that lays it aside. */
  since?: string
}

/** How far a source has come on an account, and what of it waits. */
export type Standing = {
  last: number
  /** Some events of the source wait. */
  isWaiting: boolean
  /** What waits, in the order of the numbers, as far as one posting can take it up. */
  parked: ParkedRun[]
  /** Numbers that wait beyond those; undefined where nothing does, else those that an event of the batch might repeat. */
  parkedBeyond?: Pick<ParkedRun, 'first' | 'last'>[]
}

/** A gap that opened: later events of the source wait for these numbers. */
export type OpenedGap = { accountId: string; source: string; missingFrom: number; missingTo: number }

/** A source of an account, and where it stands. */
export type SourceStanding = Standing & { source: string; since: string }

/** The numbers that a waiting source lacks; undefined where nothing waits, or what waits can go on. */
export function missingNumbers({ last, parked }: Standing): { from: number; to: number } | undefined {
  const first = parked[0]?.first
  return first === undefined || first === last + 1 ? undefined : { from: last + 1, to: first - 1 }
}

/** Where the events of one source stand. */
export type Placed = {
  /** To be decided now: they follow on the last number without a gap. */
  due: NumberedEvent[]
  /** Runs that are taken up in `due`. */
  takenUp: ParkedRun[]
  /** Their numbers are behind the last one: repeats, or another event under a number that was used. */
  late: NumberedEvent[]
  /** To be laid aside: they come behind a gap. */
  toPark: ParkedRun[]
  /** For the next posting: this one has no room for them. */
  later: NumberedEvent[]
  /** Other than what waits under their number already. */
  unlike: NumberedEvent[]
  /** Something waits under their number already, but what it says has to be looked up. */
  beyond: NumberedEvent[]
  /** What waits may go on where `due` ends, but did not fit. */
  goesOn: boolean
}

/**
 * Places the events of one source (distinct numbers, ascending). What waits already comes before an event of the same
 * number. At most a batch becomes due, or `mostDue` events of it, and at most `roomForRuns` runs are laid aside: the rest
 * is for the next posting. A run that is longer than `mostDue` is taken up in part, and its rest laid aside anew.
 */
export function placeNumbered(
  events: readonly NumberedEvent[],
  { last, parked, parkedBeyond }: Standing,
  roomForRuns: number,
  mostDue = MOST_EVENTS_PER_BATCH,
): Placed {
  const placed: Placed = {
    ...{ due: [], takenUp: [], late: [], toPark: [], later: [], unlike: [], beyond: [] },
    goesOn: false,
  }
  const waitingRuns = new Map(parked.map((run) => [run.first, run]))
  const waiting = [...parked, ...(parkedBeyond ?? [])]
  const isParked = (number: number) => waiting.some((run) => run.first <= number && number <= run.last)
  const open: NumberedEvent[] = []
  for (const event of events) {
    if (event.number <= last) placed.late.push(event)
    else if (isParked(event.number)) {
      const first = parkedEvent(parked, event.number)
      if (!first) placed.beyond.push(event)
      else if (!saysTheSame(event, first)) placed.unlike.push(event)
    } else open.push(event)
  }
  let next = last + 1
  let index = 0
  let bytes = 0
  for (;;) {
    const run = waitingRuns.get(next)
    const coming = run ? run.events : open[index]?.number === next ? [open[index]!] : undefined
    if (!coming) break
    bytes += coming.reduce((sum, event) => sum + sizeOfEvent(event), 0)
    const isFull =
      placed.due.length + coming.length > mostDue ||
      bytes > LARGEST_BATCH_BYTES ||
      (run !== undefined && placed.takenUp.length === MOST_RUNS_TAKEN_UP)
    if (isFull && placed.due.length > 0) {
      placed.goesOn = true
      break
    }
    placed.due.push(...coming.slice(0, mostDue))
    if (run) placed.takenUp.push(run)
    else index += 1
    next = placed.due.at(-1)!.number + 1
    if (coming.length > mostDue) {
      placed.goesOn = true
      placed.toPark.push({ ...run!, first: next, events: coming.slice(mostDue) })
      break
    }
  }
  placed.goesOn ||= parkedBeyond !== undefined && placed.takenUp.length === parked.length
  const ahead = open.slice(index)
  const runs = placed.goesOn ? [] : runsOf(ahead)
  const fitting = countFitting(runs, roomForRuns)
  placed.toPark.push(...runs.slice(0, fitting))
  placed.later = placed.goesOn ? ahead : runs.slice(fitting).flatMap((run) => run.events)
  return placed
}

/** How many runs from the first on one transaction takes. */
function countFitting(runs: readonly ParkedRun[], room: number): number {
  let bytes = 0
  const beyond = runs.findIndex(({ events }, index) => {
    bytes += events.reduce((sum, event) => sum + sizeOfEvent(event), 0)
    return index === room || (index > 0 && bytes > room * MOST_BYTES_PER_RUN)
  })
  return beyond === -1 ? runs.length : beyond
}

function parkedEvent(parked: readonly ParkedRun[], number: number): NumberedEvent | undefined {
  const run = parked.find(({ first, last }) => first <= number && number <= last)
  return run?.events[number - run.first]
}

/** What an event takes of an entry at most, beside the price: as JSON, and its service once more among the totals. */
export function sizeOfEvent({ source, id, service, attributes }: NumberedEvent): number {
  return BYTES_BESIDE + service.length + Buffer.byteLength(JSON.stringify([source, id, service, attributes]))
}

/** Events of distinct numbers, ascending, and those that repeat a number: the first that came counts. */
export function separateNumbers(events: readonly NumberedEvent[]): {
  distinct: NumberedEvent[]
  repeats: NumberedEvent[]
} {
  const byNumber = new Map<number, NumberedEvent>()
  const repeats: NumberedEvent[] = []
  for (const event of events) {
    if (byNumber.has(event.number)) repeats.push(event)
    else byNumber.set(event.number, event)
  }
  return { distinct: [...byNumber.values()].sort((left, right) => left.number - right.number), repeats }
}

/** Runs of neighbouring numbers, none larger than a batch. */
export function runsOf(events: readonly NumberedEvent[]): ParkedRun[] {
  const runs: (ParkedRun & { bytes: number })[] = []
  for (const event of events) {
    const run = runs.at(-1)
    const bytes = sizeOfEvent(event)
    const goesOn =
      run?.last === event.number - 1 &&
      run.events.length < MOST_EVENTS_PER_BATCH &&
      run.bytes + bytes <= LARGEST_BATCH_BYTES
    if (run && goesOn) {
      run.events.push(event)
      run.last = event.number
      run.bytes += bytes
    } else runs.push({ first: event.number, last: event.number, events: [event], bytes })
  }
  return runs.map(({ bytes, ...run }) => run)
}

/**
 * The order in which the numbered events of one posting are decided: by time, but none before a lower number of its own
 * source, however its clock ran. `sources` are the due events of each, ascending.
 */
export function orderNumbered(sources: readonly (readonly NumberedEvent[])[]): NumberedEvent[] {
  if (sources.length === 1) return [...sources[0]!]
  const placed = sources.flatMap((events) => {
    let at = ''
    return events.map((event) => {
      at = laterOf(event.at, at)
      return { event, at }
    })
  })
  placed.sort(
    (left, right) =>
      compareTexts(left.at, right.at) ||
      compareTexts(left.event.source, right.event.source) ||
      left.event.number - right.event.number,
  )
  return placed.map(({ event }) => event)
}

/** The same number says the same: whatever bears on the price, and the event's own id. */
export function saysTheSame(one: NumberedEvent, other: NumberedEvent): boolean {
  return one.id === other.id && usageContentHash(one) === usageContentHash(other)
}
