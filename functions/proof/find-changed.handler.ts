import { SQSClient } from '@aws-sdk/client-sqs'
import { createAccountStore } from '../accounts/account.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { scheduleHandler } from '../edge/schedule.ts'
import { createHoldStore } from '../holds/hold.store.ts'
import { createSettling } from '../holds/settle-hold.store.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { createFindChanged, type LeftHold } from './find-changed.store.ts'
import { createProofQueue } from './proof-queue.client.ts'

const { LEDGER_TABLE, WAITING_TABLE, DOCUMENTS_TABLE, PROOF_QUEUE_URL } = environment(
  'LEDGER_TABLE',
  'WAITING_TABLE',
  'DOCUMENTS_TABLE',
  'PROOF_QUEUE_URL',
)
const client = documentClient()
const documents = { client, documentsTable: DOCUMENTS_TABLE }
const changed = createFindChanged({ ...documents, ledgerTable: LEDGER_TABLE })
const settling = createSettling({
  ledger: createLedger({ client, ledgerTable: LEDGER_TABLE, waitingTable: WAITING_TABLE }),
  holds: createHoldStore(documents),
  accounts: createAccountStore(documents),
})
const queue = createProofQueue({ client: new SQSClient({}), queueUrl: PROOF_QUEUE_URL })

export const handler = scheduleHandler(async (now) => {
  const counts = { lookedAt: 0, queued: 0 }
  for await (const { lookedAt, due, leftHolds } of changed.list(now.toISOString())) {
    await queue.send(due)
    for (const hold of leftHolds) await endLeft(hold, now)
    counts.lookedAt += lookedAt
    counts.queued += due.length
  }
  log.info('looked for accounts to prove', { counts })
})

/** Says that a timer has failed, and does what it should have done. What cannot be ended stops nothing else. */
async function endLeft(hold: LeftHold, now: Date): Promise<void> {
  log.error('hold is left past its expiry', hold)
  const { accountId } = hold
  try {
    log.info('ended holds that were left', { accountId, count: await settling.settleExpired(accountId, now) })
  } catch (error) {
    log.error('holds that were left could not be ended', { accountId, error: error as Error })
  }
}
