// Stands in for Amazon SES (API v2): SendEmail with Simple content (text, HTML, headers, attachments) and Raw content, the check of the sender against verified
// identities, e-mail tags and configuration set (kept with the message). Messages go to a folder as raw MIME, never to the
// network, and can be listed, read and shown as pages. A message of a configuration set to the mailbox simulator's bounce, ooto
// and complaint comes back as an event. The suppression list is empty, as it stays where only the simulator bounces.
// Leaves out: templates, content ids of attachments, bulk sending, identities and their verification, events of other messages
// (delivery, bounce, complaint), which events a configuration set asks for, sending limits, the sandbox's check of recipients.
import { randomUUID } from 'node:crypto'
import type { Email } from 'postal-mime'
import { AwsError } from './aws-json.ts'
import { type Reply, readBody, startLoopbackServer } from './loopback-server.ts'
import { composeMessage, parseMessage } from './ses/compose-message.ts'
import { renderInbox, renderMessage } from './ses/inbox-pages.ts'
import { type MailEvent, simulatedEvents } from './ses/mail-events.ts'
import { type Mailbox, openMailbox } from './ses/mailbox.ts'
import type { MailboxMessage } from './ses/mailbox.types.ts'
import { checkSender, parseSendEmail, recipientsOf } from './ses/send-email-request.ts'

export type { MailboxMessage, MailEvent }

export type SesOptions = {
  /** The mailbox: one .eml per message and a .json with its envelope. */
  folder: string
  /** Domains (`example.com`, subdomains included) and addresses that may send; any other sender is rejected as SES does. */
  verifiedIdentities: readonly string[]
  /** 0 (the default) takes a free port. */
  port?: number
  region?: string
  /** Where the inbox pages are served, for the links between them; `/inbox` unless told otherwise. */
  inboxPath?: string
  /** Gets what becomes of messages, one event for each recipient that the simulator answers for. */
  onMailEvent?: (event: MailEvent) => void
}

export type Ses = {
  url: string
  close(): Promise<void>
  /** From now on gets what becomes of messages, in place of who got it before. */
  onMailEvent(listener: (event: MailEvent) => void): void
  /** Newest first. */
  list(): MailboxMessage[]
  /** Undefined when there is no such message. */
  read(id: string): Promise<{ message: MailboxMessage; email: Email; raw: string } | undefined>
  /** A whole HTML page: the list of messages, each linking to `<inboxPath>/<id>`. */
  inboxPage(): string
  /** A whole HTML page; undefined when there is no such message. */
  messagePage(id: string): Promise<string | undefined>
}

/** SES takes messages of up to 40 MB; in a request, base64 makes a third more of them. */
const longestRequestBytes = 56 * 1024 * 1024

/** Serves SendEmail on loopback; a message is on disk before its sender has the answer. */
export async function startSes(options: SesOptions): Promise<Ses> {
  const mailbox = openMailbox(options.folder)
  const inboxPath = options.inboxPath ?? '/inbox'
  let listener = options.onMailEvent
  const send = sendInto(mailbox, options, (event) => listener?.(event))
  const server = await startLoopbackServer(options.port ?? 0, async (request) => {
    try {
      if (request.method === 'DELETE' && request.url?.startsWith('/v2/email/suppression/addresses/')) {
        const address = decodeURIComponent(request.url.split('/').at(-1)!)
        const message = `Email address ${address} does not exist on your suppression list.`
        throw new AwsError('NotFoundException', message, { status: 404 })
      }
      if (request.method !== 'POST' || request.url !== '/v2/email/outbound-emails') {
        throw new AwsError('NotFoundException', `No operation ${request.method} ${request.url} here.`, {
          status: 404,
        })
      }
      const body = await readBody(request, longestRequestBytes)
      if (body === undefined) throw new AwsError('BadRequestException', 'The message is too long.')
      return reply(200, {}, { MessageId: await send(body) })
    } catch (error) {
      const known =
        error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), { status: 500 })
      return reply(known.status, { 'x-amzn-errortype': known.code }, { message: known.message })
    }
  })
  const read = async (id: string) => {
    const found = mailbox.find(id)
    return (
      found && {
        message: found.message,
        email: await parseMessage(found.raw),
        raw: found.raw.toString('utf8'),
      }
    )
  }
  return {
    url: server.url,
    close: server.close,
    onMailEvent: (next) => {
      listener = next
    },
    list: () => mailbox.list(),
    read,
    inboxPage: () => renderInbox(mailbox.list(), inboxPath),
    messagePage: async (id) => {
      const found = await read(id)
      return found && renderMessage(found.message, found.email, inboxPath)
    },
  }
}

function sendInto(
  mailbox: Mailbox,
  options: SesOptions,
  tell: (event: MailEvent) => void,
): (body: Buffer) => Promise<string> {
  const region = options.region ?? 'us-east-1'
  const nextId = messageIds(mailbox.list()[0]?.id)
  return async (body) => {
    const request = parseSendEmail(body)
    const at = new Date()
    const id = nextId(at)
    const { raw, email } = await composeMessage(request, id, at)
    const from = request.FromEmailAddress ?? email.from?.address ?? ''
    checkSender(from, options.verifiedIdentities, region)
    const isEnvelopeGiven = Object.values(recipientsOf(request)).some((list) => list.length > 0)
    const recipients = isEnvelopeGiven ? recipientsOf(request) : headerRecipients(email)
    if (Object.values(recipients).every((list) => list.length === 0)) {
      throw new AwsError('BadRequestException', 'At least one recipient is required.')
    }
    const tags = Object.fromEntries((request.EmailTags ?? []).map(({ Name, Value }) => [Name, Value]))
    const configurationSetName = request.ConfigurationSetName
    const subject = email.subject ?? ''
    mailbox.save({ id, at: at.toISOString(), from, ...recipients, subject, tags, configurationSetName }, raw)
    const saved = mailbox.find(id)!.message
    if (configurationSetName !== undefined) for (const event of simulatedEvents(saved, region)) tell(event)
    return id
  }
}

function headerRecipients(email: Email): { to: string[]; cc: string[]; bcc: string[] } {
  const bare = (list: Email['to']) =>
    (list ?? []).flatMap((one) => (one.group ? one.group.map((member) => member.address) : [one.address]))
  return { to: bare(email.to), cc: bare(email.cc), bcc: bare(email.bcc) }
}

/** Ids like those of SES: they begin with the time in hexadecimal. They always rise, so that they tell the order of the messages. */
function messageIds(last: string | undefined): (at: Date) => string {
  let lastStamp = last === undefined ? 0 : Number.parseInt(last.slice(0, 16), 16)
  return (at) => {
    lastStamp = Math.max(at.getTime(), lastStamp + 1)
    return `${lastStamp.toString(16).padStart(16, '0')}-${randomUUID()}-000000`
  }
}

function reply(status: number, headers: Record<string, string>, body: object): Reply {
  const all = { 'content-type': 'application/json', 'x-amzn-requestid': randomUUID(), ...headers }
  return { status, headers: all, body: JSON.stringify(body) }
}
