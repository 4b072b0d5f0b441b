import { SendMessageCommand, StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs'
import { describe, expect, test, vi } from 'vitest'
import { bodies, client, passRealTime, receive, remove, send, sqs } from './start-queues.ts'

describe('a standard queue', () => {
  test('hands out a message with its attributes and digests, and deletes it', async () => {
    const sent = await client.send(
      new SendMessageCommand({
        QueueUrl: sqs.queueUrl('charges'),
        MessageBody: 'Grüße €',
        MessageAttributes: {
          kind: { DataType: 'String', StringValue: 'test' },
          raw: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2]) },
        },
      }),
    )
    const [message] = await receive('charges')
    expect(message).toMatchObject({
      Body: 'Grüße €',
      MessageId: sent.MessageId,
      MD5OfBody: sent.MD5OfMessageBody,
    })
    expect(message?.MD5OfMessageAttributes).toBe(sent.MD5OfMessageAttributes)
    expect(message?.MessageAttributes?.raw?.BinaryValue).toEqual(new Uint8Array([1, 2]))
    expect(message?.Attributes).toMatchObject({
      ApproximateReceiveCount: '1',
      SentTimestamp: expect.stringMatching(/^\d{13}$/),
    })
    await remove('charges', message?.ReceiptHandle)
    expect(sqs.depth('charges')).toEqual({ visible: 0, inFlight: 0, delayed: 0 })
  })

  test('returns an undeleted message after its visibility timeout, under a new receipt', async () => {
    await send('charges', 'a')
    const [first] = await receive('charges')
    expect(await receive('charges')).toEqual([])
    passRealTime(60_000)
    const [second] = await receive('charges')
    expect(second?.Attributes?.ApproximateReceiveCount).toBe('2')
    expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle)
    await remove('charges', first?.ReceiptHandle)
    expect(sqs.depth('charges').inFlight).toBe(1)
  })

  test('keeps messages in flight hidden when only the virtual clock jumps', async () => {
    await send('charges', 'a')
    await receive('charges')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 30 * 86_400_000 })
    expect(sqs.receive('charges')).toEqual([])
  })

  test('moves a message to the dead-letter queue after maxReceiveCount receives, and redrives it', async () => {
    const sent = await send('charges', 'poison')
    for (let round = 0; round < 2; round++) {
      expect(bodies(await receive('charges'))).toEqual(['poison'])
      passRealTime(60_000)
    }
    expect(await receive('charges')).toEqual([])
    expect(sqs.depth('charges-dead').visible).toBe(1)
    expect(sqs.isIdle()).toBe(true)
    await client.send(new StartMessageMoveTaskCommand({ SourceArn: sqs.queueArn('charges-dead') }))
    const [back] = await receive('charges')
    expect(back).toMatchObject({ MessageId: sent.MessageId, Attributes: { ApproximateReceiveCount: '1' } })
    await expect(
      client.send(new StartMessageMoveTaskCommand({ SourceArn: sqs.queueArn('charges') })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  })

  test('a delayed message comes when the clock reaches its moment', async () => {
    await send('later', 'a')
    expect(sqs.isIdle()).toBe(true)
    expect(sqs.depth('later')).toEqual({ visible: 0, inFlight: 0, delayed: 1 })
    const changed = sqs.waitForChange('later')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    sqs.clockMoved()
    await changed
    expect(sqs.isIdle()).toBe(false)
    expect(bodies(sqs.receive('later'))).toEqual(['a'])
  })
})

describe('a FIFO queue', () => {
  test('gives a group in order, several at once, and nothing more of it while one is in flight', async () => {
    for (const body of ['1', '2', '3']) await send('usage.fifo', body, 'A')
    await send('usage.fifo', '1', 'B')
    const first = await receive('usage.fifo', 2)
    expect(bodies(first)).toEqual(['1', '2'])
    expect(first.map((m) => m.Attributes?.MessageGroupId)).toEqual(['A', 'A'])
    const other = await receive('usage.fifo')
    expect(other.map((m) => [m.Attributes?.MessageGroupId, m.Body])).toEqual([['B', '1']])
    await remove('usage.fifo', first[0]?.ReceiptHandle)
    expect(await receive('usage.fifo')).toEqual([])
    await remove('usage.fifo', first[1]?.ReceiptHandle)
    expect(bodies(await receive('usage.fifo'))).toEqual(['3'])
  })

  test('a message that returns takes its old place, once nothing of its group is in flight', async () => {
    for (const body of ['1', '2', '3']) await send('usage.fifo', body, 'A')
    const [one, two] = sqs.receive('usage.fifo', { maxMessages: 2 })
    sqs.changeVisibility('usage.fifo', one!.receiptHandle, 0)
    expect(sqs.receive('usage.fifo', { maxMessages: 10 })).toEqual([])
    sqs.changeVisibility('usage.fifo', two!.receiptHandle, 0)
    expect(bodies(sqs.receive('usage.fifo', { maxMessages: 10 }))).toEqual(['1', '2', '3'])
  })

  test('numbers its messages in rising order', async () => {
    const first = await send('usage.fifo', '1', 'A')
    const second = await send('usage.fifo', '2', 'B')
    expect(second.SequenceNumber! > first.SequenceNumber!).toBe(true)
  })

  test('takes an id once in five minutes of the clock, even after the message was deleted', async () => {
    const first = await send('usage.fifo', 'a', 'A', 'same')
    const [message] = await receive('usage.fifo')
    await remove('usage.fifo', message?.ReceiptHandle)
    const again = await send('usage.fifo', 'b', 'B', 'same')
    expect(again).toMatchObject({ MessageId: first.MessageId, SequenceNumber: first.SequenceNumber })
    expect(await receive('usage.fifo')).toEqual([])
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5 * 60_000 })
    await send('usage.fifo', 'c', 'A', 'same')
    expect(bodies(await receive('usage.fifo'))).toEqual(['c'])
  })

  test('deduplicates by content where the queue says so, and asks for an id where it does not', async () => {
    const plain = { QueueUrl: sqs.queueUrl('content.fifo'), MessageBody: 'a', MessageGroupId: 'A' }
    await client.send(new SendMessageCommand(plain))
    await client.send(new SendMessageCommand(plain))
    expect(bodies(await receive('content.fifo'))).toEqual(['a'])
    const without = new SendMessageCommand({ ...plain, QueueUrl: sqs.queueUrl('usage.fifo') })
    await expect(client.send(without)).rejects.toThrow(/ContentBasedDeduplication/)
    const noGroup = new SendMessageCommand({ ...plain, MessageGroupId: undefined })
    await expect(client.send(noGroup)).rejects.toThrow(/MessageGroupId/)
  })

  test('refuses a receipt whose visibility timeout is over', async () => {
    await send('usage.fifo', 'a', 'A')
    const [message] = await receive('usage.fifo')
    passRealTime(30_000)
    await expect(remove('usage.fifo', message?.ReceiptHandle)).rejects.toThrow(/expired/)
  })

  test('lets the group go on when its head moves to the dead-letter queue', async () => {
    await send('usage.fifo', 'poison', 'A')
    await send('usage.fifo', 'good', 'A')
    for (let round = 0; round < 3; round++) {
      const [message] = sqs.receive('usage.fifo')
      expect(message?.body).toBe('poison')
      sqs.changeVisibility('usage.fifo', message!.receiptHandle, 0)
    }
    expect(bodies(sqs.receive('usage.fifo'))).toEqual(['good'])
    expect(sqs.depth('usage-dead.fifo').visible).toBe(1)
    expect(sqs.redrive('usage-dead.fifo')).toBe(1)
  })
})
