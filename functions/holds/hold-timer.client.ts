import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { HoldTimer } from './hold.ts'
import { timerDelaySeconds } from './hold-timer.ts'

export type HoldTimers = ReturnType<typeof createHoldTimers>

/** Timers that ring to the second: delayed messages of a queue, which nothing but their reader removes. */
export function createHoldTimers({
  client,
  queueUrl,
}: {
  client: Pick<SQSClient, 'send'>
  queueUrl: string
}) {
  /** Starts a timer that rings at `ringsAt`, or earlier if that is far away. Throws when it may not have been started. */
  async function start(timer: HoldTimer, now: Date, ringsAt = timer.expiresAt): Promise<void> {
    const { accountId, holdId, expiresAt } = timer
    await client.send(
      new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify({ accountId, holdId, expiresAt }),
        DelaySeconds: timerDelaySeconds(ringsAt, now),
      }),
    )
  }

  return { start }
}
