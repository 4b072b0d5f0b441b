import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeleteSuppressedDestinationCommand, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { mailEventSchema, notesOf } from '../../functions/notices/address-status.ts'
import { type MailEvent, type Ses, startSes } from '../../local/ses.ts'

const folder = mkdtempSync(join(tmpdir(), 'drawdown-ses-events-'))
const events: MailEvent[] = []
let ses: Ses
let client: SESv2Client

beforeAll(async () => {
  ses = await startSes({
    folder,
    verifiedIdentities: ['example.com'],
    onMailEvent: (event) => events.push(event),
  })
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }
  client = new SESv2Client({ endpoint: ses.url, region: 'us-east-1', credentials })
})
afterAll(async () => {
  await ses.close()
  rmSync(folder, { recursive: true })
})

async function tellOf(to: string, ConfigurationSetName: string | undefined = 'set') {
  events.length = 0
  await client.send(
    new SendEmailCommand({
      FromEmailAddress: 'billing@example.com',
      Destination: { ToAddresses: [to] },
      ConfigurationSetName,
      Content: { Simple: { Subject: { Data: 'x' }, Body: { Text: { Data: 'x' } } } },
    }),
  )
  return events.map(({ detailType, detail }) => [
    detailType,
    notesOf(mailEventSchema.parse({ source: 'aws.ses', detail })),
  ])
}

it('tells of mail to the simulator what SES tells, as the house reads it', async () => {
  const noted = (address: string, state: string) => [
    { address, status: { state, at: expect.any(String) }, sentAt: expect.any(String) },
  ]
  expect(await tellOf('Bounce+One@simulator.amazonses.com')).toEqual([
    ['Email Bounced', noted('bounce+one@simulator.amazonses.com', 'bounced')],
  ])
  expect(await tellOf('complaint@simulator.amazonses.com')).toEqual([
    ['Email Complaint Received', noted('complaint@simulator.amazonses.com', 'complained')],
  ])
  expect(await tellOf('ooto@simulator.amazonses.com')).toEqual([['Email Bounced', []]])
  expect(await tellOf('success@simulator.amazonses.com')).toEqual([])
  expect(await tellOf('bounce@example.com')).toEqual([])
})

it('reads an address that comes with a name', () => {
  const detail = {
    eventType: 'Bounce',
    mail: { timestamp: '2026-11-23T12:00:00.123Z', messageId: 'm' },
    bounce: {
      ...{ bounceType: 'Permanent', timestamp: '2026-11-23T12:00:01Z' },
      bouncedRecipients: [{ emailAddress: '"An Owner" <Owner@Example.com>' }],
    },
  }
  expect(notesOf(mailEventSchema.parse({ source: 'aws.ses', detail }))).toEqual([
    {
      address: 'owner@example.com',
      status: { state: 'bounced', at: '2026-11-23T12:00:01.000Z' },
      sentAt: '2026-11-23T12:00:00.123Z',
    },
  ])
})

it('says of the suppression list that an address is not on it', async () => {
  const command = new DeleteSuppressedDestinationCommand({ EmailAddress: 'bounce@simulator.amazonses.com' })
  await expect(client.send(command)).rejects.toMatchObject({ name: 'NotFoundException' })
})
