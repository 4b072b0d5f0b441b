import { type SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import { packUsage } from '../../functions/usage/pack-usage.ts'
import { createUsageQueue } from '../../functions/usage/usage-queue.client.ts'
import { usageEvent } from './priced.ts'

type Answer = (ids: string[]) => { Successful?: { Id: string }[]; Failed?: { Id: string; Code: string }[] }

/** The queue's client before a service that answers each call by its number, from 0. */
function queueThat(answer: (call: number) => Answer) {
  const sent: string[] = []
  let calls = 0
  const client = Object.assign(new SQSClient({ region: 'us-east-1' }), {
    send: async ({ input }: SendMessageBatchCommand) => {
      const entries = input.Entries ?? []
      sent.push(...entries.map(({ MessageBody }) => MessageBody!))
      return answer(calls++)(entries.map(({ Id }) => Id!))
    },
  })
  return { queue: createUsageQueue({ client: client as SQSClient, queueUrl: 'http://queue' }), sent }
}

const takesAll: Answer = (ids) => ({ Successful: ids.map((Id) => ({ Id })) })
/** 1000 events of one account in 11 messages: two calls. */
const messages = packUsage(Array.from({ length: 1000 }, () => usageEvent('acc_queue00001')))

describe('queueing usage', () => {
  it('is done when the queue has every message, each once', async () => {
    const { queue, sent } = queueThat(() => takesAll)
    expect(await queue.send(messages)).toBe(true)
    expect(sent).toEqual(messages.map(({ body }) => body))
  })

  it.each<[string, Answer]>([
    [
      'names one as failed',
      ([first, ...rest]) => ({ ...takesAll(rest), Failed: [{ Id: first!, Code: 'x' }] }),
    ],
    ['says nothing of one', ([, ...rest]) => takesAll(rest)],
    ['says nothing', () => ({})],
    [
      'gives no answer',
      () => {
        throw new Error('no reply')
      },
    ],
  ])('is not done when the queue %s, in whichever call', async (_, answer) => {
    for (const bad of [0, 1]) {
      const { queue } = queueThat((call) => (call === bad ? answer : takesAll))
      expect(await queue.send(messages)).toBe(false)
    }
  })
})
