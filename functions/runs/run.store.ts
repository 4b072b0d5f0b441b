import { type DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { Period } from '../accounts/billing-period.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { withoutKeys } from '../edge/whole-document.ts'
import { createFrozenPrices } from '../plans/frozen-prices.store.ts'
import { runKey } from '../plans/plan-keys.ts'
import type { Run } from './run.ts'
import { ALL_RUNS, RUN } from './run-keys.ts'

export type RunStoreOptions = { client: DynamoDBDocumentClient; documentsTable: string }

/** The runs, a document for each month: written once, before anything of its month is charged. */
export function createRunStore({ client, documentsTable }: RunStoreOptions) {
  const frozen = createFrozenPrices({ client, documentsTable })
  const known = new Map<Period, Run>()

  /**
   * The run of a month; opened now if nobody has, with the prices that it goes by. Of several at once the first writes it,
   * and all get that one. What this process has seen before is not asked for again, as it does not change.
   */
  async function openRun(period: Period, at: string): Promise<Run> {
    // First: where there is a run, there are its prices.
    await frozen.open(period, at)
    const run = known.get(period) ?? (await read(period)) ?? (await open({ period, openedAt: at }))
    known.set(period, run)
    return run
  }

  async function open(run: Run): Promise<Run> {
    const Item = {
      ...{ pk: runKey(run.period), sk: RUN, index1pk: ALL_RUNS, index1sk: run.period },
      ...run,
    }
    const put = { TableName: documentsTable, Item, ConditionExpression: 'attribute_not_exists(pk)' }
    return (await conditionHeld(client.send(new PutCommand(put)))) ? run : (await read(run.period))!
  }

  /** As it is now, or undefined. */
  async function read(period: Period): Promise<Run | undefined> {
    const Key = { pk: runKey(period), sk: RUN }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    return Item && toRun(Item)
  }

  /** The latest months' runs, newest first; before `before`, where it is given. One of a moment ago may still be missing. */
  async function list({ limit, before = '~' }: { limit: number; before?: Period }): Promise<Run[]> {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: documentsTable,
        IndexName: 'index1',
        KeyConditionExpression: 'index1pk = :runs AND index1sk < :before',
        ExpressionAttributeValues: { ':runs': ALL_RUNS, ':before': before },
        ScanIndexForward: false,
        Limit: limit,
      }),
    )
    return Items.map(toRun)
  }

  return { openRun, read, list }
}

function toRun(item: Record<string, unknown>): Run {
  return withoutKeys(item) as Run
}
