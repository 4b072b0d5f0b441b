import { SQSClient } from '@aws-sdk/client-sqs'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { createMessageSender } from '../edge/message-sender.client.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { scanMessageSchema } from './run-messages.ts'
import { createClosingScan } from './scan-run.store.ts'

const { LEDGER_TABLE, DOCUMENTS_TABLE, SCAN_QUEUE_URL } = environment(
  'LEDGER_TABLE',
  'DOCUMENTS_TABLE',
  'SCAN_QUEUE_URL',
)
const scanning = createClosingScan({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  documentsTable: DOCUMENTS_TABLE,
})
const queue = createMessageSender({ client: new SQSClient({}), queueUrl: SCAN_QUEUE_URL })

/** Well within the function's own time: a page of accounts comes on top. */
const WORK_MILLISECONDS = 240_000

export const handler = queueHandler({
  schema: scanMessageSchema,
  run: eachMessage(async ({ period }) => {
    const begunAt = performance.now()
    const isTimeLeft = () => performance.now() - begunAt < WORK_MILLISECONDS
    const scanned = await scanning.work(period, { now: () => new Date(), isTimeLeft })
    if (scanned.result === 'unfinished') await queue.send([{ period }])
    if (scanned.result !== 'done') return
    const { accountCount, counts, findingCount, findings } = scanned.scan
    log.info('run looked over', { period, accountCount, counts, findingCount })
    // The message is what the alarm counts.
    if (findingCount > 0) log.error('run does not close', { period, findingCount, findings })
  }),
})
