import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { S3Client } from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { createBus } from '../events/bus.client.ts'
import { stripeProvider } from '../top-up/stripe-provider.client.ts'
import { createRetention } from './apply-retention.store.ts'
import { createExportsBucket } from './exports-bucket.client.ts'
import { privacyMessageSchema } from './privacy-message.ts'
import { RETENTION_DAYS } from './retention.ts'
import { createPrivacyWork } from './work-on-request.store.ts'

const names = environment(
  'LEDGER_TABLE',
  'USAGE_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
  'PAYMENTS_TABLE',
  'EXPORTS_BUCKET',
  'EVENT_BUS',
  'PRIVACY_QUEUE_URL',
  'STRIPE_SECRET_NAME',
  'STRIPE_API_URL',
  'PORTAL_URL',
  'USAGE_DETAIL_DAYS',
)

/** Well within the function's own time, a long step included. */
const WORK_MILLISECONDS = 180_000

const tables = {
  client: documentClient(),
  ledgerTable: names.LEDGER_TABLE,
  usageTable: names.USAGE_TABLE,
  waitingTable: names.WAITING_TABLE,
  documentsTable: names.DOCUMENTS_TABLE,
  paymentsTable: names.PAYMENTS_TABLE,
}
const days = { ...RETENTION_DAYS, usage: Number(names.USAGE_DETAIL_DAYS) }
const bus = createBus({ client: new EventBridgeClient({}), busName: names.EVENT_BUS })
const queue = createMessageSender({ client: new SQSClient({}), queueUrl: names.PRIVACY_QUEUE_URL })
const work = createPrivacyWork({
  ...tables,
  exports: createExportsBucket({ client: new S3Client({}), bucket: names.EXPORTS_BUCKET }),
  provider: stripeProvider(names.STRIPE_SECRET_NAME, names.STRIPE_API_URL),
  put: bus.put,
  portalUrl: names.PORTAL_URL,
  days,
})
const retention = createRetention({ ...tables, days })

export const handler = queueHandler({
  schema: privacyMessageSchema,
  run: eachMessage(async (message) => {
    const until = Date.now() + WORK_MILLISECONDS
    const isTime = () => Date.now() > until
    if ('retentionDay' in message) return applyRetention(message.retentionDay, isTime)
    const { accountId, requestId } = message
    const outcome = await work.work(accountId, requestId, () => new Date(), isTime)
    log.info('privacy request', { accountId, requestId, outcome })
    if (outcome === 'more') await queue.send([message])
  }),
})

async function applyRetention(day: string, isTime: () => boolean): Promise<void> {
  let hasMore = true
  while (hasMore && !isTime()) hasMore = await retention.runPage(day, new Date())
  if (hasMore) await queue.send([{ retentionDay: day }])
}
