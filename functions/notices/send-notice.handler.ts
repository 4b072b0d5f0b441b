import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { deliveredEventSchema } from '../events/event.ts'
import { createMail, mailClient } from './mail.client.ts'
import { isNoticeEvent } from './notice.ts'
import { createNoticeSending } from './send-notice.store.ts'

const {
  LEDGER_TABLE,
  DOCUMENTS_TABLE,
  SENDER_ADDRESS,
  MAIL_CONFIGURATION_SET,
  PORTAL_URL,
  PACED_MAIL_MILLISECONDS,
} = environment(
  'LEDGER_TABLE',
  'DOCUMENTS_TABLE',
  'SENDER_ADDRESS',
  'MAIL_CONFIGURATION_SET',
  'PORTAL_URL',
  'PACED_MAIL_MILLISECONDS',
)
const notices = createNoticeSending({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  documentsTable: DOCUMENTS_TABLE,
  portalUrl: PORTAL_URL,
  pacedMilliseconds: Number(PACED_MAIL_MILLISECONDS),
  sendMail: createMail({
    client: mailClient(),
    senderAddress: SENDER_ADDRESS,
    configurationSet: MAIL_CONFIGURATION_SET,
  }),
})

export const handler = queueHandler({
  schema: deliveredEventSchema,
  run: eachMessage(async (event) => {
    if (!isNoticeEvent(event)) throw new Error(`nobody is told of ${event.detailType} by e-mail`)
    const counts = await notices.send(event, new Date())
    log.info('notice', { noticeId: event.detail.id, counts })
  }),
})
