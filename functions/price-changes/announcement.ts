import { z } from 'zod'
import { planIdSchema } from '../plans/plan.ts'
import { DUE_SHARDS } from '../plans/plan-keys.ts'

/** Clients are told in as many parts at once as the index of a plan's subscribers has. */
export const SUBSCRIBER_SHARDS = DUE_SHARDS
/** How far a part has come: after this account; at first before all, in the end behind all. */
export const AT_FIRST = ' '
export const AT_LAST = '~'

/** That a version of a plan is to be told to whom it concerns, under `PLAN#<id>` / `ANNOUNCEMENT#<version>`. */
export type Announcement = {
  planId: string
  version: number
  /** By the shard's number: the last account of it that was queued. */
  progress: Record<string, string>
}

/** The progress of an announcement that nobody has heard of. */
export function nobodyTold(): Announcement['progress'] {
  const shards = Array.from({ length: SUBSCRIBER_SHARDS }, (_, shard) => [String(shard), AT_FIRST])
  return Object.fromEntries(shards)
}

/** A message: queue the clients of a shard, or tell one. */
export const announcementMessageSchema = z.union([
  z.strictObject({
    planId: planIdSchema,
    version: z.int().min(1),
    shard: z
      .int()
      .min(0)
      .max(SUBSCRIBER_SHARDS - 1),
  }),
  z.strictObject({ planId: planIdSchema, version: z.int().min(1), accountId: z.string().min(1) }),
])
export type AnnouncementMessage = z.infer<typeof announcementMessageSchema>
