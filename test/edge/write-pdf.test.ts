import { describe, expect, it } from 'vitest'
import { splitByFont } from '../../functions/edge/split-by-font.ts'
import { writePdf } from '../../functions/edge/write-pdf.client.ts'

const fonts = [
  { name: 'latin', has: (codePoint: number) => codePoint < 0x250 },
  {
    name: 'greek',
    has: (codePoint: number) => codePoint === 0x20 || (codePoint >= 0x370 && codePoint < 0x400),
  },
]

describe('a text in pieces of one font each', () => {
  it('goes on in a font that has what comes, and loses nothing', () => {
    expect(splitByFont('Name Νίκη Α', fonts)).toEqual([
      { font: 'latin', text: 'Name ' },
      { font: 'greek', text: 'Νίκη Α' },
    ])
  })

  it('shows what no font has, and what would not show or would turn the order, as its code point', () => {
    expect(splitByFont('中\u202e\u{1F600}', fonts)).toEqual([
      { font: 'latin', text: '[U+4E2D][U+202E][U+1F600]' },
    ])
    expect(splitByFont('', fonts)).toEqual([{ font: 'latin', text: '' }])
  })
})

describe('a PDF', () => {
  const content = {
    title: 'Answers',
    introduction: ['Νίκη Δημητρίου, Жанна Ěščř, Nguyễn Văn, कमल, 中'],
    sections: Array.from({ length: 40 }, (_, index) => ({
      heading: `${index + 1}. Accepted`,
      lines: [
        ['Document', 'Terms of service'],
        ['SHA-256 of the text', 'f'.repeat(64)],
        ['With', 'Mozilla/5.0 '.repeat(30)],
        ['Nothing', ''],
      ] as [string, string][],
    })),
    footer: 'acc_example',
    createdAt: new Date('2026-11-23T12:00:00.000Z'),
  }

  it('has its own fonts for all that it shows, and no standard font', async () => {
    const bytes = Buffer.from(await writePdf(content))
    const text = bytes.toString('latin1')
    expect(text.slice(0, 8)).toMatch(/^%PDF-1\.\d/)
    expect(text.trimEnd().slice(-5)).toBe('%%EOF')
    expect(text).not.toMatch(/\/BaseFont \/(Helvetica|Times|Courier)/)
    // A part each for Latin, more Latin, Vietnamese, Greek, Cyrillic and Devanagari, and the headings.
    const embedded = new Set([...text.matchAll(/\/BaseFont \/(\S+)/g)].map(([, name]) => name))
    expect(embedded.size).toBe(7)
  })

  it('has so many pages as it needs, each with its number', async () => {
    const text = Buffer.from(await writePdf(content)).toString('latin1')
    const pages = [...text.matchAll(/\/Type \/Page\b/g)].length
    expect(pages).toBeGreaterThan(5)
    expect(pages).toBeLessThan(15)
  })

  it('fills its pages, where values take several rows, too', async () => {
    const sections = [
      { heading: 'All', lines: Array.from({ length: 100 }, () => ['Name', 'word '.repeat(80)]) },
    ] as (typeof content)['sections']
    const text = Buffer.from(await writePdf({ ...content, sections })).toString('latin1')
    // Nine or so fit on a page.
    expect([...text.matchAll(/\/Type \/Page\b/g)].length).toBeLessThanOrEqual(12)
  })
})
