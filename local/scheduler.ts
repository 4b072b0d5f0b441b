import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DueSource } from './clock.ts'
import { type NextFiring, parseScheduleExpression } from './schedule-expression.ts'
import type { LocalSchedule } from './template.ts'
import { writeFileWhole } from './write-file-whole.ts'

export type SchedulerOptions = {
  schedules: readonly LocalSchedule[]
  /** `scheduler.json` here says which firing of each schedule was the last one done. */
  folder: string
  /** Delivers one firing; resolves when the target has taken it, or it was given up. */
  fire(schedule: LocalSchedule, at: Date): Promise<void>
}

export type Scheduler = DueSource & {
  /** From here on firings happen by themselves as their time comes, beginning with those missed while the stack was down. */
  start(): void
  /** To be called after the clock moved. */
  clockMoved(): void
  /** Whether something is due or firing. */
  isFiring(): boolean
  close(): Promise<void>
}

/** Of one schedule's firings that are due at one moment only so many happen, the latest ones: on AWS too a firing older than a day is dropped. */
const mostMissedFirings = 24
const hourMillis = 3_600_000
const longestTimerMillis = 3_600_000
const mostRemembered = 100

type Kept = { [scheduleName: string]: { madeAt: string; doneUpTo: string } }
type Running = { schedule: LocalSchedule; next: NextFiring; madeAt: string; doneUpTo: Date }

/** It fires several times an hour: whatever is due it does at any of its firings. */
function isFrequent({ next, doneUpTo }: Running): boolean {
  const first = next(doneUpTo)
  const second = first && next(first)
  return first !== undefined && second !== undefined && second.getTime() - first.getTime() < hourMillis
}

/** Where a clock that is moved stops for a schedule: at each firing, but for a frequent one only from the next full hour on, where others stop too. */
function nextStop(entry: Running): Date | undefined {
  const { next, doneUpTo } = entry
  if (!isFrequent(entry)) return next(doneUpTo)
  const fullHour = (Math.floor(doneUpTo.getTime() / hourMillis) + 1) * hourMillis
  return next(new Date(fullHour - 1))
}

/**
 * Fires the schedules by the stack's clock. The firings of an instant are recorded once their targets have taken them, so that one
 * missed while the stack was down, or cut off by a kill, happens after the restart; another of its instant may happen twice, as on AWS.
 */
export function startScheduler(options: SchedulerOptions): Scheduler {
  const file = join(options.folder, 'scheduler.json')
  const running = openSchedules(options.schedules, file)
  let timer: NodeJS.Timeout | undefined
  let started = false
  let closed = false
  let firing: Promise<void> | undefined

  const keep = () => {
    const entries = running.map(({ schedule, madeAt, doneUpTo }) => [
      schedule.name,
      { madeAt, doneUpTo: doneUpTo.toISOString() },
    ])
    writeFileWhole(file, JSON.stringify(Object.fromEntries(entries), null, 2))
  }
  keep()

  const earliest = (of: (entry: Running) => Date | undefined): Date | undefined =>
    running
      .map(of)
      .filter((instant) => instant !== undefined)
      .sort((one, other) => one.getTime() - other.getTime())[0]
  const nextFiring = () => earliest(({ next, doneUpTo }) => next(doneUpTo))

  const fireAll = async () => {
    const due = dueFirings(running, new Date())
    for (const [index, { entry, at }] of due.entries()) {
      if (closed) return
      // A firing that its target cannot take is reported and done with: the next one makes up for it.
      await options.fire(entry.schedule, at).catch(report)
      entry.doneUpTo = at
      const isLastOfInstant = due[index + 1]?.at.getTime() !== at.getTime()
      if (isLastOfInstant || closed) keep()
    }
  }

  const fireDue = (): Promise<void> => {
    // One after the other: whoever asks while a firing is under way waits for it and then for what is left.
    const previous = firing ?? Promise.resolve()
    const current = previous.then(fireAll).finally(() => {
      if (firing === current) firing = undefined
    })
    firing = current
    return current
  }

  const arm = () => {
    clearTimeout(timer)
    const next = nextFiring()
    if (!started || closed || next === undefined) return
    const waitMillis = Math.min(Math.max(0, next.getTime() - Date.now()), longestTimerMillis)
    timer = setTimeout(() => void fireDue().catch(report).finally(arm), waitMillis)
    timer.unref()
  }

  return {
    nextDue: () => earliest(nextStop),
    fireDue,
    start() {
      started = true
      if (isDue(nextFiring())) void fireDue().catch(report).finally(arm)
      else arm()
    },
    clockMoved: arm,
    isFiring: () => firing !== undefined,
    async close() {
      closed = true
      clearTimeout(timer)
      await firing?.catch(report)
    },
  }
}

const report = (error: unknown) => console.error(`a schedule could not fire: ${String(error)}`)
const isDue = (instant: Date | undefined): boolean => instant !== undefined && instant.getTime() <= Date.now()

function openSchedules(schedules: readonly LocalSchedule[], file: string): Running[] {
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : {}
  return schedules.map((schedule) => {
    const now = new Date().toISOString()
    const { madeAt, doneUpTo } = kept[schedule.name] ?? { madeAt: now, doneUpTo: now }
    const next = parseScheduleExpression(schedule.expression, schedule.timezone, new Date(madeAt))
    return { schedule, next: remembering(next), madeAt, doneUpTo: new Date(doneUpTo) }
  })
}

/** To reckon a firing takes a while, and each is asked for over and over until its time comes. */
function remembering(next: NextFiring): NextFiring {
  const known = new Map<number, Date | undefined>()
  return (after) => {
    const key = after.getTime()
    if (known.has(key)) return known.get(key)
    if (known.size >= mostRemembered) known.clear()
    const firing = next(after)
    known.set(key, firing)
    return firing
  }
}

function dueFirings(running: Running[], now: Date): { entry: Running; at: Date }[] {
  const due = running.flatMap((entry) => {
    const instants: Date[] = []
    const most = isFrequent(entry) ? 1 : mostMissedFirings
    for (let at = entry.next(entry.doneUpTo); at !== undefined && at <= now; at = entry.next(at)) {
      instants.push(at)
      if (instants.length > most) instants.shift()
    }
    return instants.map((at) => ({ entry, at }))
  })
  return due.sort((one, other) => one.at.getTime() - other.at.getTime())
}
