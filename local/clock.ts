import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type ClockCell,
  createClockCell,
  installVirtualDate,
  offsetMillisOf,
  realNowMillis,
  setOffsetMillis,
} from './virtual-date.ts'
import { writeFileWhole } from './write-file-whole.ts'

export type Clock = {
  now(): Date
  cell: ClockCell
  /** Sets the clock of every thread forward and keeps it so after a restart; an instant in the past changes nothing. */
  moveForwardTo(instant: Date): void
  /** Called after each move; returns the function that ends it. */
  onMove(listener: () => void): () => void
  /** Gives this thread its real `Date` back. */
  close(): void
}

/**
 * The stack's time: real time plus an offset that `clock.json` in the folder keeps. `startAt` counts only when the folder has
 * none yet. From here on `Date` in this thread is the stack's.
 */
export function startClock(options: { folder: string; startAt?: Date | string }): Clock {
  const file = join(options.folder, 'clock.json')
  const cell = createClockCell(initialOffsetMillis(file, options.startAt))
  const uninstall = installVirtualDate(cell)
  const listeners = new Set<() => void>()
  const keep = () => writeFileWhole(file, JSON.stringify({ aheadOfRealTimeMillis: offsetMillisOf(cell) }))
  keep()
  return {
    cell,
    now: () => new Date(),
    moveForwardTo(instant) {
      const ahead = instant.getTime() - realNowMillis()
      if (ahead <= offsetMillisOf(cell)) return
      setOffsetMillis(cell, ahead)
      keep()
      for (const listener of listeners) listener()
    },
    onMove(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: uninstall,
  }
}

function initialOffsetMillis(file: string, startAt: Date | string | undefined): number {
  if (existsSync(file)) {
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { aheadOfRealTimeMillis: number }
    return kept.aheadOfRealTimeMillis
  }
  if (startAt === undefined) return 0
  const instant = new Date(startAt).getTime()
  if (Number.isNaN(instant)) throw new RangeError(`startAt is not an instant: ${String(startAt)}`)
  return instant - realNowMillis()
}

/** Something that happens at an instant: the schedules, delayed messages, a provider's next attempt. */
export type DueSource = { nextDue(): Date | undefined; fireDue(): Promise<void> }

export type ClockMove = {
  clock: Clock
  target: Date
  sources: readonly DueSource[]
  waitUntilIdle(): Promise<void>
}

/** Moves the clock to the target as if nothing had run until then: what was due meanwhile happens at once, late. */
export async function sleepThrough({ clock, target, sources, waitUntilIdle }: ClockMove): Promise<void> {
  await waitUntilIdle()
  clock.moveForwardTo(target)
  for (const source of sources) await source.fireDue()
  await waitUntilIdle()
}

/**
 * Moves the clock to the target and lets everything due in between happen in order, each at its own instant and completely (all
 * that followed from it is done) before the next. A target in the past changes nothing.
 */
export async function advanceClock(options: ClockMove): Promise<void> {
  const { clock, target, sources, waitUntilIdle } = options
  await waitUntilIdle()
  for (;;) {
    const due = sources.map((source) => source.nextDue()).filter((instant) => instant !== undefined)
    const next = due.sort((one, other) => one.getTime() - other.getTime())[0]
    if (next === undefined || next > target) break
    clock.moveForwardTo(next)
    for (const source of sources) await source.fireDue()
    await waitUntilIdle()
  }
  clock.moveForwardTo(target)
  await waitUntilIdle()
}
