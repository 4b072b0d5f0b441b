import type { FoundPrice } from '../prices/price-source.ts'
import type { HoldStore } from './hold.store.ts'
import type { Hold } from './hold.ts'
import {
  holdIdOfRecord,
  noteRecord,
  type RecordedHold,
  recordedHold,
  type SessionRecord,
} from './session-record.ts'

/** A record with what is in force for it. */
export type PricedRecord = SessionRecord & { found: FoundPrice | undefined }
export type SessionRecords = ReturnType<typeof createSessionRecords>

const TRIES = 8

/** Finds the holds of the sessions whose records come as usage. */
export function createSessionRecords(holds: Pick<HoldStore, 'readMany' | 'read' | 'write'>) {
  /**
   * What each record of an account is held against, in their order; undefined for one that is charged as usual. An open
   * hold knows of its record before this answers: it will be charged, by a capture or by its lease, and not be released.
   * Asked again, it answers the same, or how the session has ended since.
   */
  async function note(
    accountId: string,
    records: readonly PricedRecord[],
  ): Promise<(RecordedHold | undefined)[]> {
    const ids = records.map(holdIdOfRecord)
    const named = [...new Set(ids.flatMap((id) => id ?? []))]
    if (named.length === 0) return records.map(() => undefined)
    const known = new Map((await holds.readMany(accountId, named)).map((hold) => [hold.holdId, hold]))
    const found: (RecordedHold | undefined)[] = []
    for (const [index, record] of records.entries()) {
      const hold = known.get(ids[index] ?? '')
      const noted = hold && (await noteOne(hold, record))
      if (noted) known.set(noted.holdId, noted)
      found.push(noted && recordedHold(noted, record, record.found))
    }
    return found
  }

  /** The hold once it knows of the record, or as it has ended. */
  async function noteOne(first: Hold, record: PricedRecord): Promise<Hold> {
    let hold = first
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const recorded = recordedHold(hold, record, record.found)
      if (hold.status !== 'held' || !recorded) return hold
      const next = noteRecord(hold, recorded, record)
      if (!next) return hold
      if (await holds.write(hold, next)) return next
      hold = (await holds.read(hold.accountId, hold.holdId)) ?? hold
    }
    throw new Error(`hold ${first.holdId} kept changing while its record came`)
  }

  return { note }
}
