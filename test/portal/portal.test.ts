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
import { openApiDocument } from '../../functions/portal/openapi.ts'
import { renderReferencePage } from '../../functions/portal/render-reference.ts'
import { renderTopUpPage } from '../../functions/portal/render-top-up-page.ts'

const template = (name: string) => readFileSync(join(import.meta.dirname, '../../web', name), 'utf8')
const configuration = {
  clientId: 'portal',
  authorizationEndpoint: 'https://sign-in.example.com/auth',
  tokenEndpoint: 'https://sign-in.example.com/token',
}

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

describe('the top-up page', () => {
  it('carries its configuration where no text of it can become a script', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'</script>$&`!-"\\\'') }), (clientId) => {
        const page = renderTopUpPage(template('top-up.html'), { ...configuration, clientId })
        const block = /<script type="application\/json" id="configuration">(.*?)<\/script>/s.exec(page)
        expect(JSON.parse(block![1]!)).toEqual({ ...configuration, clientId })
        expect(page.match(/<\/script>/g)).toHaveLength(2)
      }),
    )
  })

  it('has a policy that lets its own script run, and no other', () => {
    const page = renderTopUpPage(template('top-up.html'), configuration)
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)![1]!
    const hash = createHash('sha256').update(script).digest('base64')
    const policy = contentSecurityPolicy(page, ["'self'", 'https://sign-in.example.com'])
    expect(policy).toContain(`script-src 'sha256-${hash}'`)
    expect(policy).toContain("connect-src 'self' https://sign-in.example.com;")
    expect(policy).not.toMatch(/unsafe|\*/)
    expect(page).not.toMatch(/ (style|on[a-z]+)="/)
    expect(() => new Script(script)).not.toThrow()
  })
})
