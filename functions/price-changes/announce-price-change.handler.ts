import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { SQSClient } from '@aws-sdk/client-sqs'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { createBus } from '../events/bus.client.ts'
import { createAnnouncing } from './announce-price-change.store.ts'
import { announcementMessageSchema } from './announcement.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE, EVENT_BUS, PORTAL_URL, ANNOUNCEMENT_QUEUE_URL } =
  environment(
    'LEDGER_TABLE',
    'WAITING_TABLE',
    'DOCUMENTS_TABLE',
    'EVENT_BUS',
    'PORTAL_URL',
    'ANNOUNCEMENT_QUEUE_URL',
  )
const bus = createBus({ client: new EventBridgeClient({}), busName: EVENT_BUS })
const queue = createMessageSender({ client: new SQSClient({}), queueUrl: ANNOUNCEMENT_QUEUE_URL })
const announcing = createAnnouncing({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  waitingTable: WAITING_TABLE,
  documentsTable: DOCUMENTS_TABLE,
  portalUrl: PORTAL_URL,
  put: bus.put,
  send: queue.send,
})

export const handler = queueHandler({
  schema: announcementMessageSchema,
  run: eachMessage(async (message) => {
    const { planId, version } = message
    if ('accountId' in message) {
      await announcing.tell(planId, version, message.accountId, new Date())
      return
    }
    const { shard } = message
    const queued = await announcing.queueShard(planId, version, shard)
    log.info('clients queued to be told of a price change', { planId, version, shard, queued })
  }),
})
