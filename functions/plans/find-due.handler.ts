import { SQSClient } from '@aws-sdk/client-sqs'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { scheduleHandler } from '../edge/schedule.ts'
import { createAnnouncementStore } from '../price-changes/announcement.store.ts'
import { messagesOfPending } from '../price-changes/queue-announcements.ts'
import { createFanOut } from '../runs/fan-out.store.ts'
import { createRunWatch } from '../runs/watch-runs.store.ts'
import { createAccountQueue } from './account-queue.client.ts'
import { createDueStore } from './due.store.ts'
import { findDue } from './find-due.ts'

const {
  DOCUMENTS_TABLE,
  CHARGE_QUEUE_URL,
  WARNING_QUEUE_URL,
  EXPIRY_QUEUE_URL,
  SEGMENT_QUEUE_URL,
  SCAN_QUEUE_URL,
  ANNOUNCEMENT_QUEUE_URL,
} = environment(
  'DOCUMENTS_TABLE',
  'CHARGE_QUEUE_URL',
  'WARNING_QUEUE_URL',
  'EXPIRY_QUEUE_URL',
  'SEGMENT_QUEUE_URL',
  'SCAN_QUEUE_URL',
  'ANNOUNCEMENT_QUEUE_URL',
)
const options = { client: documentClient(), documentsTable: DOCUMENTS_TABLE }
const due = createDueStore(options)
const sqs = new SQSClient({})
const { send: sendSegments } = createMessageSender({ client: sqs, queueUrl: SEGMENT_QUEUE_URL })
const { send: sendScans } = createMessageSender({ client: sqs, queueUrl: SCAN_QUEUE_URL })
const runs = createFanOut({ ...options, send: sendSegments })
const runWatch = createRunWatch({ ...options, sendSegments, sendScans })
const announcements = createAnnouncementStore(options)
const announcing = createMessageSender({ client: sqs, queueUrl: ANNOUNCEMENT_QUEUE_URL })
const chargeQueue = createAccountQueue({ client: sqs, queueUrl: CHARGE_QUEUE_URL })
const targets = {
  charge: chargeQueue,
  grace: chargeQueue,
  // What a charge leaves behind is what is set aside for the next.
  ring_fence: chargeQueue,
  warning: createAccountQueue({ client: sqs, queueUrl: WARNING_QUEUE_URL }),
  expiry: createAccountQueue({ client: sqs, queueUrl: EXPIRY_QUEUE_URL }),
}

export const handler = scheduleHandler(async (now) => {
  const counts = await findDue(due, targets, runs, now.toISOString())
  log.info('looked for what is due', { counts })
  // Behind it: a run is over when nobody is due who has no segment.
  await runWatch.watch(now)
  await announcing.send(messagesOfPending(await announcements.listPending()))
})
