import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { queryAll } from '../edge/query-all.ts'
import { type WrittenTogether, writeTogether } from '../edge/write-together.ts'
import { nobodyTold } from '../price-changes/announcement.ts'
import {
  decidePlanVersion,
  type PlanVersionRefusal,
  PRICE_CHANGE_NOTICE_DAYS,
} from './decide-plan-version.ts'
import type { PlanContent, PlanVersion } from './plan.ts'
import { ANNOUNCEMENTS, announcementKey, planKey, versionKey } from './plan-keys.ts'

export type PlanSet =
  | { ok: true; version: PlanVersion; replayed: boolean }
  | PlanVersionRefusal
  | { ok: false; reason: 'busy' }
const ALL_PLANS = 'PLANS'
const TRIES = 8

export type PlanStore = ReturnType<typeof createPlanStore>

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
      const written = await putVersion(decision.version)
      if (written.ok) return { ok: true, version: decision.version, replayed: false }
      if (written.reason === 'busy') return { ok: false, reason: 'busy' }
      // Another version of this number came first, or a lost reply hid that this one was written: look again.
    }
    return { ok: false, reason: 'busy' }
  }

  /** With a version that follows another goes that it is to be announced. */
  async function putVersion(version: PlanVersion): Promise<WrittenTogether> {
    const ConditionExpression = 'attribute_not_exists(pk)'
    const items = version.version === 1 ? [itemOf(version)] : [itemOf(version), announcementOf(version)]
    return writeTogether(
      client,
      items.map((Item) => ({ Put: { TableName: documentsTable, Item, ConditionExpression } })),
    )
  }

  return { listVersions, listAll, newestVersions, set }
}

function itemOf(version: PlanVersion): Record<string, unknown> {
  const sk = versionKey(version.version)
  return {
    pk: planKey(version.planId),
    sk,
    index1pk: ALL_PLANS,
    index1sk: `${version.planId}#${sk}`,
    ...version,
  }
}

function announcementOf({ planId, version }: PlanVersion): Record<string, unknown> {
  const sk = announcementKey(version)
  const index = { index1pk: ANNOUNCEMENTS, index1sk: `${planId}#${sk}` }
  return { pk: planKey(planId), sk, ...index, planId, version, progress: nobodyTold() }
}

function toVersion(item: Record<string, unknown>): PlanVersion {
  const { pk, sk, index1pk, index1sk, ...version } = item
  return { ...version, version: Number(version.version) } as PlanVersion
}
