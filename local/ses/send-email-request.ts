import { addressParser } from 'postal-mime'
import { z } from 'zod'
import { AwsError } from '../aws-json.ts'

const content = z.object({ Data: z.string(), Charset: z.string().optional() })
const attachment = z.object({
  FileName: z.string().min(1),
  RawContent: z.base64(),
  ContentType: z.string().optional(),
  ContentDisposition: z.enum(['ATTACHMENT', 'INLINE']).optional(),
  ContentTransferEncoding: z.enum(['BASE64', 'QUOTED_PRINTABLE', 'SEVEN_BIT']).optional(),
})
const addresses = z.array(z.string()).nullish()

const sendEmail = z.object({
  FromEmailAddress: z.string().optional(),
  ReplyToAddresses: addresses,
  Destination: z
    .object({ ToAddresses: addresses, CcAddresses: addresses, BccAddresses: addresses })
    .nullish(),
  ConfigurationSetName: z.string().optional(),
  EmailTags: z.array(z.object({ Name: z.string().min(1), Value: z.string().min(1) })).nullish(),
  Content: z.object({
    Raw: z.object({ Data: z.string() }).optional(),
    Simple: z
      .object({
        Subject: content,
        Body: z.object({ Text: content.optional(), Html: content.optional() }),
        Headers: z.array(z.object({ Name: z.string(), Value: z.string() })).nullish(),
        Attachments: z.array(attachment).nullish(),
      })
      .optional(),
  }),
})

export type SendEmailRequest = z.infer<typeof sendEmail>

/** SES takes that many recipients per message. */
const mostRecipients = 50

/** The body of SendEmail, checked; what SES would refuse is a BadRequestException that names the field. */
export function parseSendEmail(body: Buffer): SendEmailRequest {
  const parsed = sendEmail.safeParse(parseJson(body))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw badRequest(`${issue.path.join('.')}: ${issue.message}`)
  }
  const { Raw, Simple } = parsed.data.Content
  if ((Raw === undefined) === (Simple === undefined))
    throw badRequest('Content must hold either Simple or Raw.')
  if (Simple && !Simple.Body.Text && !Simple.Body.Html)
    throw badRequest('Content.Simple.Body must hold Text or Html.')
  if (Simple && !parsed.data.FromEmailAddress) throw badRequest('FromEmailAddress is required.')
  const { to, cc, bcc } = recipientsOf(parsed.data)
  const recipients = [...to, ...cc, ...bcc]
  if (Simple && recipients.length === 0) throw badRequest('At least one recipient is required.')
  if (recipients.length > mostRecipients) throw badRequest(`Recipient count exceeds ${mostRecipients}.`)
  for (const recipient of recipients) {
    if (!/^[^\s@]+@[^\s@]+$/.test(addressOf(recipient))) throw badRequest(`Invalid address: ${recipient}`)
  }
  return parsed.data
}

/** The envelope that the request names; empty lists where it leaves that to the raw message. */
export function recipientsOf(request: SendEmailRequest): { to: string[]; cc: string[]; bcc: string[] } {
  const { ToAddresses, CcAddresses, BccAddresses } = request.Destination ?? {}
  return { to: ToAddresses ?? [], cc: CcAddresses ?? [], bcc: BccAddresses ?? [] }
}

/** The bare address in `Name <name@example.com>`; empty text when there is none. */
export function addressOf(text: string): string {
  return addressParser(text, { flatten: true })[0]?.address ?? ''
}

/** Refuses a sender that no verified domain (its subdomains included) or address covers, in the words of SES. */
export function checkSender(from: string, verifiedIdentities: readonly string[], region: string): void {
  const address = addressOf(from).toLowerCase()
  const domain = address.split('@').at(-1)!
  const isVerified = verifiedIdentities.some((one) => {
    const identity = one.toLowerCase()
    return identity.includes('@')
      ? identity === address
      : domain === identity || domain.endsWith(`.${identity}`)
  })
  if (isVerified) return
  throw new AwsError(
    'MessageRejected',
    `Email address is not verified. The following identities failed the check in region ${region.toUpperCase()}: ${from}`,
  )
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw badRequest('The body is not JSON.')
  }
}

function badRequest(message: string): AwsError {
  return new AwsError('BadRequestException', message)
}
