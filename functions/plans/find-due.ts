import { DUE_KINDS, DUE_SHARDS, type DueKind } from './plan-keys.ts'

export type DueSources = { listDue(kind: DueKind, shard: number, at: string): AsyncIterable<string[]> }
export type DueTargets = Record<DueKind, { send(accountIds: readonly string[]): Promise<void> }>

/**
 * Sends every account for which something is due to the queue of its kind, shard by shard. A shard that fails does not
 * keep the others back; then this throws, and the next firing finds what is left.
 */
export async function findDue(
  source: DueSources,
  targets: DueTargets,
  at: string,
): Promise<Record<DueKind, number>> {
  const counts = { charge: 0, warning: 0 }
  const shards = DUE_KINDS.flatMap((kind) =>
    Array.from({ length: DUE_SHARDS }, (_, shard) => ({ kind, shard })),
  )
  const results = await Promise.allSettled(
    shards.map(async ({ kind, shard }) => {
      for await (const accountIds of source.listDue(kind, shard, at)) {
        await targets[kind].send(accountIds)
        counts[kind] += accountIds.length
      }
    }),
  )
  const failures = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason)
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} shards of what is due were not sent`)
  return counts
}
