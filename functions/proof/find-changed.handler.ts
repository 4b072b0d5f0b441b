import { SQSClient } from '@aws-sdk/client-sqs'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { scheduleHandler } from '../edge/schedule.ts'
import { createFindChanged } from './find-changed.store.ts'
import { createProofQueue } from './proof-queue.client.ts'

const { LEDGER_TABLE, DOCUMENTS_TABLE, PROOF_QUEUE_URL } = environment(
  'LEDGER_TABLE',
  'DOCUMENTS_TABLE',
  'PROOF_QUEUE_URL',
)
const changed = createFindChanged({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  documentsTable: DOCUMENTS_TABLE,
})
const queue = createProofQueue({ client: new SQSClient({}), queueUrl: PROOF_QUEUE_URL })

export const handler = scheduleHandler(async (now) => {
  const counts = { lookedAt: 0, queued: 0 }
  for await (const { lookedAt, due, leftHolds } of changed.list(now.toISOString())) {
    await queue.send(due)
    for (const hold of leftHolds) log.error('hold is left past its expiry', hold)
    counts.lookedAt += lookedAt
    counts.queued += due.length
  }
  log.info('looked for accounts to prove', { counts })
})
