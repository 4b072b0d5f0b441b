import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { type DeduplicationRows, prepareDeduplicationRows } from './deduplication-rows.ts'
import { contentDeduplicationId, md5OfAttributes, md5OfBody } from './message-digests.ts'
import { type MessageRow, type MessageRows, prepareMessageRows } from './message-rows.ts'
import { inTransaction } from './open-queue-database.ts'
import type {
  OutgoingMessage,
  QueueDeclaration,
  QueueDepth,
  ReceivedMessage,
  ReceiveOptions,
  SentMessage,
} from './queue.types.ts'
import {
  invalidParameter,
  messageNotInFlight,
  queueDoesNotExist,
  receiptHandleExpired,
} from './queue-errors.ts'
import { describeReceived, parseReceiptHandle, sequenceNumberOf } from './received-message.ts'

/**
 * The queues' rules over one database. Every method is one transaction and finishes before it returns. Real time (`now`) decides
 * visibility; the clock (`Date.now()`, which may be virtual) decides delays, the deduplication window and time stamps.
 */
export class QueueStore {
  readonly #database: DatabaseSync
  readonly #queues: Map<string, QueueDeclaration>
  readonly #now: () => number
  readonly #onDeadLetter: (queueName: string) => void
  readonly #rows: MessageRows
  readonly #deduplication: DeduplicationRows

  /** `onDeadLetter` hears the name of a dead-letter queue whenever a receive moves a message there. */
  constructor(
    database: DatabaseSync,
    queues: readonly QueueDeclaration[],
    now: () => number,
    onDeadLetter: (queueName: string) => void,
  ) {
    this.#database = database
    this.#queues = new Map(queues.map((queue) => [queue.name, queue]))
    this.#now = now
    this.#onDeadLetter = onDeadLetter
    this.#rows = prepareMessageRows(database)
    this.#deduplication = prepareDeduplicationRows(database)
  }

  queue(name: string): QueueDeclaration {
    const queue = this.#queues.get(name)
    if (!queue) throw queueDoesNotExist()
    return queue
  }

  queueNames(): string[] {
    return [...this.#queues.keys()]
  }

  /** Takes a message in; a FIFO duplicate within five minutes gets the first one's answer and changes nothing. */
  send(queueName: string, message: OutgoingMessage): SentMessage {
    const queue = this.queue(queueName)
    return inTransaction(this.#database, () => this.#send(queue, message))
  }

  /**
   * Takes up to `maxMessages` visible messages. FIFO: a group with a message in flight gives nothing; otherwise as many as possible of
   * the oldest group, in order, then of the next. A message received `maxReceiveCount` times already moves to the dead-letter queue.
   */
  receive(queueName: string, options: ReceiveOptions = {}): ReceivedMessage[] {
    const queue = this.queue(queueName)
    const seconds = options.visibilityTimeoutSeconds ?? queue.visibilityTimeoutSeconds ?? 30
    const limit = options.maxMessages ?? 1
    return inTransaction(this.#database, () => {
      const taken = queue.fifo
        ? this.#takeFifo(queue, limit, seconds)
        : this.#takeStandard(queue, limit, seconds)
      return taken.map((row) => describeReceived(queue, row))
    })
  }

  /**
   * Deletes the message of the receipt. A message that is gone already is no error; an outdated receipt deletes nothing, and is
   * an error on a FIFO queue, where someone else may hold the group by now.
   */
  delete(queueName: string, receiptHandle: string): void {
    const queue = this.queue(queueName)
    const { sequence, receipt } = parseReceiptHandle(receiptHandle)
    inTransaction(this.#database, () => {
      const row = this.#rows.bySequence(sequence)
      if (row?.queue !== queueName) return
      const outdated = row.receipt !== receipt
      if (queue.fifo && (outdated || row.invisible_until <= this.#now())) throw receiptHandleExpired()
      if (outdated) return
      this.#rows.remove(sequence)
      this.#refreshGroup(row)
    })
  }

  /** Makes a message in flight visible that many seconds from now; 0 returns it at once, to its old place in the order. */
  changeVisibility(queueName: string, receiptHandle: string, visibilityTimeoutSeconds: number): void {
    this.queue(queueName)
    const { sequence, receipt } = parseReceiptHandle(receiptHandle)
    inTransaction(this.#database, () => {
      const row = this.#rows.bySequence(sequence)
      if (row?.queue !== queueName) {
        throw invalidParameter('The parameter ReceiptHandle is invalid. Reason: Message does not exist.')
      }
      if (row.receipt !== receipt || row.invisible_until <= this.#now()) throw messageNotInFlight()
      this.#rows.hideUntil(sequence, this.#now() + visibilityTimeoutSeconds * 1000)
      this.#refreshGroup(row)
    })
  }

  purge(queueName: string): void {
    this.queue(queueName)
    inTransaction(this.#database, () => this.#rows.removeAll(queueName))
  }

  /**
   * Moves what the dead-letter queue holds to `destinationName`, or each message to the queue it came from. Messages in flight, and
   * those without an origin, stay. Returns the names of the queues that got something, one per message.
   */
  redrive(deadLetterQueueName: string, destinationName?: string): string[] {
    this.queue(deadLetterQueueName)
    const everything = Number.MAX_SAFE_INTEGER
    return inTransaction(this.#database, () => {
      const moved: string[] = []
      for (const row of this.#rows.visible(deadLetterQueueName, this.#now(), Date.now(), everything)) {
        const destination = destinationName ?? row.source_queue
        if (destination === null || !this.#queues.has(destination)) continue
        this.#move(row, destination, null)
        moved.push(destination)
      }
      return moved
    })
  }

  depth(queueName: string): QueueDepth {
    this.queue(queueName)
    const inFlight = this.#rows.countInFlight(queueName, this.#now())
    const delayed = this.#rows.countDelayed(queueName, Date.now())
    return { visible: this.#rows.countAll(queueName) - inFlight - delayed, inFlight, delayed }
  }

  /** True when the queue holds nothing but messages whose delay is not over. */
  isIdle(queueName: string): boolean {
    return !this.#rows.hasDue(queueName, Date.now())
  }

  /** Milliseconds until time alone makes a message of the queue visible; undefined when time alone changes nothing. */
  millisecondsUntilNextChange(queueName: string): number | undefined {
    const visibleAt = this.#rows.nextVisibleAt(queueName, this.#now())
    const delayedUntil = this.#rows.nextDelayedUntil(queueName, Date.now())
    const waits = [
      ...(visibleAt === undefined ? [] : [visibleAt - this.#now()]),
      ...(delayedUntil === undefined ? [] : [delayedUntil - Date.now()]),
    ]
    return waits.length === 0 ? undefined : Math.max(1, Math.min(...waits))
  }

  #send(queue: QueueDeclaration, message: OutgoingMessage): SentMessage {
    const attributes = message.messageAttributes ?? {}
    const digests = { bodyMd5: md5OfBody(message.body), messageAttributesMd5: md5OfAttributes(attributes) }
    const deduplicationId = queue.fifo ? deduplicationIdOf(queue, message) : message.deduplicationId
    if (queue.fifo && !message.groupId) {
      throw invalidParameter('The request must contain the parameter MessageGroupId.')
    }
    const first = queue.fifo ? this.#deduplication.find(queue.name, deduplicationId!, Date.now()) : undefined
    if (first) {
      return { messageId: first.messageId, sequenceNumber: sequenceNumberOf(first.sequence), ...digests }
    }
    const messageId = randomUUID()
    const sequence = this.#rows.insert({
      queue: queue.name,
      message_id: messageId,
      body: message.body,
      attributes: JSON.stringify(attributes),
      trace_header: message.traceHeader ?? null,
      group_id: message.groupId ?? null,
      deduplication_id: deduplicationId ?? null,
      source_queue: null,
      sent_at: Date.now(),
      delayed_until: Date.now() + (message.delaySeconds ?? queue.delaySeconds ?? 0) * 1000,
    })
    if (!queue.fifo) return { messageId, ...digests }
    this.#rows.refreshGroup(queue.name, message.groupId!)
    this.#deduplication.remember(queue.name, deduplicationId!, { messageId, sequence }, Date.now())
    return { messageId, sequenceNumber: sequenceNumberOf(sequence), ...digests }
  }

  #takeStandard(queue: QueueDeclaration, limit: number, seconds: number): MessageRow[] {
    return this.#takeFrom(queue, limit, seconds, (remaining) =>
      this.#rows.visible(queue.name, this.#now(), Date.now(), remaining),
    )
  }

  #takeFifo(queue: QueueDeclaration, limit: number, seconds: number): MessageRow[] {
    const taken: MessageRow[] = []
    let afterSequence = 0
    while (taken.length < limit) {
      const group = this.#rows.nextGroup(queue.name, afterSequence, this.#now())
      if (!group) break
      afterSequence = group.first_sequence
      const ofGroup = this.#takeFrom(queue, limit - taken.length, seconds, (remaining) =>
        this.#rows.visibleOfGroup(queue.name, group.group_id, this.#now(), Date.now(), remaining),
      )
      this.#rows.refreshGroup(queue.name, group.group_id)
      taken.push(...ofGroup)
    }
    return taken
  }

  #takeFrom(
    queue: QueueDeclaration,
    limit: number,
    seconds: number,
    visible: (limit: number) => MessageRow[],
  ): MessageRow[] {
    const isExhausted = (row: MessageRow) =>
      row.receive_count >= (queue.deadLetterQueue?.maxReceiveCount ?? Infinity)
    let rows = visible(limit)
    while (rows.some(isExhausted)) {
      for (const row of rows.filter(isExhausted)) this.#move(row, queue.deadLetterQueue!.name, queue.name)
      this.#onDeadLetter(queue.deadLetterQueue!.name)
      rows = visible(limit)
    }
    return rows.map((row) => this.#take(row, seconds))
  }

  #take(row: MessageRow, seconds: number): MessageRow {
    const taken = {
      ...row,
      receipt: randomUUID(),
      invisible_until: this.#now() + seconds * 1000,
      receive_count: row.receive_count + 1,
      first_received_at: row.first_received_at ?? Date.now(),
    }
    this.#rows.take(taken)
    return taken
  }

  /** Puts the message at the end of the other queue, with its id, its group and a fresh receive count. */
  #move(row: MessageRow, toQueue: string, sourceQueue: string | null): void {
    this.#rows.remove(row.sequence)
    this.#refreshGroup(row)
    this.#rows.insert({ ...row, queue: toQueue, source_queue: sourceQueue, delayed_until: 0 })
    this.#refreshGroup({ ...row, queue: toQueue })
  }

  #refreshGroup(row: Pick<MessageRow, 'queue' | 'group_id'>): void {
    if (row.group_id !== null && this.#queues.get(row.queue)?.fifo)
      this.#rows.refreshGroup(row.queue, row.group_id)
  }
}

function deduplicationIdOf(queue: QueueDeclaration, message: OutgoingMessage): string {
  if (message.deduplicationId) return message.deduplicationId
  if (queue.contentBasedDeduplication) return contentDeduplicationId(message.body)
  throw invalidParameter(
    'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
  )
}
