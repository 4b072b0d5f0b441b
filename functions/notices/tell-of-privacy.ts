import type { BusEvent } from '../events/event.ts'
import type { NoticeContent } from './lay-out-notice.ts'

type PrivacyNotice = Extract<
  BusEvent,
  { detailType: 'privacy.export_ready' | 'privacy.extended' | 'privacy.erased' }
>

const FOOTER = 'You get this because of your privacy request.'

/** The answer to a privacy request, for who asked. */
export function tellOfPrivacy(event: PrivacyNotice): Omit<NoticeContent, 'accountName'> {
  if (event.detailType === 'privacy.export_ready') {
    const { downloadUrl, expiresAt, requestId } = event.detail
    return {
      subject: 'Your data is ready to be fetched',
      paragraphs: [
        'What is held on you has been put together in one archive. The page asks you to sign in again before it hands it out.',
      ],
      figures: [
        ['Can be fetched until', `${expiresAt.slice(0, 16).replace('T', ' ')} UTC`],
        ['Request', requestId],
      ],
      action: { label: 'Fetch your data', url: downloadUrl },
      footer: FOOTER,
    }
  }
  if (event.detailType === 'privacy.extended') {
    const { reason, dueAt, requestId } = event.detail
    return {
      subject: 'Your privacy request takes longer',
      paragraphs: [
        'We need more time for what you have asked for, as article 12(3) of the GDPR allows. You may complain to a supervisory authority, and go to court.',
      ],
      figures: [
        ['Why', reason],
        ['Answered by', dueAt.slice(0, 10)],
        ['Request', requestId],
      ],
      footer: FOOTER,
    }
  }
  const { lines, requestId } = event.detail
  return {
    subject: 'Your data has been erased',
    paragraphs: [
      'What you asked us to erase has been erased. This is what went, what stays, why, and until when. Your address is forgotten with this e-mail.',
    ],
    figures: [
      ['Request', requestId],
      ...lines.map(({ what, outcome, why, until }): [string, string] => [
        what,
        `${outcome}. ${why}${until === undefined ? '' : `. Until: ${until}`}`,
      ]),
    ],
    footer: FOOTER,
  }
}
