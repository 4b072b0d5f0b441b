import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { CheckMessage } from './check-message.ts'

/** Messages to the queue of checks that arrive later. */
export function createCheckLater({
  client,
  queueUrl,
}: {
  client: Pick<SQSClient, 'send'>
  queueUrl: string
}) {
  /** Sends a check that arrives after so many seconds, 900 at most. Throws when it may not have been sent. */
  return async (check: CheckMessage, delaySeconds: number): Promise<void> => {
    const MessageBody = JSON.stringify(check)
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody, DelaySeconds: delaySeconds }))
  }
}
