import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerUsage } from '../../functions/usage/answer-usage.ts'
import { deductMessages } from '../../functions/usage/deduct-messages.ts'
import { MOST_PLAIN_PER_POSTING, packUsage, usageMessageSchema } from '../../functions/usage/pack-usage.ts'
import { listEvents, readUsage } from '../../functions/usage/take-usage.ts'
import type { UsageEvent } from '../../functions/usage/usage-event.ts'
import { usageEvent } from './priced.ts'

const now = new Date('2026-11-23T12:00:00Z')
const cloudEvent = (id: string, subject = 'acc_known001') => ({
  specversion: '1.0',
  id,
  source: '/switch',
  type: 'sms',
  subject,
  time: '2026-11-23T12:00:00Z',
  data: { quantity: 1 },
})
const findUnknown = async (accountIds: string[]) =>
  accountIds.filter((accountId) => !accountId.startsWith('acc_known'))

async function take(body: unknown, isBatch: boolean, isQueued = true) {
  const taken = await readUsage(listEvents(body, isBatch), now, findUnknown)
  let queued: UsageEvent[] = []
  const reply = answerUsage(taken, isBatch, async () => {
    queued = taken.accepted
    return isQueued
  })
  return { reply: await reply.catch((problem) => problem), queued }
}

describe('taking usage', () => {
  it('takes the good events of a batch and gives each its own verdict', async () => {
    const { reply, queued } = await take(
      [cloudEvent('1'), { ...cloudEvent('2'), time: 'soon' }, cloudEvent('3', 'acc_stranger'), 7],
      true,
    )
    expect(reply).toMatchObject({
      status: 202,
      body: {
        accepted: 1,
        rejected: 3,
        events: [
          { index: 0, source: '/switch', id: '1', verdict: 'accepted' },
          { index: 1, id: '2', verdict: 'rejected', errors: [{ field: 'time' }] },
          { index: 2, verdict: 'rejected', errors: [{ field: 'subject' }] },
          { index: 3, verdict: 'rejected' },
        ],
      },
    })
    expect(queued.map(({ id }) => id)).toEqual(['1'])
  })

  it('refuses a request without a good event, naming each field with its event', async () => {
    expect(
      (
        await take(
          [
            { ...cloudEvent('1'), id: '' },
            { ...cloudEvent('2'), data: {} },
          ],
          true,
        )
      ).reply,
    ).toMatchObject({
      code: 'request_invalid',
      errors: [{ field: '0.id' }, { field: '1.data' }],
    })
    expect((await take({ ...cloudEvent('1'), subject: 'x' }, false)).reply).toMatchObject({
      code: 'request_invalid',
      errors: [{ field: 'subject' }],
    })
  })

  it('answers 404 to a single event of an unknown account', async () => {
    expect((await take(cloudEvent('1', 'acc_stranger'), false)).reply).toMatchObject({
      code: 'account_not_found',
    })
  })

  it('claims nothing when the queue may lack an event', async () => {
    expect((await take([cloudEvent('1'), cloudEvent('2')], true, false)).reply).toMatchObject({
      code: 'busy',
    })
  })

  it('takes an empty batch, and none of more than 1000 events', async () => {
    expect((await take([], true)).reply).toMatchObject({ status: 202, body: { accepted: 0, rejected: 0 } })
    expect(() => listEvents(Array(1001).fill({}), true)).toThrow('1000')
    expect(() => listEvents({}, true)).toThrow('list')
  })
})

describe('packing usage into messages', () => {
  it('puts every event into one message of its account, in order and within the limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ account: fc.nat(3), text: fc.nat(3000) }), { maxLength: 300 }),
        (specs) => {
          const events = specs.map(({ account, text }) =>
            usageEvent(`acc_${account}`, { attributes: { a: 'ü'.repeat(text) } }),
          )
          const messages = packUsage(events)
          const bodies = messages.map(({ body }) => usageMessageSchema.parse(JSON.parse(body)))
          for (const accountId of ['acc_0', 'acc_1', 'acc_2', 'acc_3']) {
            const packed = bodies
              .filter((body) => body.accountId === accountId)
              .flatMap((body) => body.events)
            expect(packed).toEqual(events.filter((event) => event.accountId === accountId))
          }
          for (const [index, { group, body }] of messages.entries()) {
            expect(group).toBe(bodies[index]!.accountId)
            expect(bodies[index]!.events.length).toBeLessThanOrEqual(MOST_PLAIN_PER_POSTING)
            expect(Buffer.byteLength(body)).toBeLessThanOrEqual(210_000)
          }
        },
      ),
      { numRuns: 20 },
    )
  })

  it('names a message after all that it holds, so that no event is lost as a repeat of another', () => {
    const [one, two] = [usageEvent('acc_0'), usageEvent('acc_0')]
    const nameOf = (...events: UsageEvent[]) => packUsage(events)[0]!.deduplicationId
    expect(nameOf(one, two)).toBe(nameOf(one, two))
    expect(
      new Set([nameOf(one), nameOf(two), nameOf(one, two), nameOf({ ...one, sequence: '1' })]).size,
    ).toBe(4)
  })
})

describe('deducting a delivery of messages', () => {
  const message = (id: string, accountId: string, count: number) => ({
    id,
    group: accountId,
    body: { accountId, events: Array.from({ length: count }, () => usageEvent(accountId)) },
  })

  it('posts small messages of an account together', async () => {
    const calls: [string, number][] = []
    const messages = [message('1', 'a', 1), message('2', 'b', 2), message('3', 'a', 3), message('4', 'a', 97)]
    const { failedIds } = await deductMessages(messages, async (accountId, events) => {
      calls.push([accountId, events.length])
      return { contradictions: [], gaps: [] }
    })
    expect(failedIds).toEqual([])
    expect(calls).toEqual([
      ['a', 97],
      ['a', 4],
      ['b', 2],
    ])
  })

  it('gives back what failed and all that followed in its account, and goes on with others', async () => {
    const messages = [
      message('1', 'a', 97),
      message('2', 'a', 1),
      message('3', 'b', 1),
      message('4', 'a', 97),
    ]
    let calls = 0
    const { failedIds } = await deductMessages(messages, async (accountId) => {
      if (accountId === 'a' && ++calls > 1) throw new Error('busy')
      return { contradictions: [], gaps: [] }
    })
    expect(failedIds).toEqual(['2', '4'])
  })
})
