import { SQSClient } from '@aws-sdk/client-sqs'
import { createAccountStore } from '../accounts/account.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { bind, httpHandler } from '../edge/http.ts'
import { answerUsage } from './answer-usage.ts'
import { packUsage } from './pack-usage.ts'
import { listEvents, readUsage } from './take-usage.ts'
import { EVENT_BATCH, takeUsage } from './usage.api.ts'
import { createUsageQueue } from './usage-queue.client.ts'

const { DOCUMENTS_TABLE, USAGE_QUEUE_URL } = environment('DOCUMENTS_TABLE', 'USAGE_QUEUE_URL')
const accounts = createAccountStore({ client: documentClient(), documentsTable: DOCUMENTS_TABLE })
const queue = createUsageQueue({ client: new SQSClient({}), queueUrl: USAGE_QUEUE_URL })

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
    const taken = await readUsage(listEvents(body, isBatch), new Date(), findUnknown)
    return answerUsage(taken, isBatch, () => queue.send(packUsage(taken.accepted)))
  }),
)
