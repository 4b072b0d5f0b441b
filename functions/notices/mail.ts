/** An e-mail: both parts say the same. */
export type RenderedMail = {
  subject: string
  text: string
  html: string
  /** Beyond what every e-mail has, such as List-Unsubscribe. */
  headers?: { name: string; value: string }[]
  attachments?: { fileName: string; contentType: string; text: string }[]
}

export type MailSent =
  | { ok: true; messageId: string }
  /** The provider will not take this message for this address, however often it is sent. */
  | { ok: false; reason: 'rejected'; detail: string }

/** Sends one e-mail to one address. What it throws names no address. */
export type SendMail = (to: string, mail: RenderedMail) => Promise<MailSent>
