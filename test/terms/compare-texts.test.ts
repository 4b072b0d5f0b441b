import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ComparedBlock, compareTexts } from '../../functions/terms/compare-texts.ts'
import { readBlocks } from '../../functions/terms/read-blocks.ts'
import { renderText } from '../../functions/terms/render-text.ts'

/** As a person would mark it: what went in square brackets, what came in braces. */
const marked = (blocks: readonly ComparedBlock[]) =>
  blocks
    .filter(({ change }) => change !== 'same')
    .map(({ pieces }) =>
      pieces
        .map(({ kind, text }) => (kind === 'same' ? text : kind === 'added' ? `{${text}}` : `[${text}]`))
        .join(''),
    )
const textOf = (blocks: readonly ComparedBlock[], left: 'added' | 'removed') =>
  blocks
    .map(({ pieces }) =>
      pieces
        .filter(({ kind }) => kind !== left)
        .map(({ text }) => text)
        .join(''),
    )
    .filter((text) => text !== '')

describe('the comparison of two texts', () => {
  it('shows within a paragraph the words that changed, runs of them as one', () => {
    const before = 'Effective date: **3 March 2026**. You pay within 14 days.'
    const after = 'Effective date: **1 May 2026**. You pay before you use.'
    expect(marked(compareTexts(before, after))).toEqual([
      'Effective date: [3 March]{1 May} 2026. You pay [within 14 days]{before you use}.',
    ])
  })

  it('finds nothing where only the signs that lay a text out have changed', () => {
    const before = '# Terms\n\n* You pay *before*\n  you use.\n\n| a | b |\n|---|---|\n| c | d |\n'
    const after = 'Terms\n=====\n\n- You pay _before_ you use.\n\n|a|b|\n|:-|-:|\n|c|d|\n'
    expect(marked(compareTexts(before, after))).toEqual([])
  })

  it('names the section of each change, and a link that leads elsewhere', () => {
    const before = '# Payment\n\nSee [the prices](https://example.com/old).\n\n## Refunds\n\nNone.\n'
    const after = '# Payment\n\nSee [the prices](https://example.com/new).\n\n## Refunds\n\nWithin a month.\n'
    const changes = compareTexts(before, after).filter(({ change }) => change !== 'same')
    expect(changes.map(({ section }) => section)).toEqual(['Payment', 'Refunds', 'Refunds'])
    expect(marked(changes)).toEqual([
      'See the prices (https://example.com/[old]{new}).',
      '[None.]',
      '{Within a month.}',
    ])
  })

  it.each([
    ['5. The fee is due.\n6. It is low.', '7. The fee is due.\n8. It is low.', ['[5]{7}.', '[6]{8}.']],
    ['- a fee is due\n  - a month later', '- a fee is due\n- a month later', ['[– ]a month']],
    ['1. One.\n\n   More.\n2. Two.', '1. One.\n2. More.\n3. Two.', ['{2. }More.', '[2]{3}. Two.']],
    ['See [the fees](#low).', 'See [the fees](#high).', ['(#[low]{high})']],
    ['[law](https://a.example "old")', '[law](https://a.example "new")', ['"[old]{new}"']],
    ['You are ~~not~~ liable.', 'You are not liable.', ['[~~]not[~~]']],
  ])('shows what a reader sees beside the words: %j to %j', (before, after, changes) => {
    expect(renderText(before)).not.toBe(renderText(after))
    const found = marked(compareTexts(before, after))
    expect(found).toEqual(changes.map((change) => expect.stringContaining(change)))
  })

  it('shows a clause beside what it was, where others were added around it', () => {
    const before = '- We keep your calls for six months.\n- We sell nothing.\n'
    const after = '- We say what we keep.\n- We keep your calls for three months.\n- We sell nothing.\n'
    expect(marked(compareTexts(before, after))).toEqual([
      '{We say what we keep.}',
      'We keep your calls for [six]{three} months.',
    ])
  })

  it('has all that both texts say, and nothing else', () => {
    const word = fc.constantFrom(
      'pay',
      'before',
      'you',
      'use',
      'Terms',
      '*credit*',
      '`code`',
      'ends.',
      '<b>',
      '#',
    )
    const line = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(' '))
    const shaped = fc
      .tuple(fc.constantFrom('', '# ', '- ', '> ', '1. '), line)
      .map(([sign, text]) => `${sign}${text}`)
    const text = fc.array(shaped, { maxLength: 12 }).map((lines) => lines.join('\n\n'))
    fc.assert(
      fc.property(text, text, (before, after) => {
        const compared = compareTexts(before, after)
        const saidBy = (markdown: string) =>
          readBlocks(markdown)
            .map((block) => block.text)
            .filter((said) => said !== '')
        expect(textOf(compared, 'added')).toEqual(saidBy(before))
        expect(textOf(compared, 'removed')).toEqual(saidBy(after))
      }),
      { numRuns: 300 },
    )
  })

  it('shows texts that have nothing in common one after the other, however long they are', () => {
    const lines = (word: string) => Array.from({ length: 6000 }, (_, index) => `${word}${index}`).join('\n\n')
    const compared = compareTexts(lines('old'), lines('new'))
    expect(compared.filter(({ change }) => change === 'removed')).toHaveLength(6000)
    expect(compared.filter(({ change }) => change === 'added')).toHaveLength(6000)
  })
})
