import type { RenderedMail } from './mail.ts'
import { mailButton, mailFigures, mailFooter, mailHeading, mailPage, mailParagraph } from './mail-html.ts'

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

/**
 * One content as two parts that say the same, with everything escaped. The subject is one line, whatever an account calls itself.
 */
export function layOutNotice(content: NoticeContent): RenderedMail {
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
  return mailPage(oneLine(subject), [
    mailParagraph(`Account: ${accountName}`),
    mailHeading(oneLine(subject)),
    ...paragraphs.map(mailParagraph),
    mailFigures(figures),
    action ? mailButton(action) : '',
    mailFooter(footerOf(accountName, footer)),
  ])
}

function footerOf(accountName: string, footer: string | undefined): string {
  return footer ?? `You get this because you are an owner or billing member of ${oneLine(accountName)}.`
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
