import { realPause } from './virtual-time.ts'

type Waiting = { at: number; order: number; run: () => void | Promise<void>; cancelled: boolean }

/** Whoever the scheduler waits for before it lets time go on: it runs while nothing that it asked for is under way. */
export type Running = { label: string; isRunning: boolean; pendingCount: number }

const LONGEST_UNEXPLAINED_MILLISECONDS = 20_000

/**
 * Virtual time: what has been scheduled happens one at a time, in the order of its instants, and only when all that runs has come to
 * wait. So the instants, chosen by a seed, decide every race.
 */
export class Scheduler {
  nowMilliseconds: number
  private readonly waiting: Waiting[] = []
  private readonly running = new Set<Running>()
  private orders = 0

  constructor(startMilliseconds: number) {
    this.nowMilliseconds = startMilliseconds
  }

  /** Schedules; returns what calls it off. */
  after(milliseconds: number, run: () => void | Promise<void>): () => void {
    const event = {
      at: this.nowMilliseconds + Math.max(0, milliseconds),
      order: this.orders++,
      run,
      cancelled: false,
    }
    let place = this.waiting.length
    while (place > 0 && isBefore(event, this.waiting[place - 1]!)) place -= 1
    this.waiting.splice(place, 0, event)
    return () => {
      event.cancelled = true
    }
  }

  watch(running: Running): void {
    this.running.add(running)
  }

  /** Lets time go on until it is so; throws when nothing is left that could make it so. */
  async runUntil(isDone: () => boolean): Promise<void> {
    await this.settle()
    while (!isDone()) {
      if (!(await this.step())) throw new Error(`the simulation waits for nothing: ${this.describe()}`)
    }
  }

  /** Lets so much time go by, and everything happen that is due in it. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.nowMilliseconds + milliseconds
    while (this.waiting.length > 0 && this.waiting[0]!.at <= end) await this.step()
    this.nowMilliseconds = end
  }

  private async step(): Promise<boolean> {
    const next = this.waiting.shift()
    if (!next) return false
    if (next.cancelled) return true
    this.nowMilliseconds = Math.max(this.nowMilliseconds, next.at)
    await next.run()
    await this.settle()
    return true
  }

  /** Waits until everything that runs waits for something itself. */
  private async settle(): Promise<void> {
    await new Promise<void>((resume) => setImmediate(resume))
    let since: number | undefined
    for (;;) {
      let isBusy = false
      for (const each of this.running) {
        if (!each.isRunning) this.running.delete(each)
        else if (each.pendingCount === 0) isBusy = true
      }
      if (!isBusy) return
      since ??= performance.now()
      if (performance.now() - since > LONGEST_UNEXPLAINED_MILLISECONDS)
        throw new Error(`runs on without asking for anything: ${this.describe()}`)
      await realPause(1)
    }
  }

  private describe(): string {
    return [...this.running].map(({ label }) => label).join(', ') || 'nothing runs'
  }
}

function isBefore(left: Waiting, right: Waiting): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order)
}
