import type { Email } from 'postal-mime'
import { html, pageDocument, showInstant } from '../pages/html.ts'
import type { MailboxMessage } from './mailbox.types.ts'

const place = '/local/inbox'

/** The inbox: a whole HTML page with a row per message, each linking to `<inboxPath>/<id>`. */
export function renderInbox(messages: readonly MailboxMessage[], inboxPath: string): string {
  if (messages.length === 0) return pageDocument('Inbox', html`<p>No messages yet.</p>`, place)
  const rows = messages.map(
    (message) => html`<tr>
<td>${showInstant(message.at)}</td>
<td><a href="${inboxPath}/${encodeURIComponent(message.id)}">${message.subject || '(no subject)'}</a></td>
<td data-label="To">${message.to.join(', ')}</td>
</tr>
`,
  )
  const table = html`<table>
<caption>${messages.length} ${messages.length === 1 ? 'message' : 'messages'}, newest first</caption>
<thead><tr><th scope="col">Time</th><th scope="col">Subject</th><th scope="col">To</th></tr></thead>
<tbody>
${rows}</tbody></table>`
  return pageDocument('Inbox', table, place)
}

/** One message: its envelope, its HTML part in a sandboxed frame that runs no scripts, its text part, and its headers. */
export function renderMessage(message: MailboxMessage, email: Email, inboxPath: string): string {
  const tags = Object.entries(message.tags).map(([name, value]) => `${name}=${value}`)
  const envelope = [
    ['From', message.from],
    ['To', message.to.join(', ')],
    ['Cc', message.cc.join(', ')],
    ['Bcc', message.bcc.join(', ')],
    ['Tags', tags.join(', ')],
    ['Configuration set', message.configurationSetName ?? ''],
  ].filter(([, value]) => value !== '')
  const facts = envelope.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)
  const headers = email.headers.map(
    (header) => html`<tr><th scope="row">${header.originalKey}</th><td>${header.value}</td></tr>\n`,
  )
  const content = html`<p><a href="${inboxPath}">Inbox</a></p>
<dl class="facts panel"><div><dt>Received</dt><dd>${showInstant(message.at)}</dd></div>
${facts}</dl>
${email.html === undefined ? undefined : frame(email.html)}
${email.text === undefined ? undefined : html`<h2>As text</h2>\n<pre>${email.text}</pre>`}
<details><summary>All headers</summary><table>${headers}</table></details>`
  return pageDocument(message.subject || '(no subject)', content, place)
}

/**
 * The sandbox lets nothing but links out, and those open in a tab of their own: a message can neither run scripts nor reach the
 * page around it.
 */
function frame(part: string) {
  const document = `<base target="_blank">${part}`
  return html`<iframe title="HTML part" sandbox="allow-popups allow-popups-to-escape-sandbox" referrerpolicy="no-referrer" srcdoc="${document}"></iframe>`
}
