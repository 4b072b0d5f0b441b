import { SESv2Client, type SESv2ServiceException, SendEmailCommand } from '@aws-sdk/client-sesv2'
import type { RenderedMail, SendMail } from './mail.ts'

/** What the message or the address is at fault for; everything else may pass, and is thrown. */
const PERMANENT = new Set(['MessageRejected', 'BadRequestException'])
/**
 * SES also rejects while the sender's domain is not verified yet, and while the account is in its sandbox. The operator
 * mends that, and the client must be told after all.
 * https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
 */
const NOT_VERIFIED = /\bnot verified\b/i

/** The mail service’s client for whatever is claimed before it is sent: its tries take less time together than a claim lasts. */
export function mailClient(): SESv2Client {
  return new SESv2Client({ maxAttempts: 2, requestHandler: { requestTimeout: 5000 } })
}

/** The operator's mail: from one address, through one configuration set, as text and HTML. */
export function createMail(options: {
  client: Pick<SESv2Client, 'send'>
  senderAddress: string
  configurationSet: string
}): SendMail {
  const data = (text: string) => ({ Data: text, Charset: 'UTF-8' })
  return async (to, { subject, text, html, headers = [], attachments = [] }) => {
    const command = new SendEmailCommand({
      FromEmailAddress: options.senderAddress,
      ConfigurationSetName: options.configurationSet,
      Destination: { ToAddresses: [to] },
      // https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Message.html: at most 15 headers, attachments of any known type.
      Content: {
        Simple: {
          Subject: data(subject),
          Body: { Text: data(text), Html: data(html) },
          ...(headers.length > 0 && {
            Headers: headers.map(({ name, value }) => ({ Name: name, Value: value })),
          }),
          ...(attachments.length > 0 && { Attachments: attachments.map(toAttachment) }),
        },
      },
    })
    try {
      const { MessageId } = await options.client.send(command)
      return { ok: true, messageId: MessageId ?? '' }
    } catch (error) {
      if (error instanceof Error && PERMANENT.has(error.name) && !NOT_VERIFIED.test(error.message)) {
        return { ok: false, reason: 'rejected', detail: error.name }
      }
      throw withoutAddress(error)
    }
  }
}

/** The service's message may name an address, which is not to be in any log: only what kind of failure it was is said on. */
function withoutAddress(error: unknown): Error {
  const { name = 'Error', $metadata } = error as Partial<SESv2ServiceException>
  const status = $metadata?.httpStatusCode
  const said = `the mail service did not take an e-mail: ${name}${status === undefined ? '' : ` (${status})`}`
  return Object.assign(new Error(said), { name })
}

function toAttachment({ fileName, contentType, text }: NonNullable<RenderedMail['attachments']>[number]) {
  return {
    FileName: fileName,
    ContentType: contentType,
    ContentDisposition: 'ATTACHMENT' as const,
    ContentTransferEncoding: 'BASE64' as const,
    RawContent: Buffer.from(text, 'utf8'),
  }
}
