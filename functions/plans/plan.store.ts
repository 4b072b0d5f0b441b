import { type DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { isConditionFailed } from '../edge/dynamodb.ts'
import { queryAll } from '../edge/query-all.ts'
import {
  decidePlanVersion,
  type PlanVersionRefusal,
  PRICE_CHANGE_NOTICE_DAYS,
} from './decide-plan-version.ts'
import type { PlanContent, PlanVersion } from './plan.ts'

export type PlanSet =
  | { ok: true; version: PlanVersion; replayed: boolean }
  | PlanVersionRefusal
  | { ok: false; reason: 'busy' }
const ALL_PLANS = 'PLANS'
const VERSION_DIGITS = 6
const TRIES = 8

const planKey = (planId: string) => `PLAN#${planId}`
const versionKey = (version: number) => `V#${String(version).padStart(VERSION_DIGITS, '0')}`

/** The plans on offer: versions are added and never changed. `noticeDays`: of a raise, see `PRICE_CHANGE_NOTICE_DAYS`. */
export function createPlanStore(options: {
  client: DynamoDBDocumentClient
  documentsTable: string
  noticeDays?: number
}) {
  const { client, documentsTable, noticeDays = PRICE_CHANGE_NOTICE_DAYS } = options

  /** All versions of a plan, oldest first, as they are now. */
  async function listVersions(planId: string): Promise<PlanVersion[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': planKey(planId), ':prefix': 'V#' },
      ConsistentRead: true,
    })
    return items.map(toVersion)
  }

  /** All versions of all plans, by plan. One of a moment ago may still be missing. */
  async function listAll(): Promise<PlanVersion[]> {
    const items = await queryAll(client, {
      TableName: documentsTable,
      IndexName: 'index1',
      KeyConditionExpression: 'index1pk = :pk',
      ExpressionAttributeValues: { ':pk': ALL_PLANS },
    })
    return items.map(toVersion)
  }

  /**
   * The number of each plan's newest version as it is now, by plan. A plan of a moment ago may still be missing, never a
   * newer version of one that is listed.
   */
  async function newestVersions(): Promise<Record<string, number>> {
    const planIds = new Set((await listAll()).map(({ planId }) => planId))
    const newest = [...planIds].map(async (planId) => [planId, await newestVersion(planId)] as const)
    return Object.fromEntries(await Promise.all(newest))
  }

  async function newestVersion(planId: string): Promise<number> {
    const { Items } = await client.send(
      new QueryCommand({
        TableName: documentsTable,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': planKey(planId), ':prefix': 'V#' },
        ScanIndexForward: false,
        Limit: 1,
        ConsistentRead: true,
      }),
    )
    return Number(Items![0]!.version)
  }

  /** Adds a version, or returns the newest when it says the same already. */
  async function set(planId: string, content: PlanContent, now: string): Promise<PlanSet> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const decision = decidePlanVersion(await listVersions(planId), planId, content, { now, noticeDays })
      if (!decision.ok || decision.unchanged) return decision.ok ? { ...decision, replayed: true } : decision
      if (await putVersion(decision.version)) return { ok: true, version: decision.version, replayed: false }
      // Another version of this number came first: look again.
    }
    return { ok: false, reason: 'busy' }
  }

  async function putVersion(version: PlanVersion): Promise<boolean> {
    const sk = versionKey(version.version)
    const index = { index1pk: ALL_PLANS, index1sk: `${version.planId}#${sk}` }
    const Item = { pk: planKey(version.planId), sk, ...index, ...version }
    try {
      const ConditionExpression = 'attribute_not_exists(pk)'
      await client.send(new PutCommand({ TableName: documentsTable, Item, ConditionExpression }))
      return true
    } catch (error) {
      if (isConditionFailed(error)) return false
      throw error
    }
  }

  return { listVersions, listAll, newestVersions, set }
}

function toVersion(item: Record<string, unknown>): PlanVersion {
  const { pk, sk, index1pk, index1sk, ...version } = item
  return { ...version, version: Number(version.version) } as PlanVersion
}
