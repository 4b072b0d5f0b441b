import { escapeHtml } from '../edge/escape-html.ts'

/** How all of an e-mail is written: programs that show mail know no style sheets. */
const TEXT = 'font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5;color:#1a1a1a'
const SMALL_PRINT = 'font-size:14px;color:#595959'

/** The HTML part of an e-mail around its content, which is safe already. Nothing is fetched: no picture, no style sheet. */
export function mailPage(subject: string, content: readonly string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>${escapeHtml(subject)}</title>
</head>
<body style="margin:0;padding:24px;background:#ffffff">
<main style="max-width:560px;margin:0 auto;${TEXT}">
${content.filter((part) => part !== '').join('\n')}
</main>
</body>
</html>
`
}

export function mailHeading(text: string): string {
  return `<h1 style="${TEXT};font-size:22px;line-height:1.3;margin:0 0 16px">${escapeHtml(text)}</h1>`
}

export function mailParagraph(text: string): string {
  return `<p style="${TEXT};margin:0 0 16px">${escapeHtml(text)}</p>`
}

/** Name and value, a row each; nothing where there are none. */
export function mailFigures(figures: readonly [name: string, value: string][]): string {
  if (figures.length === 0) return ''
  const rows = figures.map(
    ([name, value]) =>
      `<tr><th scope="row" style="${TEXT};text-align:left;font-weight:normal;padding:4px 24px 4px 0">${escapeHtml(name)}</th>` +
      `<td style="${TEXT};font-weight:bold;padding:4px 0">${escapeHtml(value)}</td></tr>`,
  )
  return `<table style="border-collapse:collapse;margin:0 0 24px"><tbody>\n${rows.join('\n')}\n</tbody></table>`
}

export function mailButton({ label, url }: { label: string; url: string }): string {
  const style = `${TEXT};display:inline-block;padding:12px 20px;background:#0b5394;color:#ffffff;font-weight:bold;text-decoration:none;border-radius:4px`
  return `<p style="margin:24px 0 0"><a href="${escapeHtml(url)}" style="${style}">${escapeHtml(label)}</a></p>`
}

/** Below everything else: why the reader gets it. */
export function mailFooter(text: string): string {
  return `<p style="${TEXT};${SMALL_PRINT};margin:24px 0 0">${escapeHtml(text)}</p>`
}

export function mailFooterLink({ label, url }: { label: string; url: string }): string {
  return `<p style="${TEXT};${SMALL_PRINT};margin:8px 0 0"><a href="${escapeHtml(url)}" style="color:#595959">${escapeHtml(label)}</a></p>`
}
