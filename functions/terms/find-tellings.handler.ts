import { SQSClient } from '@aws-sdk/client-sqs'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { scheduleHandler } from '../edge/schedule.ts'
import { createTellingStore } from './telling.store.ts'

const { DOCUMENTS_TABLE, TELLING_QUEUE_URL } = environment('DOCUMENTS_TABLE', 'TELLING_QUEUE_URL')
const tellings = createTellingStore({ client: documentClient(), documentsTable: DOCUMENTS_TABLE })
const queue = createMessageSender({ client: new SQSClient({}), queueUrl: TELLING_QUEUE_URL })

/** Each hour: the rounds that are due, and those that somebody left undone. */
export const handler = scheduleHandler(async (now) => {
  const due = await tellings.listDue(now)
  await queue.send(due.map(({ document, version, round }) => ({ document, version, round })))
  log.info('looked for terms to be told of', { due: due.length })
})
