import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { SQSClient } from '@aws-sdk/client-sqs'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { scheduleHandler } from '../edge/schedule.ts'
import { createBus } from '../events/bus.client.ts'
import { createRetentionRuns } from './retention-run.store.ts'
import { createTending } from './tend-requests.store.ts'

const { DOCUMENTS_TABLE, EVENT_BUS, PRIVACY_QUEUE_URL } = environment(
  'DOCUMENTS_TABLE',
  'EVENT_BUS',
  'PRIVACY_QUEUE_URL',
)
const documents = { client: documentClient(), documentsTable: DOCUMENTS_TABLE }
const bus = createBus({ client: new EventBridgeClient({}), busName: EVENT_BUS })
const queue = createMessageSender({ client: new SQSClient({}), queueUrl: PRIVACY_QUEUE_URL })
const tending = createTending({ ...documents, put: bus.put, send: queue.send })
const runs = createRetentionRuns(documents)

export const handler = scheduleHandler(async (now) => {
  const tended = await tending.tendAll(now)
  const day = now.toISOString().slice(0, 10)
  // Each hour until it is done: who died within it is followed.
  if (!(await runs.read(day)).isDone) await queue.send([{ retentionDay: day }])
  log.info('privacy requests were looked after', { ...tended })
})
