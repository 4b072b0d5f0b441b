import { describe, expect, it } from 'vitest'
import { boundComparison } from '../../functions/terms/bound-comparison.ts'
import { compareTexts } from '../../functions/terms/compare-texts.ts'

/** What a function may answer, https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LARGEST_REPLY_BYTES = 6 * 1024 * 1024
const LARGEST_TEXT_BYTES = 200 * 1024

const clauses = (word: string) => `# ${'x'.repeat(80)}\n${`- ${`${word} `.repeat(25)}\n`.repeat(1500)}`

describe('what is shown of a comparison', () => {
  it('is all of it for long texts of which the heading and every clause are others', () => {
    expect(boundComparison(compareTexts(clauses('word'), clauses('wort')))).toHaveLength(2 * 1501)
  })

  it.each([
    ['control characters', (sign: string) => `# \u0001${sign}\n${`${sign}\u0001\n\n`.repeat(4000)}`],
    ['control characters in few passages', (sign: string) => `${sign}\u0001`.repeat(100_000)],
    ['quotation marks', (sign: string) => `# ${sign.repeat(100)}\n${`${sign}"\n\n`.repeat(5000)}`],
    ['letters of three bytes', (sign: string) => `# ${'语'.repeat(50)}\n${`${sign}语\n\n`.repeat(4000)}`],
  ])('fits into a reply: %s', (_, write) => {
    const [one, other] = [write('"'), write('\\')].map((text) => text.slice(0, LARGEST_TEXT_BYTES))
    const shown = boundComparison(compareTexts(one!, other!))
    const reply = JSON.stringify({ body: JSON.stringify(shown ?? []) })
    expect(Buffer.byteLength(reply)).toBeLessThan(LARGEST_REPLY_BYTES)
  })

  it('is nothing of texts in which each of very many passages is another', () => {
    const minced = (word: string) => `${word}\n\n`.repeat(60_000)
    expect(boundComparison(compareTexts(minced('a'), minced('b')))).toBeUndefined()
  })
})
