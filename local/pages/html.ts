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
  // Not `no-referrer`: with that a browser names no origin in a form's POST, and it would look like another site's.
  'referrer-policy': 'same-origin',
  'cache-control': 'no-store',
}

const places = [
  ['/', 'Drawdown'],
  ['/local/accounts', 'Accounts'],
  ['/local/inbox', 'Inbox'],
  ['/local/clock', 'Clock'],
  ['/local/queues', 'Queues'],
  ['/local/token', 'Token'],
  ['/docs', 'API'],
] as const

/** A whole page in the look of all of them. `place` is the path in the navigation that it belongs to. */
export function page(title: string, content: Html, place?: string, status = 200): Answer {
  return { status, headers: pageHeaders, body: pageDocument(title, content, place) }
}

/** The text of such a page, for what sends headers of its own. */
export function pageDocument(title: string, content: Html, place?: string): string {
  const links = places.map(
    ([path, name]) =>
      html`<a href="${path}"${path === place ? new Html(' aria-current="page"') : undefined}>${name}</a>\n`,
  )
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Drawdown</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/local/style.css">
</head>
<body>
<header><nav aria-label="Local pages">
${links}</nav></header>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`.text
}

/** An instant as a person reads it, to the minute: `2026-12-01 00:00 UTC`, or the wall clock of `timeZone` without a name. */
export function showInstant(instant: string, timeZone?: string): Html {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timeZone ?? 'UTC',
    dateStyle: 'short',
    timeStyle: 'short',
  })
  const text = `${format.format(new Date(instant))}${timeZone === undefined ? ' UTC' : ''}`
  return html`<time datetime="${instant}">${text}</time>`
}

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
