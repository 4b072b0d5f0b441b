import { describe, expect, it } from 'vitest'
import { lineTextSchema } from '../../functions/ledger/line-text.ts'
import { planContentSchema } from '../../functions/plans/plan.ts'

describe('a text that stands on a statement', () => {
  it.each(['', ' ', 'half \ud800', '\udc00', 'two\nlines', 'x'.repeat(11)])('is not %j', (text) => {
    expect(lineTextSchema(10).safeParse(text).success).toBe(false)
  })

  it.each(['x', 'naïve 😀'])('is %j', (text) => {
    expect(lineTextSchema(10).parse(` ${text} `)).toBe(text)
  })

  it('is a plan’s name too', () => {
    const plan = { name: 'Basic', clientType: 'hosted', currency: 'USD', services: [] }
    expect(planContentSchema.safeParse(plan).success).toBe(true)
    expect(planContentSchema.safeParse({ ...plan, name: 'Basic \ud800' }).success).toBe(false)
  })
})
