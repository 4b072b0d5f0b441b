import { type Announcement, type AnnouncementMessage, AT_LAST } from './announcement.ts'

/**
 * The messages that take up what is to be announced: of each plan the oldest version alone, so that a client hears of
 * changes in their order, and of it the shards that are not at their end. One that died at the very end is finished by any.
 * `pending` has each plan's in the order of versions.
 */
export function messagesOfPending(pending: readonly Announcement[]): AnnouncementMessage[] {
  const oldest = pending.filter(
    ({ planId }, index) => pending.findIndex((other) => other.planId === planId) === index,
  )
  return oldest.flatMap(({ planId, version, progress }) => {
    const shards = Object.entries(progress)
    const left = shards.filter(([, position]) => position !== AT_LAST)
    return (left.length > 0 ? left : shards.slice(0, 1)).map(([shard]) => ({
      ...{ planId, version, shard: Number(shard) },
    }))
  })
}
