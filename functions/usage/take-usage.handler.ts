import { SQSClient } from '@aws-sdk/client-sqs'
import { createAccountStore } from '../accounts/account.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { createLedgerReader } from '../ledger/ledger-reader.store.ts'
import { answerUsage } from './answer-usage.ts'
import { createNumberJudge } from './judge-numbers.store.ts'
import { createNumberedStore } from './numbered.store.ts'
import { packUsage } from './pack-usage.ts'
import { listEvents, readUsage } from './take-usage.ts'
import { EVENT_BATCH, takeUsage } from './usage.api.ts'
import { createUsageStore } from './usage.store.ts'
import { createUsageQueue } from './usage-queue.client.ts'

const names = environment(
  'DOCUMENTS_TABLE',
  'LEDGER_TABLE',
  'USAGE_TABLE',
  'WAITING_TABLE',
  'USAGE_QUEUE_URL',
)
const client = documentClient()
const tables = {
  client,
  ledgerTable: names.LEDGER_TABLE,
  usageTable: names.USAGE_TABLE,
  waitingTable: names.WAITING_TABLE,
}
const accounts = createAccountStore({ client, documentsTable: names.DOCUMENTS_TABLE })
const ledger = createLedgerReader(tables)
const judge = createNumberJudge({
  ledger,
  numbered: createNumberedStore({ ...tables, ledger }),
  usage: createUsageStore(tables),
})
const queue = createUsageQueue({ client: new SQSClient({}), queueUrl: names.USAGE_QUEUE_URL })

/** An account that was there once stays; one that was not may be opened any moment. */
const knownAccounts = new Set<string>()

async function findUnknown(accountIds: string[]): Promise<string[]> {
  const newcomers = accountIds.filter((accountId) => !knownAccounts.has(accountId))
  for (const { accountId } of await accounts.readMany(newcomers)) knownAccounts.add(accountId)
  return newcomers.filter((accountId) => !knownAccounts.has(accountId))
}

export const handler = httpHandler(
  bind(takeUsage, async ({ body, contentType }) => {
    const isBatch = contentType === EVENT_BATCH
    const taken = await readUsage(listEvents(body, isBatch), new Date(), findUnknown, judge)
    return answerUsage(taken, isBatch, () => queue.send(packUsage(taken.accepted)))
  }),
)
