import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { log } from '../edge/log.ts'
import type { PackedMessage } from './pack-usage.ts'

const MOST_MESSAGES_PER_CALL = 10
/** The limit of a call of SQS before it was raised to 1 MiB; the lower one holds everywhere. */
const LARGEST_CALL_BYTES = 256 * 1024

export type UsageQueue = { send(messages: PackedMessage[]): Promise<boolean> }

/** The FIFO queue between taking usage and deducting it. */
export function createUsageQueue({ client, queueUrl }: { client: SQSClient; queueUrl: string }): UsageQueue {
  /** True when the queue has every message. False when it may lack some: sending all of them again is safe. */
  async function send(messages: PackedMessage[]): Promise<boolean> {
    for (const part of splitCalls(messages)) {
      const Entries = part.map((message, index) => ({
        Id: String(index),
        MessageBody: message.body,
        MessageGroupId: message.group,
        MessageDeduplicationId: message.deduplicationId,
      }))
      try {
        const { Failed = [], Successful = [] } = await client.send(
          new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }),
        )
        if (Failed.length === 0 && Successful.length === Entries.length) continue
        log.error('usage was not queued', { failed: Failed.map(({ Code }) => Code) })
      } catch (error) {
        log.error('usage was not queued', error as Error)
      }
      return false
    }
    return true
  }

  return { send }
}

function splitCalls(messages: readonly PackedMessage[]): PackedMessage[][] {
  const calls: PackedMessage[][] = []
  let bytes = 0
  for (const message of messages) {
    const messageBytes = Buffer.byteLength(message.body)
    const last = calls.at(-1)
    if (last && last.length < MOST_MESSAGES_PER_CALL && bytes + messageBytes <= LARGEST_CALL_BYTES) {
      last.push(message)
      bytes += messageBytes
    } else {
      calls.push([message])
      bytes = messageBytes
    }
  }
  return calls
}
