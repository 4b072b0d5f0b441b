/**
 * Tells who waits on a queue that something may be received now: because it was sent, returned or unblocked (`notify`), or because
 * time alone made it visible (a timer, which runs only while someone listens). A call too many is harmless, one too few would not be.
 */
export class QueueChanges {
  readonly #millisecondsUntilNextChange: (queueName: string) => number | undefined
  readonly #listeners = new Map<string, Set<() => void>>()
  readonly #timers = new Map<string, NodeJS.Timeout>()

  constructor(millisecondsUntilNextChange: (queueName: string) => number | undefined) {
    this.#millisecondsUntilNextChange = millisecondsUntilNextChange
  }

  listen(queueName: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(queueName) ?? new Set()
    this.#listeners.set(queueName, listeners.add(listener))
    this.rearm(queueName)
    return () => {
      listeners.delete(listener)
      this.rearm(queueName)
    }
  }

  notify(queueName: string): void {
    this.rearm(queueName)
    for (const listener of [...(this.#listeners.get(queueName) ?? [])]) listener()
  }

  /** To be called when the moment of the next change by time alone may be another one. */
  rearm(queueName: string): void {
    clearTimeout(this.#timers.get(queueName))
    this.#timers.delete(queueName)
    if (!this.#listeners.get(queueName)?.size) return
    const wait = this.#millisecondsUntilNextChange(queueName)
    if (wait === undefined) return
    this.#timers.set(
      queueName,
      setTimeout(() => this.notify(queueName), wait),
    )
  }

  /** Resolves at the next change, or when the signal aborts. */
  wait(queueName: string, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const finish = () => {
        end()
        signal?.removeEventListener('abort', finish)
        resolve()
      }
      const end = this.listen(queueName, finish)
      signal?.addEventListener('abort', finish, { once: true })
    })
  }

  close(): void {
    const waiting = [...this.#listeners.values()].flatMap((listeners) => [...listeners])
    this.#listeners.clear()
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    for (const listener of waiting) listener()
  }
}
