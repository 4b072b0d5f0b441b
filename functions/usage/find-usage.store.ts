import { Problem } from '../edge/problem.ts'
import type { Ledger } from '../ledger/ledger.store.ts'
import { readStatement } from '../statements/statement.store.ts'
import type { NumberedStore } from './numbered.store.ts'
import { listPackedEvents, unpackUsageDecisions } from './packed-usage.ts'
import type { Standing } from './place-numbered.ts'
import { presentNumbered, presentParked } from './present-usage.ts'

const HOUR_MILLISECONDS = 3_600_000
const DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS
const ENTRIES_PER_PAGE = 100
const MOST_PAGES = 5

export type Window = { from: string; to: string }

/** Finds the events of numbered batches, which have no item of their own. */
export function createNumberedSearch({
  ledger,
  numbered,
}: {
  ledger: Pick<Ledger, 'readHead' | 'readEntry' | 'listEntries'>
  numbered: Pick<NumberedStore, 'look' | 'find' | 'findParked' | 'walkParked'>
}) {
  /** What became of a number, decided or parked; throws the problem that says what else there is to know. */
  async function findNumber(accountId: string, source: string, number: number) {
    // What is found nowhere may have gone from the one place to the other between the two looks.
    return (
      (await findDecided(accountId, source, number)) ??
      (await findWaiting(accountId, source, number)) ??
      (await findDecided(accountId, source, number))
    )
  }

  async function findDecided(accountId: string, source: string, number: number) {
    const there = (await numbered.find(accountId, source, [number])).get(number)
    if (there?.batch.released) {
      const { entrySequence, at } = there.batch
      throw new Problem('sequence_released', `It was given up on ${at}, in transaction ${entrySequence}.`)
    }
    const erasedAt = there?.entry?.packedErasedAt
    if (there && erasedAt !== undefined) {
      const { entrySequence } = there.batch
      throw new Problem(
        'usage_event_not_found',
        `It was decided in transaction ${entrySequence}; what it said was erased on ${erasedAt}.`,
      )
    }
    return there?.entry && there.decision && presentNumbered(there.entry, there.decision)
  }

  async function findWaiting(accountId: string, source: string, number: number) {
    const parked = (await numbered.findParked(accountId, source, [number])).get(number)
    return parked && presentParked(parked.event, parked.run, await standingOf(accountId, source))
  }

  /**
   * What became of an id that was taken within a window: of the entries of that time, the newest 500 of usage are looked
   * through. `searched` says from when on.
   */
  async function findId(accountId: string, source: string, id: string, window: Window) {
    let before: bigint | undefined
    let searchedFrom = window.to
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const filter = { kind: 'usage' as const, ...window }
      const page = await readStatement(ledger, accountId, filter, { limit: ENTRIES_PER_PAGE, before })
      for (const entry of page.entries) {
        const isThere = listPackedEvents(entry).some((event) => event.id === id && event.source === source)
        if (!isThere) continue
        const decision = unpackUsageDecisions(entry).find(
          ({ event }) => event.id === id && event.source === source,
        )!
        return { found: presentNumbered(entry, decision), searched: window }
      }
      searchedFrom = page.entries.at(-1)?.at ?? searchedFrom
      before = page.before
      if (before === undefined) break
    }
    const found = await findParkedId(accountId, source, id)
    return { found, searched: before === undefined ? window : { ...window, from: searchedFrom } }
  }

  async function findParkedId(accountId: string, source: string, id: string) {
    for await (const run of numbered.walkParked(accountId, source)) {
      const event = run.events.find((event) => event.id === id)
      if (event) return presentParked(event, run, await standingOf(accountId, source))
    }
    return undefined
  }

  async function standingOf(accountId: string, source: string): Promise<Standing> {
    const head = await ledger.readHead(accountId)
    if (!head) throw new Error(`account ${accountId} has no ledger`)
    return numbered.look(head, source, 0, 0)
  }

  return { findNumber, findId }
}

/**
 * When an event of this id was taken, if nobody says: within a day after the instant that a UUID of version 7 begins with
 * (RFC 9562), else within the last day.
 */
export function usualWindow(id: string, now: Date): Window {
  const madeAt = /^[0-9a-f]{8}-[0-9a-f]{4}-7/i.test(id)
    ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
    : undefined
  const isSensible = madeAt !== undefined && madeAt > 0 && madeAt <= now.getTime() + DAY_MILLISECONDS
  const from = isSensible ? madeAt - HOUR_MILLISECONDS : now.getTime() - DAY_MILLISECONDS
  const to = isSensible ? madeAt + DAY_MILLISECONDS : now.getTime() + HOUR_MILLISECONDS
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
}
