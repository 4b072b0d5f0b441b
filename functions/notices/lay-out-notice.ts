import { escapeHtml } from '../edge/escape-html.ts'
import type { RenderedNotice } from './notice.ts'

export type NoticeContent = {
  subject: string
  accountName: string
  paragraphs: string[]
  /** Name and value, one line each. */
  figures: [string, string][]
  action?: { label: string; url: string }
  /** Why the reader gets it, where that is not a role. */
  footer?: string
}

const TEXT = 'font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5;color:#1a1a1a'

/**
 * One content as two parts that say the same. Everything is escaped, and nothing is fetched: no picture, no style sheet.
 * The subject is one line, whatever an account calls itself.
 */
export function layOutNotice(content: NoticeContent): RenderedNotice {
  return { subject: oneLine(content.subject), text: layOutText(content), html: layOutHtml(content) }
}

function layOutText({ accountName, paragraphs, figures, action, footer }: NoticeContent): string {
  const lines = figures.map(([name, value]) => `${name}: ${oneLine(value)}`)
  return [
    `Account: ${oneLine(accountName)}`,
    ...paragraphs.map(oneLine),
    lines.join('\n'),
    ...(action ? [`${oneLine(action.label)}:\n${action.url}`] : []),
    footerOf(accountName, footer),
  ].join('\n\n')
}

function layOutHtml({ subject, accountName, paragraphs, figures, action, footer }: NoticeContent): string {
  const rows = figures.map(
    ([name, value]) =>
      `<tr><th scope="row" style="${TEXT};text-align:left;font-weight:normal;padding:4px 24px 4px 0">${escapeHtml(name)}</th>` +
      `<td style="${TEXT};font-weight:bold;padding:4px 0">${escapeHtml(value)}</td></tr>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>${escapeHtml(oneLine(subject))}</title>
</head>
<body style="margin:0;padding:24px;background:#ffffff">
<main style="max-width:560px;margin:0 auto">
<p style="${TEXT};margin:0 0 16px">Account: ${escapeHtml(accountName)}</p>
<h1 style="${TEXT};font-size:22px;line-height:1.3;margin:0 0 16px">${escapeHtml(oneLine(subject))}</h1>
${paragraphs.map((paragraph) => `<p style="${TEXT};margin:0 0 16px">${escapeHtml(paragraph)}</p>`).join('\n')}
<table style="border-collapse:collapse;margin:0 0 24px"><tbody>
${rows.join('\n')}
</tbody></table>
${action ? button(action) : ''}
<p style="${TEXT};font-size:14px;color:#595959;margin:24px 0 0">${escapeHtml(footerOf(accountName, footer))}</p>
</main>
</body>
</html>
`
}

function button({ label, url }: { label: string; url: string }): string {
  const style = `${TEXT};display:inline-block;padding:12px 20px;background:#0b5394;color:#ffffff;font-weight:bold;text-decoration:none;border-radius:4px`
  return `<p style="margin:0"><a href="${escapeHtml(url)}" style="${style}">${escapeHtml(label)}</a></p>`
}

function footerOf(accountName: string, footer: string | undefined): string {
  return footer ?? `You get this because you are an owner or billing member of ${oneLine(accountName)}.`
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
