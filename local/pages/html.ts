import { escapeHtml } from '../../functions/edge/escape-html.ts'
import type { Answer } from '../gateway/http-answer.ts'

/** Text that is safe in HTML, also within a quoted attribute. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | string | number | undefined | readonly Part[]

/** Builds HTML; whatever is put in is escaped unless it was built by this too. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(
    strings.map((text, index) => text + (index < parts.length ? render(parts[index]) : '')).join(''),
  )
}

function render(part: Part): string {
  if (part === undefined) return ''
  if (part instanceof Html) return part.text
  if (Array.isArray(part)) return part.map(render).join('')
  return escapeHtml(String(part))
}

/** Headers of every page here: nothing is loaded but our own stylesheet, nothing frames it, nothing is kept. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** A whole page in the look of all of them. */
export function page(title: string, content: Html, status = 200): Answer {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Drawdown</title>
<link rel="stylesheet" href="/local/style.css">
</head>
<body>
<header><nav aria-label="Local pages"><a href="/">Drawdown</a> <a href="/local/accounts">Accounts</a> <a href="/local/inbox">Inbox</a> <a href="/local/clock">Clock</a> <a href="/local/queues">Queues</a> <a href="/docs">API</a></nav></header>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`
  return { status, headers: pageHeaders, body: document.text }
}

/** The stylesheet of the local pages. */
export const stylesheet = `:root { color-scheme: light dark; --line: light-dark(#ccd3da, #3c444c); --quiet: light-dark(#52606d, #9aa5b1); --link: light-dark(#0b5cad, #7db8f0); }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; }
header { border-bottom: 1px solid var(--line); padding: .75rem 1.5rem; }
nav a { margin-right: 1.25rem; }
nav a:first-child { font-weight: 700; }
main { max-width: 64rem; margin: 0 auto; padding: 1rem 1.5rem 3rem; }
h1 { font-size: 1.5rem; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
a { color: var(--link); }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--quiet); padding-bottom: .5rem; }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.quiet { color: var(--quiet); }
pre { overflow-x: auto; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .375rem; }
label { display: block; margin: .5rem 0 .25rem; }
input, button { font: inherit; padding: .35rem .6rem; }
`

/** A refusal in the form of RFC 9457. */
export function problem(
  status: number,
  code: string,
  title: string,
  detail?: string,
  field?: string,
): Answer {
  const body = {
    type: 'about:blank',
    status,
    code,
    title,
    ...(detail === undefined ? {} : { detail }),
    ...(field === undefined ? {} : { errors: [{ field, detail: detail ?? title }] }),
  }
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: JSON.stringify(body),
  }
}

/** A JSON answer that nobody keeps. */
export const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  },
  body: JSON.stringify(value, null, 2),
})
