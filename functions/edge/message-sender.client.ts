import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs'
import { log } from './log.ts'
import { retryDelayMilliseconds, sleep } from './retry-delay.ts'

const MOST_MESSAGES_PER_REQUEST = 10
const TRIES = 5
const DELAYS = { firstMilliseconds: 50, longestMilliseconds: 800 }

/** A standard queue for short messages, whose reader does nothing the second time. */
export function createMessageSender(options: {
  client: Pick<SQSClient, 'send'>
  queueUrl: string
  sleep?: (milliseconds: number) => Promise<void>
}) {
  const { client, queueUrl } = options
  const pause = options.sleep ?? sleep

  /**
   * Sends each body as JSON, ten at a time; what the queue turned down goes again, boundedly. Throws when some stay out. They
   * may be held back for up to 15 minutes.
   */
  async function send(bodies: readonly object[], delaySeconds = 0): Promise<void> {
    for (let start = 0; start < bodies.length; start += MOST_MESSAGES_PER_REQUEST) {
      await sendPart(bodies.slice(start, start + MOST_MESSAGES_PER_REQUEST), delaySeconds)
    }
  }

  async function sendPart(bodies: readonly object[], delaySeconds: number): Promise<void> {
    let waiting: SendMessageBatchRequestEntry[] = bodies.map((body, index) => ({
      Id: String(index),
      MessageBody: JSON.stringify(body),
      ...(delaySeconds > 0 && { DelaySeconds: delaySeconds }),
    }))
    for (let attempt = 0; attempt < TRIES && waiting.length > 0; attempt++) {
      if (attempt > 0) await pause(retryDelayMilliseconds(attempt, DELAYS))
      try {
        const reply = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: waiting }))
        const sent = new Set(reply.Successful?.map(({ Id }) => Id))
        waiting = waiting.filter(({ Id }) => !sent.has(Id))
      } catch (error) {
        // What was taken before the reply was lost goes twice; its reader does nothing the second time.
        log.warn('messages were not sent', { error: error as Error, attempt })
      }
    }
    if (waiting.length > 0) throw new Error(`${waiting.length} messages did not reach ${queueUrl}`)
  }

  return { send }
}
