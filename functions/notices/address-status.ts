import { z } from 'zod'

/** Why an address is not written to any more. */
export const ADDRESS_STATES = ['bounced', 'complained'] as const
export type EmailStatus = { state: (typeof ADDRESS_STATES)[number]; at: string }

/** The status as the API shows it; absent where mail goes through, as far as is known. */
export const emailStatusReply = z
  .object({
    state: z.enum(ADDRESS_STATES).meta({
      description:
        'bounced: its mail server turns mail down for good; complained: the person has marked our mail as spam',
    }),
    at: z.string(),
  })
  .meta({
    id: 'EmailStatus',
    description: 'Nothing is sent to this address any more, until staff lift that.',
  })

const mailShape = { timestamp: z.string(), messageId: z.string() }
const recipients = z.array(z.object({ emailAddress: z.string() }))

/**
 * What Amazon SES tells by EventBridge of a message that did not arrive, or that somebody called spam.
 * https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html has the members, and
 * https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-ses.html the names.
 */
export const mailEventSchema = z.object({
  source: z.literal('aws.ses'),
  detail: z.discriminatedUnion('eventType', [
    z.object({
      eventType: z.literal('Bounce'),
      mail: z.object(mailShape),
      bounce: z.object({ bounceType: z.string(), timestamp: z.string(), bouncedRecipients: recipients }),
    }),
    z.object({
      eventType: z.literal('Complaint'),
      mail: z.object(mailShape),
      complaint: z.object({ timestamp: z.string(), complainedRecipients: recipients }),
    }),
  ]),
})
export type MailEvent = z.output<typeof mailEventSchema>

/** What is to be noted of an address: the mail that it is about was sent at `sentAt`. */
export type AddressNote = { address: string; status: EmailStatus; sentAt: string }

/**
 * The addresses that are not to be written to any more: a permanent bounce or a complaint. A full mailbox and an absent person
 * pass, and nothing is noted of them.
 */
export function notesOf({ detail }: MailEvent): AddressNote[] {
  const sentAt = instant(detail.mail.timestamp)
  if (detail.eventType === 'Complaint') {
    const { timestamp, complainedRecipients } = detail.complaint
    const status = { state: 'complained' as const, at: instant(timestamp) }
    return complainedRecipients.map(({ emailAddress }) => ({ address: bare(emailAddress), status, sentAt }))
  }
  const { bounceType, timestamp, bouncedRecipients } = detail.bounce
  if (bounceType !== 'Permanent') return []
  const status = { state: 'bounced' as const, at: instant(timestamp) }
  return bouncedRecipients.map(({ emailAddress }) => ({ address: bare(emailAddress), status, sentAt }))
}

const instant = (text: string) => new Date(text).toISOString()

/** The address alone, as members have it. */
function bare(emailAddress: string): string {
  return (/<([^<>]+)>\s*$/.exec(emailAddress)?.[1] ?? emailAddress).trim().toLowerCase()
}
