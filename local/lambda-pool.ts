import type { LambdaInstance } from './lambda-instance.ts'

// Real time. A thread costs some 40 MB; one that nobody used for so long goes.
const idleInstanceMillis = 60_000

/** The instances of one function: made on demand up to a limit, kept warm, each given to one caller at a time. */
export class LambdaPool {
  readonly #create: () => LambdaInstance
  readonly #limit: number
  readonly #all = new Set<LambdaInstance>()
  readonly #idle: LambdaInstance[] = []
  readonly #waiting: (() => void)[] = []
  readonly #retirement = new WeakMap<LambdaInstance, NodeJS.Timeout>()
  #closed = false

  constructor(create: () => LambdaInstance, limit: number) {
    this.#create = create
    this.#limit = limit
  }

  get size(): number {
    return this.#all.size
  }

  /** An instance for one invocation; callers beyond the limit wait in order. */
  async acquire(): Promise<LambdaInstance> {
    for (;;) {
      const warm = this.#idle.pop()
      if (warm?.alive()) return warm
      if (warm !== undefined) this.#all.delete(warm)
      else if (this.#all.size < this.#limit) return this.#startOne()
      else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Gives an instance back, also one that has ended. */
  release(instance: LambdaInstance): void {
    if (instance.alive() && !this.#closed) {
      this.#idle.push(instance)
      this.#retireLater(instance)
    } else {
      this.#all.delete(instance)
    }
    this.#waiting.shift()?.()
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#all].map((instance) => instance.stop()))
  }

  #startOne(): LambdaInstance {
    const instance = this.#create()
    this.#all.add(instance)
    return instance
  }

  #retireLater(instance: LambdaInstance): void {
    clearTimeout(this.#retirement.get(instance))
    const timer = setTimeout(() => {
      const place = this.#idle.indexOf(instance)
      if (place < 0) return
      this.#idle.splice(place, 1)
      this.#all.delete(instance)
      void instance.stop()
    }, idleInstanceMillis)
    this.#retirement.set(instance, timer.unref())
  }
}
