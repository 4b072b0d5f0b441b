import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BadRequestException,
  MessageRejected,
  SESv2Client,
  SendEmailCommand,
  type SendEmailCommandInput,
} from '@aws-sdk/client-sesv2'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Ses, startSes } from '../../local/ses.ts'

let folder: string
let ses: Ses
let client: SESv2Client

async function start(): Promise<void> {
  ses = await startSes({ folder, verifiedIdentities: ['example.com', 'one@example.org'] })
  client = new SESv2Client({
    endpoint: ses.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  })
}

const simple = (shape: Partial<SendEmailCommandInput> = {}): SendEmailCommandInput => ({
  FromEmailAddress: 'Drawdown <billing@mail.example.com>',
  Destination: { ToAddresses: ['client@example.net'], BccAddresses: ['archive@example.com'] },
  Content: {
    Simple: {
      Subject: { Data: 'Ihr Guthaben reicht nicht – 5 €', Charset: 'UTF-8' },
      Body: {
        Text: { Data: 'Fällig: 5 €' },
        Html: { Data: '<p onclick="x()">Fällig: 5 €</p><script>x()</script>' },
      },
      Headers: [{ Name: 'X-Notice', Value: 'warning' }],
    },
  },
  EmailTags: [{ Name: 'notice', Value: 'plan-warning' }],
  ConfigurationSetName: 'drawdown',
  ...shape,
})

const send = (input: SendEmailCommandInput) => client.send(new SendEmailCommand(input))

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drawdown-ses-'))
  await start()
})

afterEach(async () => {
  client.destroy()
  await ses.close()
  rmSync(folder, { recursive: true })
})

describe('SendEmail', () => {
  test('saves Simple content as raw MIME that reads back the same', async () => {
    const { MessageId } = await send(simple())
    const read = await ses.read(MessageId!)
    expect(read?.email).toMatchObject({
      subject: 'Ihr Guthaben reicht nicht – 5 €',
      from: { name: 'Drawdown', address: 'billing@mail.example.com' },
      to: [{ address: 'client@example.net' }],
      text: 'Fällig: 5 €\n',
    })
    expect(read?.email.html).toContain('Fällig: 5 €')
    expect(read?.email.bcc).toBeUndefined()
    expect(read?.message).toMatchObject({
      to: ['client@example.net'],
      bcc: ['archive@example.com'],
      tags: { notice: 'plan-warning' },
      configurationSetName: 'drawdown',
    })
    expect(read?.raw).toMatch(/^Subject: =\?UTF-8\?/im)
    expect(read?.raw).toMatch(/^Content-Type: multipart\/alternative/im)
    expect(read?.raw).toMatch(/^X-Notice: warning/im)
    expect(read?.raw).toMatch(/^\p{ASCII}*$/u)
    expect(readdirSync(folder)).toContain(read?.message.fileName)
  })

  test('takes Raw content as it is, with the recipients of its headers', async () => {
    const raw =
      'From: billing@example.com\r\nTo: A <a@example.net>, b@example.net\r\nSubject: Raw\r\n\r\nHello\r\n'
    const { MessageId } = await send({ Content: { Raw: { Data: Buffer.from(raw) } } })
    const read = await ses.read(MessageId!)
    expect(read?.raw.endsWith(raw)).toBe(true)
    expect(read?.raw).toMatch(/^Message-ID: </m)
    expect(read?.message).toMatchObject({
      from: 'billing@example.com',
      to: ['a@example.net', 'b@example.net'],
      subject: 'Raw',
    })
  })

  test('rejects a sender that is not verified', async () => {
    await send(simple({ FromEmailAddress: 'one@example.org' }))
    for (const from of [
      'two@example.org',
      'a@notexample.com',
      'a@example.com.evil.test',
      '"a@example.com" <x@evil.test>',
    ]) {
      await expect(send(simple({ FromEmailAddress: from }))).rejects.toBeInstanceOf(MessageRejected)
    }
    const raw = Buffer.from('From: x@evil.test\r\nTo: a@example.net\r\n\r\nHello')
    await expect(send({ Content: { Raw: { Data: raw } } })).rejects.toThrow(/not verified/)
    expect(ses.list()).toHaveLength(1)
  })

  test('refuses a message without recipient, without body, with too many or malformed recipients', async () => {
    const Subject = { Data: 'x' }
    const wrong: Partial<SendEmailCommandInput>[] = [
      { Destination: {} },
      { Destination: { ToAddresses: ['nobody'] } },
      { Destination: { ToAddresses: Array.from({ length: 51 }, (_, index) => `a${index}@example.net`) } },
      { Content: { Simple: { Subject, Body: {} } } },
      { Content: { Template: { TemplateName: 't' } } },
      { FromEmailAddress: undefined },
    ]
    for (const shape of wrong) await expect(send(simple(shape))).rejects.toBeInstanceOf(BadRequestException)
    expect(ses.list()).toEqual([])
  })

  test('keeps a header to its own line whatever it holds', async () => {
    const input = simple()
    input.Content!.Simple!.Subject!.Data = 'x\r\nBcc: evil@example.net'
    const { MessageId } = await send(input)
    expect((await ses.read(MessageId!))?.email.bcc).toBeUndefined()
  })
})

describe('the mailbox', () => {
  test('lists newest first, also after a restart, and ignores a half-written message', async () => {
    const ids: (string | undefined)[] = []
    for (let index = 0; index < 3; index++) ids.unshift((await send(simple())).MessageId)
    expect(ses.list().map((message) => message.id)).toEqual(ids)
    await ses.close()
    writeFileSync(join(folder, '2026-12-01T00-00-00-000Z-half.eml'), 'From:')
    writeFileSync(join(folder, '.half.json.unfinished'), '{"id":')
    await start()
    expect(ses.list().map((message) => message.id)).toEqual(ids)
    expect(await ses.read('none')).toBeUndefined()
  })

  test('shows its pages with all text escaped and the HTML part in a frame without scripts', async () => {
    const input = simple()
    input.Content!.Simple!.Subject!.Data = '<img src=x onerror=alert(1)>'
    input.Content!.Simple!.Body!.Text!.Data = '</pre><script>alert(1)</script>'
    const { MessageId } = await send(input)
    const inbox = ses.inboxPage()
    expect(inbox).toContain(`href="/inbox/${MessageId}"`)
    expect(inbox).toContain('&lt;img src=x')
    const page = await ses.messagePage(MessageId!)
    for (const html of [inbox, page]) expect(html).not.toMatch(/<script|<img/)
    expect(page).toMatch(
      /<iframe [^>]*sandbox="allow-popups allow-popups-to-escape-sandbox"[^>]*srcdoc="[^"]*&lt;p onclick/,
    )
    expect(page).toContain('plan-warning')
    expect(await ses.messagePage('none')).toBeUndefined()
  })
})
