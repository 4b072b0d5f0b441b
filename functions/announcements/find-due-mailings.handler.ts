import { SQSClient } from '@aws-sdk/client-sqs'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { scheduleHandler } from '../edge/schedule.ts'
import { createMailingStore } from './mailing.store.ts'
import { delaySecondsUntil, isAtWork, LOOK_AHEAD_MILLISECONDS } from './mailing.ts'

const { DOCUMENTS_TABLE, MAILING_QUEUE_URL } = environment('DOCUMENTS_TABLE', 'MAILING_QUEUE_URL')
const mailings = createMailingStore({
  client: documentClient(),
  documentsTable: DOCUMENTS_TABLE,
  pageSize: 1,
})
const queue = createMessageSender({ client: new SQSClient({}), queueUrl: MAILING_QUEUE_URL })

/** What is due within the hour, or was and is not over: each waits in the queue until it is due. */
export const handler = scheduleHandler(async (now) => {
  const upTo = new Date(now.getTime() + LOOK_AHEAD_MILLISECONDS).toISOString()
  const [due, toConfirm] = await Promise.all([mailings.listDue(upTo), mailings.listToConfirm()])
  for (const mailing of due.filter((one) => !isAtWork(one, now))) {
    const { announcementId, name, dueAt } = mailing
    await queue.send([{ announcementId, mailing: name }], delaySecondsUntil(dueAt, now))
  }
  await queue.send(toConfirm.map(({ announcementId, personId }) => ({ announcementId, signedUp: personId })))
  log.info('looked for e-mails that are due', { due: due.length, toConfirm: toConfirm.length })
})
