import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { SQSClient } from '@aws-sdk/client-sqs'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { createBus } from '../events/bus.client.ts'
import { createTelling } from './tell-of-terms.store.ts'
import { tellingMessageSchema } from './telling.ts'

const { LEDGER_TABLE, DOCUMENTS_TABLE, EVENT_BUS, PORTAL_URL, TELLING_QUEUE_URL } = environment(
  'LEDGER_TABLE',
  'DOCUMENTS_TABLE',
  'EVENT_BUS',
  'PORTAL_URL',
  'TELLING_QUEUE_URL',
)
const bus = createBus({ client: new EventBridgeClient({}), busName: EVENT_BUS })
const queue = createMessageSender({ client: new SQSClient({}), queueUrl: TELLING_QUEUE_URL })
const telling = createTelling({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  documentsTable: DOCUMENTS_TABLE,
  portalUrl: PORTAL_URL,
  put: bus.put,
  send: queue.send,
})

export const handler = queueHandler({
  schema: tellingMessageSchema,
  run: eachMessage(async (message) => {
    if ('accountId' in message) {
      await telling.tell(message, message.accountId, new Date())
      return
    }
    const queued = await telling.queueRound(message)
    log.info('accounts queued to be told of terms', { ...message, queued })
  }),
})
