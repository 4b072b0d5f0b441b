import { createHash } from 'node:crypto'
import type { Period } from '../accounts/billing-period.ts'

export const PLAN = 'PLAN'
/** The credit that an account has set aside for its plan. */
export const RING_FENCE = 'RING_FENCE'
/** `PERIOD#2026-12`; of no month, the beginning of all. */
export const periodKey = (period: Period) => `PERIOD#${period}`

export const planKey = (planId: string) => `PLAN#${planId}`

const VERSION_DIGITS = 6
const digitsOf = (version: number) => String(version).padStart(VERSION_DIGITS, '0')
export const versionKey = (version: number) => `V#${digitsOf(version)}`
/** That a version is to be told to whom it concerns. */
export const announcementKey = (version: number) => `ANNOUNCEMENT#${digitsOf(version)}`
/** In the index: what is still to be told. */
export const ANNOUNCEMENTS = 'ANNOUNCEMENTS'
/** In the index: the accounts whose latest choice is a plan. */
export const subscribersKey = (planId: string, shard: number) => `SUBSCRIBERS#${planId}#${shard}`

/** What the run of a month over all accounts has. */
export const runKey = (period: Period) => `RUN#${period}`
/** The versions of plans that a run goes by. */
export const FROZEN = 'FROZEN'

/** What an account was told of a month that its credit would not cover. */
export const warningKey = (period: Period) => `WARNING#${period}`

/** What an account waits for by the calendar. */
export type DueKind = 'charge' | 'warning' | 'grace' | 'expiry' | 'ring_fence'
export const dueKey = (kind: Exclude<DueKind, 'expiry' | 'ring_fence'>) => `DUE#${kind}`
/** Credit that expires has a due step for each of its instants. */
export const EXPIRY_PREFIX = 'EXPIRY#'
export const expiryKey = (expiresAt: string) => `${EXPIRY_PREFIX}${expiresAt}`

/**
 * Few enough that an hour with nothing due costs next to nothing, enough that a first of the month is spread: a charge takes
 * its account out of its shard's partition and puts it in at the next month, two of the 1 000 write units a second that a
 * partition takes. Ten million accounts in 45 minutes are 3 700 charges a second, and so 460 units for each of 16 shards.
 * More may be added at any time: what stands in a shard is found there, and moves with its next date.
 */
export const DUE_SHARDS = 16

export const dueShardKey = (shard: number) => `DUE#${shard}`

/** Where an account's due dates stand in the index: always in the same shard, all kinds in one list. */
export function dueIndexKeys(
  kind: DueKind,
  accountId: string,
  dueAt: string,
): { index1pk: string; index1sk: string } {
  return { index1pk: dueShardKey(shardOf(accountId)), index1sk: `${dueAt}#${accountId}#${kind}` }
}

/** Where an account stands among the subscribers of a plan. */
export function subscriberIndexKeys(
  planId: string,
  accountId: string,
): { index1pk: string; index1sk: string } {
  return { index1pk: subscribersKey(planId, shardOf(accountId)), index1sk: accountId }
}

function shardOf(accountId: string): number {
  return createHash('sha256').update(accountId).digest()[0]! % DUE_SHARDS
}
