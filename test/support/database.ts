import { randomBytes } from 'node:crypto'
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { documentClient } from '../../functions/edge/dynamodb.ts'
import { localClientOptions, startDynamoDb } from '../../local/dynamodb.ts'

export type TestDatabase = Awaited<ReturnType<typeof startTestDatabase>>

const TABLES = {
  ledgerTable: 'LedgerTable',
  usageTable: 'UsageTable',
  waitingTable: 'WaitingTable',
  documentsTable: 'DocumentsTable',
  paymentsTable: 'PaymentsTable',
}

/** How many indexes a table has. */
const INDEXES: Record<string, number> = { DocumentsTable: 1, PaymentsTable: 2 }

/**
 * The embedded database in memory, in a process of its own, with the empty tables of the stack. A DynamoDB Local that
 * `DYNAMODB_ENDPOINT` names is shared by all test files; it keeps the tables of each access key apart.
 */
export async function startTestDatabase() {
  const database = await startDynamoDb()
  const accessKeyId = `test${randomBytes(8).toString('hex')}`
  const credentials = { accessKeyId, secretAccessKey: 'local' }
  const raw = new DynamoDBClient({ ...localClientOptions(database.url), credentials })
  for (const TableName of Object.values(TABLES)) {
    await raw.send(new CreateTableCommand(tableDefinition(TableName, INDEXES[TableName])))
  }
  const stop = async () => {
    raw.destroy()
    await database.close()
  }
  return { client: documentClient(raw), endpoint: database.url, accessKeyId, ...TABLES, stop }
}

/** A table of the stack, on demand and without a stream. */
export function tableDefinition(TableName: string, indexes = 0): CreateTableCommandInput {
  const indexNames = Array.from({ length: indexes }, (_, index) => `index${index + 1}`)
  const names = ['pk', 'sk', ...indexNames.flatMap((name) => [`${name}pk`, `${name}sk`])]
  const keys = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ]
  return {
    TableName,
    KeySchema: keys('pk', 'sk'),
    AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    BillingMode: 'PAY_PER_REQUEST',
    ...(indexes > 0 && {
      GlobalSecondaryIndexes: indexNames.map((IndexName) => ({
        IndexName,
        KeySchema: keys(`${IndexName}pk`, `${IndexName}sk`),
        Projection: { ProjectionType: 'ALL' as const },
      })),
    }),
  }
}
