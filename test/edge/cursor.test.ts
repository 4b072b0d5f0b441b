import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { limitSchema, readCursor, writeCursor } from '../../functions/edge/cursor.ts'
import { Problem } from '../../functions/edge/problem.ts'

const schema = z.strictObject({ after: z.string() })

describe('a cursor', () => {
  it('reads back as it was written, whatever text it carries', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (after) => {
        expect(readCursor(schema, writeCursor({ after }))).toEqual({ after })
      }),
    )
  })

  it('is refused by name when nobody wrote it for this list', () => {
    const foreign = [
      writeCursor({ before: '1' }),
      writeCursor({ after: '1', more: '2' }),
      'e30',
      '%00',
      '',
      'null',
      '[]',
    ]
    for (const cursor of foreign) {
      expect(() => readCursor(schema, cursor)).toThrow(Problem)
      expect(() => readCursor(schema, cursor)).toThrow(/cursor/)
    }
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        expect(() => readCursor(schema, `${text}!`)).toThrow(Problem)
      }),
    )
  })
})

describe('a limit', () => {
  it('is a whole number in its bounds, and has a usual value', () => {
    const limit = limitSchema(200, 50)
    expect([limit.parse(undefined), limit.parse('1'), limit.parse('200')]).toEqual([50, 1, 200])
    for (const bad of ['0', '201', '-1', '1.5', '1e2', '', ' 5', 'NaN'])
      expect(limit.safeParse(bad).success).toBe(false)
  })
})
