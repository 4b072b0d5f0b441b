import { join } from 'node:path'
import {
  BatchRequestTooLong,
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  QueueDoesNotExist,
  ReceiptHandleIsInvalid,
  SendMessageBatchCommand,
  TooManyEntriesInBatchRequest,
} from '@aws-sdk/client-sqs'
import { describe, expect, test } from 'vitest'
import { startSqs } from '../../local/sqs.ts'
import { client, folder, receive, remove, send, sqs } from './start-queues.ts'

describe('batches and limits', () => {
  test('a batch reports each entry for itself', async () => {
    const result = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: sqs.queueUrl('usage.fifo'),
        Entries: [
          { Id: 'good', MessageBody: 'a', MessageGroupId: 'A', MessageDeduplicationId: '1' },
          { Id: 'bad', MessageBody: 'b', MessageDeduplicationId: '2' },
        ],
      }),
    )
    expect(result.Successful?.map((entry) => entry.Id)).toEqual(['good'])
    expect(result.Failed).toMatchObject([{ Id: 'bad', SenderFault: true }])
    const [message] = await receive('usage.fifo')
    const entry = { Id: 'x', ReceiptHandle: message!.ReceiptHandle! }
    const QueueUrl = sqs.queueUrl('usage.fifo')
    const changed = await client.send(
      new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries: [{ ...entry, VisibilityTimeout: 5 }] }),
    )
    expect(changed.Successful).toEqual([{ Id: 'x' }])
    const deleted = await client.send(
      new DeleteMessageBatchCommand({ QueueUrl, Entries: [entry, { Id: 'y', ReceiptHandle: 'nonsense' }] }),
    )
    expect(deleted.Successful).toEqual([{ Id: 'x' }])
    expect(deleted.Failed).toMatchObject([{ Id: 'y', Code: 'ReceiptHandleIsInvalid' }])
  })

  test('takes one mebibyte and ten entries, and no more', async () => {
    const QueueUrl = sqs.queueUrl('charges')
    const half = 'x'.repeat(512 * 1024)
    await send('charges', half + half)
    await expect(send('charges', `${half}${half}x`)).rejects.toThrow(/1048576/)
    const tooLong = new SendMessageBatchCommand({
      QueueUrl,
      Entries: ['a', 'b', 'c'].map((Id) => ({ Id, MessageBody: half })),
    })
    await expect(client.send(tooLong)).rejects.toBeInstanceOf(BatchRequestTooLong)
    const tooMany = new SendMessageBatchCommand({
      QueueUrl,
      Entries: Array.from({ length: 11 }, (_, index) => ({ Id: `${index}`, MessageBody: 'a' })),
    })
    await expect(client.send(tooMany)).rejects.toBeInstanceOf(TooManyEntriesInBatchRequest)
  })

  test('names what it refuses as SQS does', async () => {
    await expect(client.send(new GetQueueUrlCommand({ QueueName: 'none' }))).rejects.toBeInstanceOf(
      QueueDoesNotExist,
    )
    await expect(remove('charges', 'nonsense')).rejects.toBeInstanceOf(ReceiptHandleIsInvalid)
    await expect(send('charges', 'bell \u0007')).rejects.toMatchObject({ name: 'InvalidMessageContents' })
    await send('charges', 'a')
    const [message] = await receive('charges')
    const change = (VisibilityTimeout: number) =>
      client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: sqs.queueUrl('charges'),
          ReceiptHandle: message?.ReceiptHandle,
          VisibilityTimeout,
        }),
      )
    await change(0)
    await expect(change(0)).rejects.toMatchObject({ name: 'MessageNotInflight' })
    await expect(change(43_201)).rejects.toThrow(/VisibilityTimeout/)
  })

  test('tells a queue by its attributes, and purges it', async () => {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: 'charges' }))
    await send('charges', 'a')
    await send('charges', 'b')
    await receive('charges', 1)
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    )
    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '1',
      ApproximateNumberOfMessagesDelayed: '0',
      QueueArn: 'arn:aws:sqs:us-east-1:000000000000:charges',
    })
    expect(JSON.parse(Attributes?.RedrivePolicy ?? '')).toEqual({
      deadLetterTargetArn: sqs.queueArn('charges-dead'),
      maxReceiveCount: 2,
    })
    await client.send(new PurgeQueueCommand({ QueueUrl }))
    expect(sqs.depth('charges')).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
  })

  test('refuses declarations that contradict each other', async () => {
    const missing = [{ name: 'a', deadLetterQueue: { name: 'b', maxReceiveCount: 1 } }]
    await expect(startSqs({ folder: join(folder, 'x'), queues: missing })).rejects.toThrow(
      /no dead-letter queue b/,
    )
    await expect(
      startSqs({ folder: join(folder, 'x'), queues: [{ name: 'a', fifo: true }] }),
    ).rejects.toThrow(/\.fifo/)
  })
})
