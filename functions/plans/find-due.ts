import type { Period } from '../accounts/billing-period.ts'
import { DUE_SHARDS, type DueKind } from './plan-keys.ts'

export type DueCharge = { kind: 'charge'; accountId: string; period: Period }
export type DueAccount = DueCharge | { kind: Exclude<DueKind, 'charge'>; accountId: string }
export type DueSources = { listDue(shard: number, at: string): AsyncIterable<DueAccount[]> }
export type DueTargets = Record<DueKind, { send(accountIds: readonly string[]): Promise<void> }>

/** Takes the accounts of a shard that are due for their month's charge, and gives back those that are to be charged alone. */
export type DueRuns = {
  ofShard(shard: number, at: string): { take(charges: readonly DueCharge[]): Promise<string[]> }
}

/**
 * Hands the accounts that are due for their month to its run, and sends every other account for which something is due, and those
 * that a run leaves to be charged alone, to the queue of its kind, shard by shard. A shard that fails does not keep the
 * others back; then this throws, and the next firing finds what is left.
 */
export async function findDue(
  source: DueSources,
  targets: DueTargets,
  runs: DueRuns,
  at: string,
): Promise<Record<DueKind, number>> {
  const counts = { charge: 0, warning: 0, grace: 0, expiry: 0, ring_fence: 0 }
  const sendShard = async (shard: number) => {
    const run = runs.ofShard(shard, at)
    for await (const accounts of source.listDue(shard, at)) {
      // What has expired must not count any more when a month is warned of or charged.
      for (const kind of ['expiry', 'warning', 'grace', 'ring_fence'] as const) {
        const ofKind = accounts.filter((due) => due.kind === kind).map(({ accountId }) => accountId)
        const accountIds = [...new Set(ofKind)]
        if (accountIds.length > 0) await targets[kind].send(accountIds)
        counts[kind] += accountIds.length
      }
      const charges = accounts.filter((due) => due.kind === 'charge')
      const alone = charges.length > 0 ? await run.take(charges) : []
      if (alone.length > 0) await targets.charge.send(alone)
      counts.charge += charges.length
    }
  }
  const results = await Promise.allSettled(Array.from({ length: DUE_SHARDS }, (_, shard) => sendShard(shard)))
  const failures = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason)
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} shards of what is due were not sent`)
  return counts
}
