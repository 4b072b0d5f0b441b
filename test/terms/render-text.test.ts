import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { renderText } from '../../functions/terms/render-text.ts'
import { withoutFrontMatter } from '../../functions/terms/without-front-matter.ts'

const ELEMENTS = /^(?:h[2-6]|p|ul|ol|li|strong|em|s|code|pre|a|table|thead|tbody|tr|th|td|blockquote|hr|br)$/

describe('a published text on a page', () => {
  it('shows a script as text', () => {
    const html = renderText('Before\n\n<script>alert(1)</script>\n\n<img src=x onerror=alert(1)> after')
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(html).not.toMatch(/<(?:script|img)/)
  })

  it.each([
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](data:text/html;base64,PHNjcmlwdD4=)',
    '[x](vbscript:x)',
    '[x](//example.com)',
    '<javascript:alert(1)>',
    '[x]: javascript:alert(1)\n\n[x]',
  ])('links nowhere with %s', (text) => {
    expect(renderText(text)).not.toContain('href')
  })

  it('loads nothing from elsewhere', () => {
    expect(renderText('![logo](https://example.com/pixel.png)')).not.toMatch(/<img|src=/)
  })

  it('keeps links to its own headings, also where two are called the same', () => {
    const html = renderText('# A. Definitions\n\n[see](#a-definitions)\n\n# Short\n\n# Short')
    expect(html).toContain('<h2 id="a-definitions">')
    expect(html).toContain('<a href="#a-definitions"')
    expect(html).toContain('id="short-1"')
  })

  it('has no element or attribute that a text does not need, whatever is in it', () => {
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '<svg onload=x>',
        '[a](b "c" onclick=d)',
        '`',
        '***',
        '](',
        '<a href="javascript:1">',
        '|a|\n|-|\n',
      ),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        for (const [, name, attributes] of renderText(parts.join('')).matchAll(
          /<\/?([a-z0-9]+)((?: [^>]*)?)>/g,
        )) {
          expect(name).toMatch(ELEMENTS)
          expect(attributes!.replace(/ (?:href|id|rel|title|style|start|class)="[^"]*"/g, '').trim()).toBe('')
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('front matter', () => {
  it('is no part of the text', () => {
    const source = '---\ntitle: "Terms: all of them"\nredirect_from:\n - /tos/\n---\n\n# Terms\n'
    expect(withoutFrontMatter(source)).toBe('# Terms\n')
    expect(withoutFrontMatter(source.replaceAll('\n', '\r\n'))).toBe('# Terms\r\n')
    expect(renderText(source)).toBe(renderText('# Terms\n'))
  })

  it('is not what merely begins with a line', () => {
    for (const text of ['---\n\n# Terms', '# Terms\n---\ntitle: x\n---\n'])
      expect(withoutFrontMatter(text)).toBe(text)
  })
})
