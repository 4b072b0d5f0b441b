import { type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import { accountKey } from '../accounts/account-keys.ts'
import { periodOf } from '../accounts/billing-period.ts'
import { conditionHeld } from '../edge/dynamodb.ts'
import { queryAll } from '../edge/query-all.ts'
import { createFrozenPrices } from '../plans/frozen-prices.store.ts'
import { createPlanStore } from '../plans/plan.store.ts'
import type { PlanVersion } from '../plans/plan.ts'
import type { Subscription } from '../plans/subscription.ts'
import { candidatePeriods, decidePriceChange, type PriceChange } from './decide-price-change.ts'

const toldPrefix = (planId: string) => `PRICE_CHANGE#${planId}#`
const toldKey = (planId: string, version: number) =>
  `${toldPrefix(planId)}${String(version).padStart(6, '0')}`

/** What versions of plans change for an account, and which of these changes it was told of. */
export function createPriceChangeStore(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options
  const plans = createPlanStore(options)
  const frozenPrices = createFrozenPrices(options)

  /** What a version changes for an account that was told of these older ones; undefined where that is nothing. */
  async function decide(
    account: Account,
    subscription: Subscription,
    version: PlanVersion,
    toldVersions: ReadonlySet<number>,
  ): Promise<PriceChange | undefined> {
    const { setAt = version.effectiveFrom } = version
    const isKnown = (older: PlanVersion) => older.effectiveFrom <= setAt || toldVersions.has(older.version)
    return decideAmong(account, subscription, version, await plans.listVersions(version.planId), isKnown)
  }

  /** What is to change for an account with a coming month, soonest first, told of or about to be. */
  async function listComing(
    account: Account,
    subscription: Subscription,
    now: string,
  ): Promise<PriceChange[]> {
    const latest = subscription.terms.at(-1)
    if (!latest) return []
    const current = periodOf(now, account.timeZone)
    const versions = await plans.listVersions(latest.planId)
    const coming = versions.filter((version) => candidatePeriods(version, account.timeZone)[0] > current)
    const changes = coming.map((version) => decideAmong(account, subscription, version, versions, () => true))
    return (await Promise.all(changes)).filter((change) => change !== undefined)
  }

  async function decideAmong(
    account: Account,
    subscription: Subscription,
    version: PlanVersion,
    versions: readonly PlanVersion[],
    isKnown: (version: PlanVersion) => boolean,
  ): Promise<PriceChange | undefined> {
    const periods = candidatePeriods(version, account.timeZone)
    const runs = await Promise.all(periods.map((period) => frozenPrices.read(period)))
    const frozen = runs.filter((run) => run !== undefined)
    return decidePriceChange({ account, subscription, versions, version, isKnown, frozen })
  }

  /** The versions of a plan that an account was told of. */
  async function listTold(accountId: string, planId: string): Promise<Set<number>> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': accountKey(accountId), ':prefix': toldPrefix(planId) },
      ConsistentRead: true,
    })
    return new Set(items.map(({ planVersion }) => Number(planVersion)))
  }

  /** Notes that an account was told; a second time changes nothing. */
  async function noteTold(accountId: string, change: PriceChange, at: string): Promise<void> {
    const { planId, planVersion, fromPeriod, beforeMicros, afterMicros } = change
    const Item = {
      ...{ pk: accountKey(accountId), sk: toldKey(planId, planVersion) },
      ...{ accountId, planId, planVersion, fromPeriod, beforeMicros, afterMicros, at },
    }
    const ConditionExpression = 'attribute_not_exists(pk)'
    await conditionHeld(client.send(new PutCommand({ TableName: documentsTable, Item, ConditionExpression })))
  }

  return { decide, listComing, listTold, noteTold }
}
