import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, vi } from 'vitest'
import { type QueueDeclaration, type Sqs, startSqs } from '../../local/sqs.ts'

// Every test of a file that imports this has queues of its own, and a client that speaks to them.
export const queues: QueueDeclaration[] = [
  {
    name: 'charges',
    deadLetterQueue: { name: 'charges-dead', maxReceiveCount: 2 },
    visibilityTimeoutSeconds: 60,
  },
  { name: 'charges-dead' },
  { name: 'usage.fifo', fifo: true, deadLetterQueue: { name: 'usage-dead.fifo', maxReceiveCount: 3 } },
  { name: 'usage-dead.fifo', fifo: true },
  { name: 'content.fifo', fifo: true, contentBasedDeduplication: true },
  { name: 'later', delaySeconds: 60 },
  { name: 'stream-failures', holdsFailures: true },
]

export let folder: string
export let sqs: Sqs
export let client: SQSClient
let realNow: number

/** Real time goes on, the clock of the stack does not. */
export function passRealTime(milliseconds: number): void {
  realNow += milliseconds
}

export async function start(): Promise<void> {
  sqs = await startSqs({ folder, queues, now: () => realNow })
  client = new SQSClient({
    endpoint: sqs.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  })
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drawdown-sqs-'))
  realNow = Date.now()
  await start()
})

afterEach(async () => {
  vi.useRealTimers()
  client.destroy()
  await sqs.close()
  rmSync(folder, { recursive: true })
})

export const send = (queue: string, body: string, group?: string, deduplicationId?: string) =>
  client.send(
    new SendMessageCommand({
      QueueUrl: sqs.queueUrl(queue),
      MessageBody: body,
      MessageGroupId: group,
      MessageDeduplicationId: group ? (deduplicationId ?? `${group}-${body}`) : undefined,
    }),
  )

export const receive = async (queue: string, max = 10, waitSeconds = 0) =>
  (
    await client.send(
      new ReceiveMessageCommand({
        QueueUrl: sqs.queueUrl(queue),
        MaxNumberOfMessages: max,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
    )
  ).Messages ?? []

export const remove = (queue: string, receipt: string | undefined) =>
  client.send(new DeleteMessageCommand({ QueueUrl: sqs.queueUrl(queue), ReceiptHandle: receipt }))

export const bodies = (messages: { Body?: string | undefined; body?: string }[]) =>
  messages.map((m) => m.Body ?? m.body)
