import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { conditionHeld } from '../edge/dynamodb.ts'
import { asRead } from '../edge/whole-document.ts'
import type { KeptKind } from './kept-since.ts'
import { RETENTION_RUNS, retentionRunKey } from './privacy-keys.ts'

/** A day's run over all accounts and, behind them, over what hangs on people: where it goes on, and what went. */
export type RetentionRun = {
  day: string
  /** The kind of what hangs on people that it is at; none while it is at the accounts. */
  kind?: KeptKind
  /** Behind this place. */
  after?: string
  isDone: boolean
  accounts: bigint
  erased: bigint
  revision: bigint
}

/** How far the retention of each day has come; old days stay, as proof that it ran. */
export function createRetentionRuns(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options
  const keyOf = (day: string) => ({ pk: RETENTION_RUNS, sk: retentionRunKey(day) })

  /** A day's run as it is now; of a day that nobody has begun, its beginning. */
  async function read(day: string): Promise<RetentionRun> {
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key: keyOf(day), ConsistentRead: true }),
    )
    if (!Item) return { day, isDone: false, accounts: 0n, erased: 0n, revision: 0n }
    const { pk, sk, ...run } = Item
    return run as RetentionRun
  }

  /** False when another has written it meanwhile. */
  async function replace(before: RetentionRun, next: RetentionRun): Promise<boolean> {
    const Item = { ...keyOf(next.day), ...next, revision: before.revision + 1n }
    const put = { TableName: documentsTable, Item, ...asRead(before.revision || undefined) }
    return conditionHeld(client.send(new PutCommand(put)))
  }

  return { read, replace }
}
