import { SQSClient } from '@aws-sdk/client-sqs'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { scheduleHandler } from '../edge/schedule.ts'
import { createAccountQueue } from './account-queue.client.ts'
import { createDueStore } from './due.store.ts'
import { findDue } from './find-due.ts'

const { DOCUMENTS_TABLE, CHARGE_QUEUE_URL, WARNING_QUEUE_URL, EXPIRY_QUEUE_URL } = environment(
  'DOCUMENTS_TABLE',
  'CHARGE_QUEUE_URL',
  'WARNING_QUEUE_URL',
  'EXPIRY_QUEUE_URL',
)
const due = createDueStore({ client: documentClient(), documentsTable: DOCUMENTS_TABLE })
const sqs = new SQSClient({})
const targets = {
  charge: createAccountQueue({ client: sqs, queueUrl: CHARGE_QUEUE_URL }),
  warning: createAccountQueue({ client: sqs, queueUrl: WARNING_QUEUE_URL }),
  expiry: createAccountQueue({ client: sqs, queueUrl: EXPIRY_QUEUE_URL }),
}

export const handler = scheduleHandler(async (now) => {
  const counts = await findDue(due, targets, now.toISOString())
  log.info('looked for what is due', { counts })
})
