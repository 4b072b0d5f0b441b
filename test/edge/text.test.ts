import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asLine, lineSchema, linesSchema } from '../../functions/edge/text.ts'

describe('a text for people', () => {
  it('is taken as it stands, whatever its script, without the white space around it', () => {
    const visible = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((text) => text.trim() !== '')
    fc.assert(
      fc.property(visible, (text) => {
        expect(lineSchema(1000).parse(`  ${text} `)).toBe(text.trim())
        expect(linesSchema(1000).parse(`\n${text}\n`)).toBe(text.trim())
      }),
    )
  })

  it.each(['\ud800', 'a\udc00b', '\u0000', 'a\u0007b', 'a\u0085b', 'a\ufffe', '\uffffb'])(
    'is refused with %j in it',
    (text) => {
      expect(lineSchema(1000).safeParse(text).success).toBe(false)
      expect(linesSchema(1000).safeParse(text).success).toBe(false)
    },
  )

  it('breaks its line only where lines are wanted', () => {
    expect(lineSchema(1000).safeParse('one\ntwo').success).toBe(false)
    expect(linesSchema(1000).parse('one\r\n\ttwo')).toBe('one\r\n\ttwo')
  })

  it('is neither empty nor longer than its limit', () => {
    for (const schema of [lineSchema(3), linesSchema(3)])
      expect(['', '   ', 'four', 'two'].map((text) => schema.safeParse(text).success)).toEqual([
        false,
        false,
        false,
        true,
      ])
  })
})

describe('a line of what a machine wrote', () => {
  it('is one that people may write, whatever it was, and no longer than its limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 20 }), (text, longest) => {
        const line = asLine(`call to ${text}`, 8 + longest)
        expect(lineSchema(8 + longest).safeParse(line).success).toBe(true)
      }),
    )
  })

  it('is never cut within a character', () => {
    expect(asLine('ab😀', 3)).toBe('ab')
    expect(asLine('ab😀', 4)).toBe('ab😀')
    expect(asLine('a\nb\u0000', 9)).toBe('a b ')
  })
})
