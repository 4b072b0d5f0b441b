import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { Period } from '../accounts/billing-period.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import type { FrozenPrices } from './frozen-prices.ts'
import { createPlanStore } from './plan.store.ts'
import { FROZEN, runKey } from './plan-keys.ts'

/**
 * Keeps, for the run of each month, which versions of the plans were known when it was opened. It is written once and never
 * changed: of several that open a run at once one is first, and all go by what it wrote.
 */
export function createFrozenPrices(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options
  const plans = createPlanStore(options)
  const known = new Map<Period, FrozenPrices>()

  /** What the run of a month goes by; undefined while it is not open. */
  async function read(period: Period): Promise<FrozenPrices | undefined> {
    const remembered = known.get(period)
    if (remembered) return remembered
    const Key = { pk: runKey(period), sk: FROZEN }
    const { Item } = await client.send(
      new GetCommand({ TableName: documentsTable, Key, ConsistentRead: true }),
    )
    const frozen = Item && toFrozen(Item)
    if (frozen) known.set(period, frozen)
    return frozen
  }

  /**
   * Opens the run of a month, if it is not open, and returns what it goes by. A version that is written meanwhile is known
   * to it or not; which of the two holds for every account.
   */
  async function open(period: Period, at: string): Promise<FrozenPrices> {
    const before = await read(period)
    if (before) return before
    const frozen = { period, versions: await plans.newestVersions(), at }
    const Item = { pk: runKey(period), sk: FROZEN, ...frozen }
    const ConditionExpression = 'attribute_not_exists(pk)'
    // Where another was first, or a lost reply hid that this one was, what is there counts.
    await conditionHeld(client.send(new PutCommand({ TableName: documentsTable, Item, ConditionExpression })))
    const stored = await read(period)
    if (!stored) throw new Error(`the run of ${period} was opened and is not there`)
    return stored
  }

  return { read, open }
}

function toFrozen({ period, versions, at }: Record<string, unknown>): FrozenPrices {
  const numbers = Object.entries(versions as Record<string, bigint>)
  return {
    period: period as Period,
    versions: Object.fromEntries(numbers.map(([planId, version]) => [planId, Number(version)])),
    at: at as string,
  }
}
