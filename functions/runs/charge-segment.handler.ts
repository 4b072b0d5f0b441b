import { SQSClient } from '@aws-sdk/client-sqs'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { createMonthlyCharging } from '../plans/charge-month.store.ts'
import { createSegmentCharging } from './charge-segment.store.ts'
import { segmentMessageSchema } from './run-messages.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE, SEGMENT_QUEUE_URL, PLAN_GRACE_DAYS } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
  'SEGMENT_QUEUE_URL',
  'PLAN_GRACE_DAYS',
)
const options = {
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  waitingTable: WAITING_TABLE,
  documentsTable: DOCUMENTS_TABLE,
}
const queue = createMessageSender({ client: new SQSClient({}), queueUrl: SEGMENT_QUEUE_URL })

/** Well within the function's own time: a checkpoint's accounts, or those that are tried again, come on top. */
const WORK_MILLISECONDS = 180_000

export const handler = queueHandler({
  schema: segmentMessageSchema,
  run: eachMessage(async (place) => {
    const begunAt = performance.now()
    // Anew for each message: what it remembers is as old as that.
    const charging = createMonthlyCharging({
      ...options,
      ...{ graceDays: Number(PLAN_GRACE_DAYS), readsTermsOnce: true },
    })
    const segments = createSegmentCharging({ ...options, charging })
    const isTimeLeft = () => performance.now() - begunAt < WORK_MILLISECONDS
    const result = await segments.work(place, { now: () => new Date(), isTimeLeft })
    // Should this be the last thing that is not done, the message of now comes again.
    if (result === 'unfinished') await queue.send([place])
    log.info('segment worked on', { ...place, result })
  }),
})
