import type { Account } from '../accounts/account.ts'
import { type Purpose, titleOf } from '../consents/purposes.ts'
import { escapeHtml } from '../edge/escape-html.ts'
import type { RenderedNotice } from '../notices/notice.ts'
import { renderText } from '../terms/render-text.ts'
import type { Announcement } from './announcement.ts'
import { eventFileType, renderEventFile, showTimes } from './event-file.ts'
import type { MailingKind } from './mailing.ts'

export type AnnouncementMail = {
  announcement: Announcement
  kind: MailingKind | 'confirmation'
  /** By which the person is reached. */
  account: Pick<Account, 'accountId' | 'name' | 'timeZone'>
  portalUrl: string
  organizer: string
  /** Of e-mails that somebody has asked for: what they have asked for, and the link that ends it. */
  withdrawal?: { purpose: Purpose; link: string }
}

type Content = {
  subject: string
  intro: string[]
  facts: [string, string][]
  /** Markdown. */
  text: string
  action: { label: string; url: string }
  footer: string
  withdrawal?: AnnouncementMail['withdrawal']
}

const TEXT = 'font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5;color:#1a1a1a'

/**
 * The e-mail of an announcement, both parts saying the same; nothing is loaded, and nothing in the text runs. E-mails that
 * somebody has asked for end by their link, and by the mail program’s own button (RFC 8058). Whoever has signed up gets the
 * event for the calendar.
 */
export function renderAnnouncement(mail: AnnouncementMail): RenderedNotice {
  const content = contentOf(mail)
  const { announcement, kind, organizer } = mail
  const file = kind === 'news' ? undefined : renderEventFile(announcement, { organizer, showsLink: true })
  return {
    ...{ subject: content.subject, text: layOutText(content), html: layOutHtml(content) },
    ...(mail.withdrawal && {
      headers: [
        { name: 'List-Unsubscribe', value: `<${mail.withdrawal.link}>` },
        { name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' },
      ],
    }),
    ...(file !== undefined && {
      attachments: [{ fileName: 'event.ics', contentType: eventFileType(announcement), text: file }],
    }),
  }
}

const WORDS: Record<AnnouncementMail['kind'], { before: string; intro: string[] }> = {
  news: { before: '', intro: [] },
  reminder: { before: 'Reminder: ', intro: ['You have signed up for this. It begins soon.'] },
  change: {
    before: 'Changed: ',
    intro: [
      'Something has changed in what you have signed up for. This is how it is now; the attached file changes it in your calendar.',
    ],
  },
  cancellation: {
    before: 'Cancelled: ',
    intro: ['This does not take place. The attached file takes it out of your calendar.'],
  },
  confirmation: {
    before: 'You are signed up: ',
    intro: ['You have signed up for this. The attached file puts it into your calendar.'],
  },
}

function contentOf({ announcement, kind, account, portalUrl, withdrawal }: AnnouncementMail): Content {
  const { announcementId, title, event, text } = announcement
  const url = `${portalUrl}/portal?account=${account.accountId}&announcement=${announcementId}`
  const isCancelled = kind === 'cancellation'
  return {
    subject: `${WORDS[kind].before}${title}`,
    intro: WORDS[kind].intro,
    facts: event ? factsOf(event, account.timeZone, kind !== 'news' && !isCancelled) : [],
    text: isCancelled ? '' : text,
    action: { label: labelOf(announcement, kind), url },
    footer: footerOf(kind, account.name, withdrawal?.purpose),
    withdrawal,
  }
}

function labelOf({ kind: announced }: Announcement, kind: AnnouncementMail['kind']): string {
  if (kind !== 'news') return 'See it, or take part no more'
  return announced === 'webinar' ? 'Sign up' : 'See it with your account'
}

function factsOf(
  event: NonNullable<Announcement['event']>,
  accountTimeZone: string,
  showsLink: boolean,
): [string, string][] {
  const facts: [string, string][] = [['When', showTimes(event, event.timeZone)]]
  if (accountTimeZone !== event.timeZone) facts.push(['In your time zone', showTimes(event, accountTimeZone)])
  if (showsLink && event.link !== undefined) facts.push(['Join by', event.link])
  return facts
}

function footerOf(kind: AnnouncementMail['kind'], accountName: string, purpose: Purpose | undefined): string {
  if (kind !== 'news') return 'You get this because you have signed up for it.'
  if (purpose) return `You get this because you have asked for e-mails about: ${titleOf(purpose)}.`
  return `You get this because you are a member of ${accountName}, whose services it concerns.`
}

function layOutText({ intro, facts, text, action, footer, withdrawal }: Content): string {
  return [
    ...intro,
    ...(facts.length > 0 ? [facts.map(([name, value]) => `${name}: ${value}`).join('\n')] : []),
    ...(text === '' ? [] : [text]),
    `${action.label}:\n${action.url}`,
    [footer, ...(withdrawal ? [`Stop these e-mails:\n${withdrawal.link}`] : [])].join('\n'),
  ].join('\n\n')
}

function layOutHtml({ subject, intro, facts, text, action, footer, withdrawal }: Content): string {
  const rows = facts.map(
    ([name, value]) =>
      `<tr><th scope="row" style="${TEXT};text-align:left;font-weight:normal;padding:4px 24px 4px 0">${escapeHtml(name)}</th>` +
      `<td style="${TEXT};font-weight:bold;padding:4px 0">${escapeHtml(value)}</td></tr>`,
  )
  const small = `${TEXT};font-size:14px;color:#595959`
  const button = `${TEXT};display:inline-block;padding:12px 20px;background:#0b5394;color:#ffffff;font-weight:bold;text-decoration:none;border-radius:4px`
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
<h1 style="${TEXT};font-size:22px;line-height:1.3;margin:0 0 16px">${escapeHtml(subject)}</h1>
${intro.map((paragraph) => `<p style="${TEXT};margin:0 0 16px">${escapeHtml(paragraph)}</p>`).join('\n')}
${rows.length > 0 ? `<table style="border-collapse:collapse;margin:0 0 24px"><tbody>\n${rows.join('\n')}\n</tbody></table>` : ''}
${text === '' ? '' : renderText(text)}
<p style="margin:24px 0 0"><a href="${escapeHtml(action.url)}" style="${button}">${escapeHtml(action.label)}</a></p>
<p style="${small};margin:24px 0 0">${escapeHtml(footer)}</p>
${withdrawal ? `<p style="${small};margin:8px 0 0"><a href="${escapeHtml(withdrawal.link)}" style="color:#595959">Stop these e-mails</a></p>` : ''}
</main>
</body>
</html>
`
}
