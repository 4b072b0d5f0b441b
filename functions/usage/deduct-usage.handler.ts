import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import { S3Client } from '@aws-sdk/client-s3'
import { createAccountStore } from '../accounts/account.store.ts'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { log } from '../edge/log.ts'
import { queueHandler } from '../edge/queue.ts'
import { createHoldStore } from '../holds/hold.store.ts'
import { createSessionRecords } from '../holds/session-record.store.ts'
import { createSettling } from '../holds/settle-hold.store.ts'
import { createLedger } from '../ledger/ledger.store.ts'
import { createRatingStore } from '../prices/rating.store.ts'
import { createUsageTerms } from '../terms/usage-terms.store.ts'
import { deductMessages } from './deduct-messages.ts'
import { createUsageDeduction } from './deduct-usage.store.ts'
import { createNumberedStore } from './numbered.store.ts'
import { usageMessageSchema } from './pack-usage.ts'

const names = environment('LEDGER_TABLE', 'WAITING_TABLE', 'USAGE_TABLE', 'DOCUMENTS_TABLE', 'FILES_BUCKET')
const client = documentClient()
const metrics = new Metrics({ namespace: 'Drawdown' })
const tables = {
  client,
  ledgerTable: names.LEDGER_TABLE,
  waitingTable: names.WAITING_TABLE,
  usageTable: names.USAGE_TABLE,
}
const ledger = createLedger(tables)
const holds = createHoldStore({ client, documentsTable: names.DOCUMENTS_TABLE })
const accounts = createAccountStore({ client, documentsTable: names.DOCUMENTS_TABLE })
const usage = createUsageDeduction({
  ledger,
  numbered: createNumberedStore({ ...tables, ledger }),
  sessions: createSessionRecords(holds),
  settling: createSettling({ ledger, holds, accounts }),
  accounts,
  terms: createUsageTerms({ client, documentsTable: names.DOCUMENTS_TABLE }),
  prices: createRatingStore({
    client,
    documentsTable: names.DOCUMENTS_TABLE,
    files: new S3Client({}),
    filesBucket: names.FILES_BUCKET,
  }),
})

export const handler = queueHandler({
  schema: usageMessageSchema,
  run: async (messages) => {
    const { deduct } = usage.begin(new Date().toISOString())
    const outcome = await deductMessages(messages, deduct)
    for (const { accountId, source, id, number } of outcome.contradictions) {
      log.warn('a usage event came again with another content; the first decision stands', {
        accountId,
        source,
        id,
        number,
      })
    }
    // An alarm rings at this message.
    for (const gap of outcome.gaps) log.error('a source waits for missing numbers', gap)
    if (outcome.contradictions.length > 0)
      metrics.addMetric('ContradictingUsageEvents', MetricUnit.Count, outcome.contradictions.length)
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics()
    return { failedIds: outcome.failedIds }
  },
})
