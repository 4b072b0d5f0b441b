import { openQueueDatabase } from './open-queue-database.ts'
import type {
  OutgoingMessage,
  QueueDeclaration,
  QueueDepth,
  ReceivedMessage,
  ReceiveOptions,
  SentMessage,
} from './queue.types.ts'
import { QueueChanges } from './queue-changes.ts'
import { QueueStore } from './queue-store.ts'

export type QueuesOptions = {
  /** `sqs.sqlite` lives here; the folder is made if it is missing. */
  folder: string
  queues: readonly QueueDeclaration[]
  /** Real time in milliseconds, for visibility alone; give the `Date.now` from before a virtual clock was installed. */
  now?: () => number
}

/** The queues without the protocol, for whoever runs in the same process. Unknown queues and bad receipts throw an AwsError. */
export type Queues = {
  declaration(queueName: string): QueueDeclaration
  send(queueName: string, message: OutgoingMessage): SentMessage
  /** Immediate; an empty list when nothing is visible. */
  receive(queueName: string, options?: ReceiveOptions): ReceivedMessage[]
  /** A message that is gone already is no error; on a FIFO queue an expired receipt is. */
  delete(queueName: string, receiptHandle: string): void
  changeVisibility(queueName: string, receiptHandle: string, visibilityTimeoutSeconds: number): void
  purge(queueName: string): void
  depth(queueName: string): QueueDepth
  /** Moves what a dead-letter queue holds to `destinationName`, or back to where it came from; returns how many messages moved. */
  redrive(deadLetterQueueName: string, destinationName?: string): number
  /** True for a queue whose messages wait for a person. */
  holdsFailures(queueName: string): boolean
  /** True when nothing is visible, due or in flight in any queue but those that hold failures. */
  isIdle(): boolean
  waitForIdle(): Promise<void>
  /**
   * Resolves when something may be received from the queue that could not be before, or when `signal` aborts. `receive` and, when it
   * gave nothing, `waitForChange` in the same turn miss no message.
   */
  waitForChange(queueName: string, signal?: AbortSignal): Promise<void>
  /** Called at each such change; returns the function that ends it. */
  onMessage(queueName: string, listener: () => void): () => void
  /** To be called after the virtual clock moved: delayed messages that are due by now are noticed at once. */
  clockMoved(): void
  close(): void
}

/** What everybody but the owner may do with the queues. */
export type OpenQueues = Omit<Queues, 'close'>

/** Opens the queues of a folder. Throws when the declarations contradict each other. */
export function openQueues(options: QueuesOptions): Queues {
  checkDeclarations(options.queues)
  const database = openQueueDatabase(options.folder)
  const now = options.now ?? Date.now
  const store = new QueueStore(database, options.queues, now, (queueName) => changes.notify(queueName))
  const changes = new QueueChanges((queueName) => store.millisecondsUntilNextChange(queueName))
  const failureQueues = new Set(
    options.queues.filter((queue) => queue.holdsFailures).map((queue) => queue.name),
  )
  for (const queue of options.queues) if (queue.deadLetterQueue) failureQueues.add(queue.deadLetterQueue.name)
  const workQueues = options.queues.map((queue) => queue.name).filter((name) => !failureQueues.has(name))
  const isIdle = () => workQueues.every((name) => store.isIdle(name))
  const idleWaiters = new Set<() => void>()
  const checkIdle = () => {
    if (idleWaiters.size === 0 || !isIdle()) return
    for (const resolve of idleWaiters) resolve()
    idleWaiters.clear()
  }
  /** Runs a change, then tells who waits on the queue. */
  const changing = <Result>(queueName: string, change: () => Result): Result => {
    const result = change()
    changes.notify(queueName)
    checkIdle()
    return result
  }

  return {
    declaration: (name) => store.queue(name),
    send: (name, message) => changing(name, () => store.send(name, message)),
    receive: (name, receiveOptions) => {
      const received = store.receive(name, receiveOptions)
      changes.rearm(name)
      checkIdle()
      return received
    },
    delete: (name, receiptHandle) => changing(name, () => store.delete(name, receiptHandle)),
    changeVisibility: (name, receiptHandle, seconds) =>
      changing(name, () => store.changeVisibility(name, receiptHandle, seconds)),
    purge: (name) => changing(name, () => store.purge(name)),
    depth: (name) => store.depth(name),
    redrive: (name, destinationName) => {
      const destinations = changing(name, () => store.redrive(name, destinationName))
      for (const destination of new Set(destinations)) changes.notify(destination)
      return destinations.length
    },
    holdsFailures: (name) => failureQueues.has(name),
    isIdle,
    waitForIdle: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => idleWaiters.add(resolve))),
    waitForChange: (name, signal) => changes.wait(store.queue(name).name, signal),
    onMessage: (name, listener) => changes.listen(store.queue(name).name, listener),
    clockMoved: () => {
      for (const name of store.queueNames()) changes.notify(name)
    },
    close: () => {
      changes.close()
      database.close()
    },
  }
}

function checkDeclarations(queues: readonly QueueDeclaration[]): void {
  const byName = new Map(queues.map((queue) => [queue.name, queue]))
  if (byName.size !== queues.length) throw new Error('Two queues have the same name.')
  for (const queue of queues) {
    if (Boolean(queue.fifo) !== queue.name.endsWith('.fifo')) {
      throw new Error(`Queue ${queue.name}: the name of a FIFO queue, and of no other, ends in .fifo`)
    }
    if (!queue.deadLetterQueue) continue
    const deadLetterQueue = byName.get(queue.deadLetterQueue.name)
    if (!deadLetterQueue)
      throw new Error(`Queue ${queue.name}: no dead-letter queue ${queue.deadLetterQueue.name}`)
    if (Boolean(deadLetterQueue.fifo) !== Boolean(queue.fifo)) {
      throw new Error(`Queue ${queue.name}: its dead-letter queue must be of the same type`)
    }
    if (!(queue.deadLetterQueue.maxReceiveCount >= 1)) {
      throw new Error(`Queue ${queue.name}: maxReceiveCount must be at least 1`)
    }
  }
}
