import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentSecurityPolicy } from '../../functions/edge/content-security.ts'
import { escapeHtml } from '../../functions/edge/escape-html.ts'
import { PROBLEMS } from '../../functions/edge/problem.ts'
import { apiRoutes } from '../../functions/portal/api-routes.ts'
import { composePage } from '../../functions/portal/compose-page.ts'
import { configurePage } from '../../functions/portal/configure-page.ts'
import { openApiDocument } from '../../functions/portal/openapi.ts'
import { portalPages } from '../../functions/portal/portal-pages.ts'
import { renderReferencePage } from '../../functions/portal/render-reference.ts'

const template = (name: string) => readFileSync(join(import.meta.dirname, '../../web', name), 'utf8')
const configuration = {
  clientId: 'portal',
  authorizationEndpoint: 'https://sign-in.example.com/auth',
  tokenEndpoint: 'https://sign-in.example.com/token',
  callbackPath: '/portal',
}
const hashOf = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`

describe('the reference page', () => {
  const page = renderReferencePage(openApiDocument(), template('reference.html'))

  it('has every operation and every problem code, and leaves no place of its template open', () => {
    for (const { route } of apiRoutes)
      expect(page).toContain(`<code>${escapeHtml(route.split(' ')[1]!)}</code>`)
    for (const code of Object.keys(PROBLEMS)) expect(page).toContain(`<code>${code}</code>`)
    expect(page).not.toMatch(/<!-- \w+ -->|undefined|\[object/)
  })

  it('links only to what is on the page', () => {
    const targets = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
    expect(links.filter((id) => !targets.has(id))).toEqual([])
  })

  it('shows a text as that text, whatever it holds', () => {
    const hostile = {
      ...openApiDocument(),
      info: { title: '<script>x</script>', version: '1', description: '"<b>`<i>`' },
    }
    const shown = renderReferencePage(hostile, template('reference.html'))
    expect(shown).not.toContain('<script>x')
    expect(shown).not.toContain('<b>')
    expect(shown).toContain('<code>&lt;i&gt;</code>')
  })
})

const pages = Object.entries(portalPages)
const signingIn = pages.filter(([name]) => name !== 'signedOut')

describe('the pages that sign people in', () => {
  it.each(signingIn)(
    'carry their configuration where no text of it can become a script: %s',
    (_name, page) => {
      fc.assert(
        fc.property(fc.string({ unit: fc.constantFrom(...'</script>$&`!-"\\\'') }), (clientId) => {
          const configured = configurePage(page, { ...configuration, clientId })
          const block = /<script type="application\/json" id="configuration">(.*?)<\/script>/s.exec(
            configured,
          )
          expect(JSON.parse(block![1]!)).toEqual({ ...configuration, clientId })
          expect(configured.match(/<\/script>/g)).toHaveLength(2)
        }),
        { numRuns: 20 },
      )
    },
  )

  it.each(signingIn)(
    'have a policy that lets their own script and style run, and no other: %s',
    (_name, page) => {
      const configured = configurePage(page, configuration)
      const script = /<script>([\s\S]*?)<\/script>/.exec(configured)![1]!
      const style = /<style>([\s\S]*?)<\/style>/.exec(configured)![1]!
      const policy = contentSecurityPolicy(configured, ["'self'", 'https://sign-in.example.com'])
      expect(policy).toContain(`script-src '${hashOf(script)}';`)
      expect(policy).toContain(`style-src '${hashOf(style)}';`)
      expect(policy).toContain("connect-src 'self' https://sign-in.example.com;")
      expect(policy).not.toMatch(/unsafe|\*/)
      expect(() => new Script(script)).not.toThrow()
    },
  )

  it.each(pages)(
    'load nothing from elsewhere, handle nothing in attributes, and name every field: %s',
    (_name, page) => {
      const markup = page.replace(/<(script|style)>[\s\S]*?<\/\1>/g, '')
      expect(markup).not.toMatch(/ (style|on[a-z]+)=| src=|<link (?!rel="icon" href="data:,")/)
      expect(markup).not.toMatch(/<!-- |\{title\}|undefined/)
      const ids = [...markup.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
      expect(ids).toEqual([...new Set(ids)])
      for (const [, id] of markup.matchAll(/ (?:for|aria-labelledby)="([^"]+)"/g)) expect(ids).toContain(id)
      expect(markup).not.toMatch(/\bchecked\b/)
      expect(markup.match(/<h1/g)).toHaveLength(1)
    },
  )
})

describe('what a page is put together from', () => {
  it('is not left out', () => {
    const parts = { styles: {}, scripts: { ends: '"</script>"' } }
    expect(() => composePage('<!-- styles: missing -->', parts)).toThrow('no part missing')
    expect(() => composePage('<!-- scripts: ends -->', parts)).toThrow('would end early')
  })
})
