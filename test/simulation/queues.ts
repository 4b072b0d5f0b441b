import { createHash } from 'node:crypto'
import type { BoundaryReply } from './boundary.ts'
import type { Random } from './random.ts'

export type Message = {
  id: string
  group: string
  body: string
  receiveCount: number
  /** In milliseconds since 1970: nobody sees it before. */
  visibleAt: number
}
type Entry = { Id: string; MessageBody: string; MessageGroupId?: string }

/** A queue in memory: what is taken is gone for others until it is finished or returned. With groups, one batch of a group at a time. */
export class SimulatedQueue {
  readonly name: string
  readonly isFifo: boolean
  /** What was delivered and done, to be delivered again one day. */
  readonly done: { message: Message; at: number }[] = []
  private waiting: Message[] = []
  private readonly busyGroups = new Set<string>()
  private count = 0

  constructor(name: string, { isFifo }: { isFifo: boolean }) {
    this.name = name
    this.isFifo = isFifo
  }

  get waitingCount(): number {
    return this.waiting.length
  }

  add(body: string, group = '', visibleAt = 0): void {
    this.count += 1
    this.waiting.push({ id: `${this.name}-${this.count}`, group, body, receiveCount: 0, visibleAt })
  }

  /** Up to so many messages that may be worked on now; in no order where the queue promises none and `isShuffled`. */
  take(most: number, now: number, random: Random, isShuffled: boolean): Message[] {
    const taken: Message[] = []
    const free = this.waiting.filter(
      ({ group, visibleAt }) => visibleAt <= now && !(this.isFifo && this.busyGroups.has(group)),
    )
    while (taken.length < most && free.length > 0) {
      const [message] = free.splice(isShuffled && !this.isFifo ? random.below(free.length) : 0, 1)
      taken.push(message!)
    }
    for (const message of taken) {
      message.receiveCount += 1
      this.busyGroups.add(message.group)
    }
    this.waiting = this.waiting.filter((message) => !taken.includes(message))
    return taken
  }

  /** What became of a batch: the failed ones come again, in their old place. */
  finish(taken: readonly Message[], failedIds: ReadonlySet<string>, nowMilliseconds: number): void {
    for (const { group } of taken) this.busyGroups.delete(group)
    this.waiting.unshift(...taken.filter(({ id }) => failedIds.has(id)))
    this.done.push(
      ...taken.filter(({ id }) => !failedIds.has(id)).map((message) => ({ message, at: nowMilliseconds })),
    )
  }

  /** `SendMessage`, with its delay. */
  sendOne(body: string, visibleAt: number): BoundaryReply {
    this.add(body, '', visibleAt)
    const MD5OfMessageBody = createHash('md5').update(body).digest('hex')
    return { status: 200, body: JSON.stringify({ MessageId: 'message', MD5OfMessageBody }) }
  }

  /** `SendMessageBatch`; of a part only, the entries from `takenCount` on are turned down. */
  send(entries: readonly Entry[], takenCount = entries.length): BoundaryReply {
    const taken = entries.slice(0, takenCount)
    for (const { MessageBody, MessageGroupId } of taken) this.add(MessageBody, MessageGroupId)
    const Successful = taken.map(({ Id, MessageBody }) => ({
      Id,
      MessageId: Id,
      MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
    }))
    const Failed = entries
      .slice(takenCount)
      .map(({ Id }) => ({ Id, SenderFault: false, Code: 'InternalError', Message: 'try again' }))
    return { status: 200, body: JSON.stringify({ Successful, Failed }) }
  }
}

/** Messages as Lambda hands them to a function. */
export function sqsEvent(messages: readonly Message[]) {
  return {
    Records: messages.map(({ id, group, body, receiveCount }) => ({
      messageId: id,
      receiptHandle: id,
      body,
      attributes: {
        ApproximateReceiveCount: String(receiveCount),
        SentTimestamp: '0',
        SenderId: 'simulation',
        ApproximateFirstReceiveTimestamp: '0',
        ...(group && { MessageGroupId: group }),
      },
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:simulation',
      awsRegion: 'us-east-1',
    })),
  }
}
