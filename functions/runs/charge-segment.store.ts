import type { MonthsCharged } from '../plans/charge-month.store.ts'
import { createOutcomeReader, type Tried } from './read-outcomes.store.ts'
import type { RunStoreOptions } from './run.store.ts'
import { createSegmentStore } from './segment.store.ts'
import {
  type AccountOutcome,
  addOutcomes,
  finishSegment,
  type Segment,
  type SegmentPlace,
} from './segment.ts'

export type SegmentClock = {
  now(): Date
  /** False when the worker has to stop soon, with enough left for a checkpoint's accounts. */
  isTimeLeft(): boolean
}

export type SegmentWorked =
  | 'done'
  /** There is more to do, in another message. */
  | 'unfinished'
  /** Another worker has it. */
  | 'given_way'

/** Between two checkpoints; what dies there is looked at again, and most of it is charged already. */
const ACCOUNTS_PER_CHECKPOINT = 100
/** At once: enough that the worker does not wait for the database, few enough that one machine's sockets suffice. */
const ACCOUNTS_AT_ONCE = 20
/** Tried alone at the end. Where more have failed it is no single account's trouble, and the next hour tries again. */
const MOST_RETRIED = 20
const LONGEST_REASON_CHARACTERS = 200

export type SegmentChargingOptions = RunStoreOptions & {
  charging: { chargeDue(accountId: string, now: Date): Promise<MonthsCharged> }
  accountsPerCheckpoint?: number
}

/**
 * Charges the accounts of a segment as everybody charges an account, and writes down how far it has come. Each checkpoint
 * is written only on the one before: of two workers on a segment the first goes on, the other gives way, and what both
 * charged meanwhile is charged once, by the accounts' own documents. Accounts that fail are tried once more, alone, when all
 * others are done.
 */
export function createSegmentCharging(options: SegmentChargingOptions) {
  const { charging, accountsPerCheckpoint = ACCOUNTS_PER_CHECKPOINT } = options
  const segments = createSegmentStore(options)
  const outcomes = createOutcomeReader(options)

  /** Throws where there is no such segment, or the database does not answer: nothing is counted then. */
  async function work(place: SegmentPlace, clock: SegmentClock): Promise<SegmentWorked> {
    let segment = await segments.read(place)
    if (!segment) throw new Error(`run ${place.period}: shard ${place.shard} has no segment ${place.number}`)
    if (segment.status === 'done') return 'done'
    const accountIds = await segments.readAccounts(segment)
    while (segment.cursor < accountIds.length) {
      if (!clock.isTimeLeft()) return 'unfinished'
      const part = accountIds.slice(segment.cursor, segment.cursor + accountsPerCheckpoint)
      const found = await chargeTogether(segment, part, clock)
      const next: Segment | undefined = await segments.checkpoint(
        segment,
        addOutcomes(segment, found, clock.now().toISOString()),
      )
      if (!next) return 'given_way'
      segment = next
    }
    if (!clock.isTimeLeft()) return 'unfinished'
    const retried = await retryFailed(segment, clock)
    const done = finishSegment(segment, retried, clock.now().toISOString())
    return (await segments.checkpoint(segment, done)) ? 'done' : 'given_way'
  }

  async function chargeTogether(
    { period }: Segment,
    accountIds: readonly string[],
    clock: SegmentClock,
  ): Promise<AccountOutcome[]> {
    const tried: Tried[] = []
    const waiting = accountIds.entries()
    const chargeSome = async () => {
      for (const [index, accountId] of waiting) tried[index] = await tryOne(accountId, clock)
    }
    await Promise.all(Array.from({ length: ACCOUNTS_AT_ONCE }, chargeSome))
    return outcomes.read(period, tried)
  }

  async function retryFailed({ period, failed }: Segment, clock: SegmentClock): Promise<AccountOutcome[]> {
    const tried: Tried[] = []
    for (const { accountId } of failed.slice(0, MOST_RETRIED)) tried.push(await tryOne(accountId, clock))
    return outcomes.read(period, tried)
  }

  async function tryOne(accountId: string, clock: SegmentClock): Promise<Tried> {
    try {
      const { stopped } = await charging.chargeDue(accountId, clock.now())
      return { accountId, stopped }
    } catch (error) {
      const failure = (error instanceof Error ? error.message : String(error)).slice(
        0,
        LONGEST_REASON_CHARACTERS,
      )
      return { accountId, failure }
    }
  }

  return { work }
}
