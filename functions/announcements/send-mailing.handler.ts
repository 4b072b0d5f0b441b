import { SQSClient } from '@aws-sdk/client-sqs'
import { readWithdrawalKey } from '../consents/withdrawal-key.client.ts'
import { withdrawalLink, writeWithdrawalToken } from '../consents/withdrawal-token.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { sleep } from '../edge/retry-delay.ts'
import { createMail, mailClient } from '../notices/mail.client.ts'
import { mailingMessageSchema } from './mailing.ts'
import { createMailingSending } from './send-mailing.store.ts'

/** Five e-mails a second at most, and two workers: SES’s rate is for what people must know as well. */
const PAUSE_MILLISECONDS = 200

const names = environment(
  'LEDGER_TABLE',
  'DOCUMENTS_TABLE',
  'SENDER_ADDRESS',
  'MAIL_CONFIGURATION_SET',
  'PORTAL_URL',
  'API_URL',
  'MAILING_QUEUE_URL',
  'WITHDRAWAL_KEY_SECRET',
)
const queue = createMessageSender({ client: new SQSClient({}), queueUrl: names.MAILING_QUEUE_URL })
const mailings = createMailingSending({
  client: documentClient(),
  ledgerTable: names.LEDGER_TABLE,
  documentsTable: names.DOCUMENTS_TABLE,
  portalUrl: names.PORTAL_URL,
  organizer: names.SENDER_ADDRESS,
  sendMail: createMail({
    client: mailClient(),
    senderAddress: names.SENDER_ADDRESS,
    configurationSet: names.MAIL_CONFIGURATION_SET,
  }),
  withdrawalLinkOf: async (withdrawal) => {
    const key = await readWithdrawalKey(names.WITHDRAWAL_KEY_SECRET)
    return withdrawalLink(names.API_URL, writeWithdrawalToken(key, withdrawal))
  },
  send: queue.send,
  pause: () => sleep(PAUSE_MILLISECONDS),
  clock: () => new Date(),
})

export const handler = queueHandler({
  schema: mailingMessageSchema,
  run: eachMessage(async (message) => {
    const counts = await mailings.run(message)
    log.info('mailing', { announcementId: message.announcementId, counts })
  }),
})
