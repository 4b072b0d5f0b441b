import type { Context, SQSEvent } from 'aws-lambda'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { eachMessage, queueHandler } from '../../functions/edge/queue.ts'

const schema = z.object({ accountId: z.string() })

const batch = (...messages: [id: string, body: string, group?: string][]) =>
  ({
    Records: messages.map(([messageId, body, group]) => ({
      messageId,
      body,
      attributes: group ? { MessageGroupId: group } : {},
    })),
  }) as unknown as SQSEvent

const failed = (ids: string[]) => ({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) })
const good = '{"accountId":"a"}'

it('returns only the messages that failed', async () => {
  const handler = queueHandler({
    schema: z.object({ n: z.int() }),
    run: eachMessage(async ({ n }) => {
      if (n === 2) throw new Error('two')
    }),
  })
  expect(await handler(batch(['1', '{"n":1}'], ['2', '{"n":2}'], ['3', '{"n":3}']), {} as Context)).toEqual(
    failed(['2']),
  )
})

it('returns a message that is not as expected, and takes the others', async () => {
  const seen: string[] = []
  const handler = queueHandler({
    schema,
    run: eachMessage(async ({ accountId }) => void seen.push(accountId)),
  })
  expect(await handler(batch(['1', 'no json'], ['2', good], ['3', '{}']), {} as Context)).toEqual(
    failed(['1', '3']),
  )
  expect(seen).toEqual(['a'])
})

it('lets nothing of a FIFO group overtake a message that is not as expected', async () => {
  const handler = queueHandler({ schema, run: async () => ({ failedIds: [] }) })
  const event = batch(['1', '{}', 'g1'], ['2', good, 'g1'], ['3', good, 'g2'])
  expect(await handler(event, {} as Context)).toEqual(failed(['1', '2']))
})

it('returns the whole batch when the batch as a whole fails', async () => {
  const handler = queueHandler({
    schema,
    run: async () => {
      throw new Error('database gone')
    },
  })
  expect(await handler(batch(['1', good], ['2', good]), {} as Context)).toEqual(failed(['1', '2']))
})
