import { describe, expect, it } from 'vitest'
import { packExplanation, unpackExplanation } from '../../functions/prices/pack-explanation.ts'
import { rateUsage } from '../../functions/prices/rate-usage.ts'
import { perMinute, perUnit } from '../usage/priced.ts'

function explanationOf(rating: ReturnType<typeof rateUsage>) {
  if (!rating.ok) throw new Error(rating.reason)
  return rating.explanation
}

describe('packing an explanation', () => {
  it('gives back what was packed, from a fifth of the bytes for a call', () => {
    const call = explanationOf(
      rateUsage({ price: perMinute('call', '0.0217'), usage: { seconds: 83n, attributes: {} } }),
    )
    const sms = explanationOf(
      rateUsage({ price: perUnit('sms', '0.07'), usage: { quantity: 3n, attributes: {} } }),
    )
    for (const explanation of [call, sms])
      expect(unpackExplanation(packExplanation(explanation))).toEqual(explanation)
    expect(packExplanation(call).length * 4).toBeLessThan(JSON.stringify(call).length)
  })

  it('still reads what the first dictionary packed', () => {
    const kept = 'AcOaKQgUPThzgwGB3ICjwIFkBnIKHHMMj5rj9CkA'
    expect(unpackExplanation(Buffer.from(kept, 'base64'))).toMatchObject({
      amount: '0.07',
      quantity: '1',
      currency: 'USD',
    })
  })

  it('throws on bytes that it did not pack', () => {
    expect(() => unpackExplanation(Buffer.from('{}'))).toThrow('dictionary')
    expect(() => unpackExplanation(Buffer.alloc(0))).toThrow('dictionary')
  })
})
