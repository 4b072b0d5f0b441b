import MailComposer from 'nodemailer/lib/mail-composer'
import PostalMime, { type Email } from 'postal-mime'
import { AwsError } from '../aws-json.ts'
import type { SendEmailRequest } from './send-email-request.ts'

/** A message as it would go over the wire, and what it says when it is read back. */
export type ComposedMessage = { raw: Buffer; email: Email }

/**
 * The raw MIME of a request: built for Simple content, taken as it is for Raw content, with Message-ID and Date where they are
 * missing. Blind copies are in the envelope alone.
 */
export async function composeMessage(
  request: SendEmailRequest,
  messageId: string,
  at: Date,
): Promise<ComposedMessage> {
  const header = `<${messageId}@email.amazonses.com>`
  const raw = request.Content.Raw
    ? await completeRaw(Buffer.from(request.Content.Raw.Data, 'base64'), header, at)
    : await composeSimple(request, header, at)
  return { raw, email: await parseMessage(raw) }
}

/** Parses a raw message; one that is no e-mail is refused as SES does. */
export async function parseMessage(raw: Buffer): Promise<Email> {
  return PostalMime.parse(raw).catch((error: unknown) => {
    throw new AwsError('MessageRejected', `The message is not valid MIME: ${String(error)}`)
  })
}

async function completeRaw(raw: Buffer, messageId: string, at: Date): Promise<Buffer> {
  const email = await parseMessage(raw)
  const missing = [
    ...(email.messageId ? [] : [`Message-ID: ${messageId}\r\n`]),
    ...(email.date ? [] : [`Date: ${at.toUTCString().replace('GMT', '+0000')}\r\n`]),
  ]
  return Buffer.concat([Buffer.from(missing.join('')), raw])
}

function composeSimple(request: SendEmailRequest, messageId: string, at: Date): Promise<Buffer> {
  const simple = request.Content.Simple!
  const composer = new MailComposer({
    from: request.FromEmailAddress,
    to: request.Destination?.ToAddresses ?? undefined,
    cc: request.Destination?.CcAddresses ?? undefined,
    replyTo: request.ReplyToAddresses ?? undefined,
    subject: simple.Subject.Data,
    text: simple.Body.Text?.Data,
    html: simple.Body.Html?.Data,
    headers: (simple.Headers ?? []).map(({ Name, Value }) => ({ key: Name, value: Value })),
    attachments: (simple.Attachments ?? []).map((attachment) => ({
      filename: attachment.FileName,
      content: Buffer.from(attachment.RawContent, 'base64'),
      contentType: attachment.ContentType,
      contentDisposition: attachment.ContentDisposition === 'INLINE' ? 'inline' : 'attachment',
    })),
    messageId,
    date: at,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return composer.compile().build()
}
