import { SQSClient } from '@aws-sdk/client-sqs'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { eachMessage, queueHandler } from '../edge/queue.ts'
import { createProofQueue, proofMessageSchema } from './proof-queue.client.ts'
import { createProving } from './prove-account.store.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE, PROOF_QUEUE_URL } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
  'PROOF_QUEUE_URL',
)
const proving = createProving({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  waitingTable: WAITING_TABLE,
  documentsTable: DOCUMENTS_TABLE,
})
const queue = createProofQueue({ client: new SQSClient({}), queueUrl: PROOF_QUEUE_URL })

const MOST_ENTRIES_PER_MESSAGE = 2000

export const handler = queueHandler({
  schema: proofMessageSchema,
  run: eachMessage(async ({ accountIds }) => {
    const failures: unknown[] = []
    for (const accountId of accountIds) await proveOne(accountId).catch((error) => failures.push(error))
    // Those that were proven have nothing to do when the message comes again.
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} accounts could not be proven`)
  }),
})

async function proveOne(accountId: string): Promise<void> {
  const now = new Date().toISOString()
  const outcome = await proving.prove({
    ...{ accountId, now, actor: 'machine:nightly-proof', mostEntries: MOST_ENTRIES_PER_MESSAGE },
  })
  if (!outcome) return void log.error('account has no HEAD', { accountId })
  if (outcome.result === 'incomplete' && outcome.isKept) await queue.send([accountId])
  if (outcome.result !== 'mismatch') return
  const { faults, isNews } = outcome
  // The message is what the alarm counts.
  if (isNews) log.error('account does not prove', { accountId, faults })
  else log.warn('account does still not prove', { accountId, faults })
}
