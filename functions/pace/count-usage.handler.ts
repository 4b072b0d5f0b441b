import middy from '@middy/core'
import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { documentClient } from '../edge/dynamodb.ts'
import { environment } from '../edge/environment.ts'
import { countRecords } from './count-records.client.ts'
import { createUsageCount } from './count-usage.store.ts'

const { LEDGER_TABLE, DOCUMENTS_TABLE } = environment('LEDGER_TABLE', 'DOCUMENTS_TABLE')
const count = createUsageCount({
  client: documentClient(),
  ledgerTable: LEDGER_TABLE,
  documentsTable: DOCUMENTS_TABLE,
})

export const handler = middy<DynamoDBStreamEvent, DynamoDBBatchResponse>().handler((event) =>
  countRecords(event.Records, count),
)
