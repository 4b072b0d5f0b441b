import { createHash } from 'node:crypto'

/**
 * The Content-Security-Policy of a page that we wrote: its own inline styles and scripts by their hashes, connections
 * to the named origins, forms to where the page came from if it has any, and nothing else.
 */
export function contentSecurityPolicy(
  page: string,
  connectTo: readonly string[] = [],
  { postsForms = false }: { postsForms?: boolean } = {},
): string {
  const sources = [
    "default-src 'none'",
    `style-src ${hashesOf(page, /<style>([\s\S]*?)<\/style>/g)}`,
    `script-src ${hashesOf(page, /<script>([\s\S]*?)<\/script>/g)}`,
    `connect-src ${connectTo.join(' ') || "'none'"}`,
    'img-src data:',
    "base-uri 'none'",
    `form-action ${postsForms ? "'self'" : "'none'"}`,
    "frame-ancestors 'none'",
  ]
  return sources.join('; ')
}

function hashesOf(page: string, elements: RegExp): string {
  const hashes = [...page.matchAll(elements)].map(
    ([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  )
  return hashes.join(' ') || "'none'"
}

/** The headers of a page; what it is made of may be kept for a few minutes, as it is the same for everybody. */
export function pageHeaders(
  page: string,
  connectTo: readonly string[] = [],
  forms: { postsForms?: boolean } = {},
): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': contentSecurityPolicy(page, connectTo, forms),
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'public, max-age=300',
  }
}
