import type { MailboxMessage } from './mailbox.types.ts'
import { addressOf } from './send-email-request.ts'

/** What SES tells the default event bus of a message. */
export type MailEvent = { detailType: string; detail: Record<string, unknown> }

const SIMULATOR = '@simulator.amazonses.com'

/**
 * What becomes of a message to the mailbox simulator, whose names may carry a label, as in `bounce+anything@…`: `bounce` is a
 * mailbox that does not exist, `ooto` one that answers by itself, `complaint` one whose owner calls the message spam.
 * https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
 */
export function simulatedEvents(message: MailboxMessage, region: string): MailEvent[] {
  const recipients = [...message.to, ...message.cc, ...message.bcc]
  return recipients.flatMap((recipient): MailEvent[] => {
    const emailAddress = addressOf(recipient)
    const address = emailAddress.toLowerCase()
    if (!address.endsWith(SIMULATOR)) return []
    const [scenario] = address.slice(0, -SIMULATOR.length).split('+')
    const mail = describeMail(message, region)
    const feedback = { timestamp: message.at, feedbackId: message.id }
    const bounce = (bounceType: string, said: object) => ({
      detailType: 'Email Bounced',
      detail: {
        eventType: 'Bounce',
        bounce: {
          ...feedback,
          ...{ bounceType, bounceSubType: 'General', bouncedRecipients: [{ emailAddress, ...said }] },
        },
        mail,
      },
    })
    switch (scenario) {
      case 'bounce': {
        const said = { action: 'failed', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 user unknown' }
        return [bounce('Permanent', said)]
      }
      case 'ooto':
        return [bounce('Transient', {})]
      case 'complaint': {
        const complaint = {
          ...feedback,
          complainedRecipients: [{ emailAddress }],
          complaintFeedbackType: 'abuse',
        }
        return [
          { detailType: 'Email Complaint Received', detail: { eventType: 'Complaint', complaint, mail } },
        ]
      }
      default:
        return []
    }
  })
}

function describeMail(message: MailboxMessage, region: string) {
  const { id, at, from, to, cc, bcc, configurationSetName, tags } = message
  return {
    timestamp: at,
    messageId: id,
    source: from,
    sourceArn: `arn:aws:ses:${region}:000000000000:identity/${addressOf(from).split('@').at(-1)}`,
    destination: [...to, ...cc, ...bcc],
    headersTruncated: false,
    headers: [],
    tags: {
      ...Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, [value]])),
      ...(configurationSetName === undefined ? {} : { 'ses:configuration-set': [configurationSetName] }),
    },
  }
}
