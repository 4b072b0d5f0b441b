import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { queueOperations } from '../../local/sqs/queue-operations.ts'
import { bodies, folder, queues, receive, remove, send, sqs, start } from './start-queues.ts'

describe('waiting', () => {
  test('a long poll ends with the message that is sent meanwhile', async () => {
    const polled = receive('usage.fifo', 10, 20)
    await send('usage.fifo', 'a', 'A')
    expect(bodies(await polled)).toEqual(['a'])
  })

  test('a long poll ends with nothing when its time is over', async () => {
    expect(await receive('usage.fifo', 10, 1)).toEqual([])
  })

  test('a message is not lost to a long poll whose caller has gone', async () => {
    const gone = new AbortController()
    const operations = queueOperations(sqs, sqs)
    const poll = operations.ReceiveMessage!(
      { QueueUrl: sqs.queueUrl('charges'), WaitTimeSeconds: 20 },
      gone.signal,
    )
    gone.abort()
    expect(await poll).toEqual({})
    await send('charges', 'a')
    expect(bodies(await receive('charges'))).toEqual(['a'])
  })

  test('the in-process poller wakes when a message comes, and when a group is free again', async () => {
    const sent = sqs.waitForChange('usage.fifo')
    sqs.send('usage.fifo', { body: '1', groupId: 'A', deduplicationId: '1' })
    await sent
    sqs.send('usage.fifo', { body: '2', groupId: 'A', deduplicationId: '2' })
    const [message] = sqs.receive('usage.fifo')
    expect(sqs.receive('usage.fifo')).toEqual([])
    let calls = 0
    const end = sqs.onMessage('usage.fifo', () => calls++)
    sqs.delete('usage.fifo', message!.receiptHandle)
    end()
    expect(calls).toBe(1)
    expect(bodies(sqs.receive('usage.fifo'))).toEqual(['2'])
  })

  test('is idle when no work waits or is in flight; failures that wait for a person do not count', async () => {
    sqs.send('stream-failures', { body: 'failed' })
    expect(sqs.isIdle()).toBe(true)
    sqs.send('charges', { body: 'a' })
    const idle = sqs.waitForIdle()
    const [message] = sqs.receive('charges')
    expect(sqs.isIdle()).toBe(false)
    sqs.delete('charges', message!.receiptHandle)
    await idle
  })
})

describe('a restart', () => {
  test('keeps what was sent and gives back at once what was in flight', async () => {
    await send('usage.fifo', '1', 'A')
    await send('usage.fifo', '2', 'A')
    const [old] = await receive('usage.fifo', 1)
    await sqs.close()
    await start()
    const again = await receive('usage.fifo')
    expect(again.map((m) => [m.Body, m.Attributes?.ApproximateReceiveCount])).toEqual([
      ['1', '2'],
      ['2', '1'],
    ])
    await expect(remove('usage.fifo', old?.ReceiptHandle)).rejects.toThrow(/expired/)
    expect((await send('usage.fifo', '1', 'A')).MessageId).toBe(again[0]?.MessageId)
  })

  test('after kill -9 every accepted message is there', async () => {
    await sqs.close()
    const program = `
      import { startSqs } from ${JSON.stringify(join(import.meta.dirname, '../../local/sqs.ts'))}
      const sqs = await startSqs(${JSON.stringify({ folder, queues })})
      for (let index = 0; index < 50; index++) sqs.send('usage.fifo', { body: String(index), groupId: 'A', deduplicationId: String(index) })
      sqs.receive('usage.fifo', { maxMessages: 5 })
      console.log('accepted')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    await start()
    const received = sqs.receive('usage.fifo', { maxMessages: 100 })
    expect(bodies(received)).toEqual(Array.from({ length: 50 }, (_, index) => String(index)))
  })
})
