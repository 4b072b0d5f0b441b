import type { Email } from 'postal-mime'
import { escapeHtml } from '../../functions/edge/escape-html.ts'
import type { MailboxMessage } from './mailbox.types.ts'

/** The inbox: a whole HTML page with a row per message, each linking to `<inboxPath>/<id>`. */
export function renderInbox(messages: readonly MailboxMessage[], inboxPath: string): string {
  const rows = messages.map(
    (message) => `<tr>
<td><time>${escapeHtml(message.at)}</time></td>
<td>${escapeHtml(message.to.join(', '))}</td>
<td><a href="${escapeHtml(`${inboxPath}/${encodeURIComponent(message.id)}`)}">${escapeHtml(message.subject || '(no subject)')}</a></td>
</tr>`,
  )
  const table = `<table>
<thead><tr><th scope="col">Time</th><th scope="col">To</th><th scope="col">Subject</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table>`
  return page('Inbox', messages.length === 0 ? '<p>No messages yet.</p>' : table)
}

/** One message: its headers, its text part, and its HTML part in a sandboxed frame that runs no scripts. */
export function renderMessage(message: MailboxMessage, email: Email, inboxPath: string): string {
  const headers = email.headers.map(
    (header) =>
      `<tr><th scope="row">${escapeHtml(header.originalKey)}</th><td>${escapeHtml(header.value)}</td></tr>`,
  )
  const tags = Object.entries(message.tags).map(([name, value]) => `${name}=${value}`)
  const envelope = [
    ['From', message.from],
    ['To', message.to.join(', ')],
    ['Cc', message.cc.join(', ')],
    ['Bcc', message.bcc.join(', ')],
    ['Received', message.at],
    ['Tags', tags.join(', ')],
    ['Configuration set', message.configurationSetName ?? ''],
  ].filter(([, value]) => value !== '')
  return page(
    message.subject || '(no subject)',
    `<p><a href="${escapeHtml(inboxPath)}">Inbox</a></p>
<table>${envelope.map(([name, value]) => `<tr><th scope="row">${escapeHtml(name!)}</th><td>${escapeHtml(value!)}</td></tr>`).join('\n')}</table>
<details><summary>All headers</summary><table>${headers.join('\n')}</table></details>
${email.html === undefined ? '' : `<h2>HTML</h2>\n${frame(email.html)}`}
${email.text === undefined ? '' : `<h2>Text</h2>\n<pre>${escapeHtml(email.text)}</pre>`}`,
  )
}

/**
 * The sandbox lets nothing but links out, and those open in a tab of their own: a message can neither run scripts nor reach the
 * page around it.
 */
function frame(html: string): string {
  const document = `<base target="_blank">${html}`
  return `<iframe title="HTML part" sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" srcdoc="${escapeHtml(document)}"></iframe>`
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin-bottom: 1rem }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8884; overflow-wrap: anywhere }
iframe { width: 100%; height: 32rem; border: 1px solid #8884; background: #fff }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: 1rem; border: 1px solid #8884 }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
</body>
</html>
`
}
