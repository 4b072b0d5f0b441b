import { AsyncLocalStorage } from 'node:async_hooks'

/** Time and chance as code sees them that runs inside an invocation of the simulation. */
export type Inside = {
  nowMilliseconds(): number
  random(): number
  /** Calls back when so much virtual time has gone by; returns what calls it off. */
  wakeAfter(milliseconds: number, wake: () => void): () => void
}

/** Which invocation the running code belongs to, through all its awaits. */
export const inside = new AsyncLocalStorage<Inside>()

const RealDate = Date
const realSetTimeout = setTimeout
const realClearTimeout = clearTimeout
const realRandom = Math.random

class VirtualTimer {
  readonly cancel: () => void

  constructor(cancel: () => void) {
    this.cancel = cancel
  }
  ref() {
    return this
  }
  unref() {
    return this
  }
  hasRef() {
    return true
  }
}

let installed = false

/**
 * Gives the invocations of this process virtual clocks, timers and random numbers; all other code keeps the real ones. Code that
 * kept an old `Date` keeps real time, so this comes before anything that must follow.
 */
export function installVirtualTime(): void {
  if (installed) return
  installed = true
  const now = () => inside.getStore()?.nowMilliseconds() ?? RealDate.now()
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, values, newTarget) =>
      Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget) as Date,
    apply: () => new RealDate(now()).toString(),
    get: (target, name, receiver) =>
      name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown),
  })
  RealDate.prototype.constructor = globalThis.Date
  Math.random = () => inside.getStore()?.random() ?? realRandom()
  globalThis.setTimeout = ((wake: (...values: unknown[]) => void, milliseconds = 0, ...values: unknown[]) => {
    const own = inside.getStore()
    if (!own) return realSetTimeout(wake, milliseconds, ...values)
    return new VirtualTimer(own.wakeAfter(milliseconds, () => wake(...values)))
  }) as typeof setTimeout
  globalThis.clearTimeout = ((timer: unknown) => {
    if (timer instanceof VirtualTimer) timer.cancel()
    else realClearTimeout(timer as NodeJS.Timeout)
  }) as typeof clearTimeout
}

/** Waits in real time, wherever it is called from. */
export const realPause = (milliseconds: number) =>
  new Promise<void>((wake) => realSetTimeout(wake, milliseconds))
