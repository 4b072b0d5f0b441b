// Gives one thread a `Date` that runs at the pace of the real one, ahead or behind by an offset that all threads share.
// Timers, `performance` and an `Intl.DateTimeFormat` without an argument stay real.

/** One 64-bit integer: virtual minus real time, in milliseconds. Shared by every thread of the process. */
export type ClockCell = SharedArrayBuffer

const realDate = Date

/** The machine's own time in milliseconds, whatever `Date` says in this thread. */
export const realNowMillis: () => number = realDate.now.bind(realDate)

const offsetView = (cell: ClockCell) => new BigInt64Array(cell)

/** A cell with the given offset. */
export function createClockCell(offsetMillis: number): ClockCell {
  const cell = new SharedArrayBuffer(8)
  setOffsetMillis(cell, offsetMillis)
  return cell
}

/** Virtual minus real time. */
export const offsetMillisOf = (cell: ClockCell): number => Number(Atomics.load(offsetView(cell), 0))

/** Moves the clock of every thread that shares the cell. */
export function setOffsetMillis(cell: ClockCell, offsetMillis: number): void {
  Atomics.store(offsetView(cell), 0, BigInt(Math.round(offsetMillis)))
}

let installed = false

/**
 * Replaces this thread's `Date`; returns the function that puts the real one back. Code that kept the old `Date` keeps real time, so
 * this comes before anything that must follow the virtual clock. A thread has one clock: a second installation throws.
 */
export function installVirtualDate(cell: ClockCell): () => void {
  if (installed) throw new Error('this thread already follows a virtual clock')
  installed = true
  const offset = offsetView(cell)
  const now = () => realNowMillis() + Number(Atomics.load(offset, 0))
  const handler: ProxyHandler<DateConstructor> = {
    construct: (target, values, newTarget) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget) as Date,
    apply: () => new realDate(now()).toString(),
    get: (target, key, receiver) => (key === 'now' ? now : (Reflect.get(target, key, receiver) as unknown)),
  }
  const virtualDate = new Proxy(realDate, handler)
  globalThis.Date = virtualDate
  realDate.prototype.constructor = virtualDate
  return () => {
    globalThis.Date = realDate
    realDate.prototype.constructor = realDate
    installed = false
  }
}
