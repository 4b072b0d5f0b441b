import { describe, expect, it } from 'vitest'
import { describeLine, describeUse, signUse } from '../../functions/statements/describe-line.ts'

describe('a line of a statement, for people', () => {
  it('says what it is about once', () => {
    expect(describeLine({ kind: 'top_up', reason: 'Top-up by card' })).toBe('Top-up by card')
    expect(describeLine({ kind: 'top_up', reason: 'Top-up by card', owed: { amount: '-20.00' } })).toBe(
      'Top-up by card (20.00 of it paid what was owed)',
    )
    expect(describeLine({ kind: 'dispute', reason: 'taken back', owed: { amount: '20.00' } })).toBe(
      'Disputed payment: taken back (20.00 of it owed)',
    )
    expect(describeLine({ kind: 'usage', reason: '3 × call' })).toBe('Usage: 3 × call')
    expect(describeLine({ kind: 'hold', reason: 'call', held: { amount: '0.60' } })).toBe(
      'Held for a session: call (0.60 held)',
    )
    expect(describeLine({ kind: 'capture', reason: 'call', held: { amount: '-0.60' } })).toBe(
      'Session: call (0.60 held until now)',
    )
  })

  it('names a use by what was counted, where it went and why it was refused', () => {
    const explanation = { seconds: '60', rateDeck: { destination: '12025550123' } }
    expect(describeUse({ service: 'call', explanation })).toBe('call to 12025550123, 60 s')
    expect(describeUse({ service: 'sms', explanation: { quantity: '2' } })).toBe('2 × sms')
    expect(describeUse({ service: 'sms', reason: 'no_price' })).toBe('sms (no price)')
  })

  it('gives what was taken a minus, and what was free none', () => {
    expect([signUse('0.50'), signUse('0.00'), signUse('0.0001')]).toEqual(['-0.50', '0.00', '-0.0001'])
  })
})
