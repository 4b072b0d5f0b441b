import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { createMonthlyCharging } from '../../functions/plans/charge-month.store.ts'
import { createDueStore } from '../../functions/plans/due.store.ts'
import { findDue } from '../../functions/plans/find-due.ts'
import { DUE_SHARDS } from '../../functions/plans/plan-keys.ts'
import { createSegmentCharging } from '../../functions/runs/charge-segment.store.ts'
import { createFanOut } from '../../functions/runs/fan-out.store.ts'
import { progressOf } from '../../functions/runs/run-progress.ts'
import { createScanStore } from '../../functions/runs/scan.store.ts'
import { createClosingScan } from '../../functions/runs/scan-run.store.ts'
import { createSegmentStore } from '../../functions/runs/segment.store.ts'
import type { SegmentPlace } from '../../functions/runs/segment.ts'
import { createRunWatch } from '../../functions/runs/watch-runs.store.ts'
import { interposedClient } from '../ledger/interposed-client.ts'
import { Died, dyingClient } from '../plans/dying-client.ts'
import type { TestDatabase } from '../support/database.ts'

export const always = () => true

/** The real client of a process that is killed before or after its nth write: nothing that it sends later arrives. */
export function killedClient(
  client: DynamoDBDocumentClient,
  dies: { atWrite: number; when: 'before' | 'after' },
): DynamoDBDocumentClient {
  const dying = dyingClient(client, dies)
  let isDead = false
  return interposedClient(dying, async (_, send) => {
    if (isDead) throw new Died()
    try {
      return await send()
    } catch (error) {
      isDead ||= error instanceof Died
      throw error
    }
  })
}

/** The hourly look, the workers behind its queues, and what waits in them, in a test's database. */
export function runsMachine(database: TestDatabase) {
  const segments = createSegmentStore(database)
  const scans = createScanStore(database)
  const waiting: SegmentPlace[] = []
  const waitingScans: { period: string }[] = []
  /** Accounts that went to the queue of monthly charges, to be charged alone. */
  const alone: string[] = []

  const sendSegments = async (places: readonly SegmentPlace[]) => void waiting.push(...places)
  const sendScans = async (more: readonly { period: string }[]) => void waitingScans.push(...more)
  const nobody = { send: async () => {} }

  async function fire(at: string, client: DynamoDBDocumentClient = database.client, pageAccounts = 500) {
    const options = { ...database, client }
    const targets = {
      charge: { send: async (ids: readonly string[]) => void alone.push(...ids) },
      warning: nobody,
      grace: nobody,
      expiry: nobody,
      ring_fence: nobody,
    }
    const runs = createFanOut({ ...options, send: sendSegments })
    await findDue(createDueStore({ ...options, pageAccounts }), targets, runs, at)
    await createRunWatch({ ...options, sendSegments, sendScans }).watch(new Date(at))
  }

  function workerAt(at: string, options: { client?: DynamoDBDocumentClient; perCheckpoint?: number } = {}) {
    const { client = database.client, perCheckpoint } = options
    const charging = createMonthlyCharging({ ...database, client })
    const worker = createSegmentCharging({
      ...{ ...database, client, charging },
      accountsPerCheckpoint: perCheckpoint,
    })
    const work = (place: SegmentPlace, isTimeLeft: () => boolean = always) =>
      worker.work(place, { now: () => new Date(at), isTimeLeft })
    return { work }
  }

  /** Works off all messages that wait. */
  async function workOff(at: string, perCheckpoint?: number) {
    const { work } = workerAt(at, { perCheckpoint })
    for (let place = waiting.shift(); place; place = waiting.shift()) await work(place)
  }

  async function chargeAlone(at: string) {
    const charging = createMonthlyCharging(database)
    for (let accountId = alone.shift(); accountId; accountId = alone.shift())
      await charging.chargeDue(accountId, new Date(at))
  }

  async function segmentsOf(period: string) {
    const shards = Array.from({ length: DUE_SHARDS }, (_, shard) => segments.list(period, shard))
    return (await Promise.all(shards)).flat()
  }

  const progress = async (period: string, at: string) => progressOf(await segmentsOf(period), at)

  /** Looks a run over, from the first account on, and gives back what was found. */
  async function scan(period: string, at: string, pageAccounts = 100) {
    await scans.begin(period, await scans.read(period), at)
    const scanning = createClosingScan({ ...database, pageAccounts, sleep: async () => {} })
    await scanning.work(period, { now: () => new Date(at), isTimeLeft: always })
    return (await scans.read(period))!
  }

  const queues = { waiting, waitingScans, alone }
  return { ...queues, segments, scans, fire, workerAt, workOff, chargeAlone, segmentsOf, progress, scan }
}

export async function setStatus(database: TestDatabase, accountId: string, status: string) {
  await database.client.send(
    new UpdateCommand({
      TableName: database.ledgerTable,
      Key: { pk: `ACCOUNT#${accountId}`, sk: 'HEAD' },
      UpdateExpression: 'SET #status = :status',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: { ':status': status },
    }),
  )
}
