import type { Account } from '../accounts/account.ts'
import { type Purpose, titleOf } from '../consents/purposes.ts'
import type { RenderedMail } from '../notices/mail.ts'
import {
  mailButton,
  mailFigures,
  mailFooter,
  mailFooterLink,
  mailHeading,
  mailPage,
  mailParagraph,
} from '../notices/mail-html.ts'
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

const STOP = 'Stop these e-mails'

/**
 * The e-mail of an announcement, both parts saying the same; nothing is loaded, and nothing in the text runs. E-mails that
 * somebody has asked for end by their link, and by the mail program’s own button (RFC 8058). Whoever has signed up gets the
 * event for the calendar.
 */
export function renderAnnouncement(mail: AnnouncementMail): RenderedMail {
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
    [footer, ...(withdrawal ? [`${STOP}:\n${withdrawal.link}`] : [])].join('\n'),
  ].join('\n\n')
}

function layOutHtml({ subject, intro, facts, text, action, footer, withdrawal }: Content): string {
  return mailPage(subject, [
    mailHeading(subject),
    ...intro.map(mailParagraph),
    mailFigures(facts),
    text === '' ? '' : renderText(text),
    mailButton(action),
    mailFooter(footer),
    withdrawal ? mailFooterLink({ label: STOP, url: withdrawal.link }) : '',
  ])
}
