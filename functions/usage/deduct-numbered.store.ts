import type { Settling } from '../holds/settle-hold.store.ts'
import {
  type Entry,
  type EntryDraft,
  type Head,
  MOST_WATERMARKS_IN_HEAD,
  type Watermark,
} from '../ledger/entry.ts'
import type { Decision, Ledger, Note, TransactItem } from '../ledger/ledger.store.ts'
import { decideInOrder, lacksCredit, type PricedEvent } from './decide-usage.ts'
import type { NumberedStore } from './numbered.store.ts'
import { sourceHash } from './numbered-keys.ts'
import {
  type OpenedGap,
  orderNumbered,
  type Placed,
  placeNumbered,
  type Standing,
  saysTheSame,
  separateNumbers,
} from './place-numbered.ts'
import { draftNumberedEntry } from './usage-entry.ts'
import type { NumberedEvent } from './usage-event.ts'

export type NumberedOutcome = {
  entries: Entry[]
  /** Events under a number that was decided for another event, or given up: they are not charged. */
  contradictions: NumberedEvent[]
  gaps: OpenedGap[]
}

/** Looks up what is in force for each event. */
export type PriceEvents = (events: readonly NumberedEvent[]) => Promise<(event: NumberedEvent) => PricedEvent>

export type DeductionMoment = { at: string; period: string; price: PriceEvents; termsVersion?: string }

/** The events of one source in a batch: distinct numbers, ascending. */
type SourceBatch = { source: string; hash: string; events: NumberedEvent[] }

/** Where sources stood at a revision of HEAD. */
type Looked = { revision: bigint; standings: ReadonlyMap<string, Standing> }

/** What one posting would do; the last one that was decided is the one that was written. */
type Plan = {
  placed: { batch: SourceBatch; placed: Placed }[]
  gaps: OpenedGap[]
}

type NotPosted = { ok: false; reason: 'nothing_new' | 'look_needed' | 'credit_is_held' }

/** One write lays at most so many runs aside: with what goes with them they fit a transaction. */
const MOST_RUNS_PARKED = 40
/** HEAD knows no more sources than that. */
const MOST_SOURCES_TOGETHER = MOST_WATERMARKS_IN_HEAD
const TRIES_TOGETHER = 5
const MOST_VAIN_ROUNDS = 50
/** DynamoDB takes items of 400 KB: what an entry holds beside its events, such as the lots it drew on, has room as well. */
const LARGEST_DRAFT_BYTES = 300_000

/** Deducts numbered usage: a watermark per source in HEAD tells what is done, one entry holds the whole batch. */
export function createNumberedDeduction({
  ledger,
  numbered,
  settling,
}: {
  ledger: Pick<Ledger, 'postNumbered' | 'readHead'>
  numbered: NumberedStore
  settling: Pick<Settling, 'settleExpired'>
}) {
  /**
   * Decides or parks each event of one account exactly once, in the order of its source's numbers. It takes up what waited
   * and can be decided now. When it throws, part of it may be done: the same call may be repeated.
   */
  async function deduct(
    accountId: string,
    events: readonly NumberedEvent[],
    moment: DeductionMoment,
  ): Promise<NumberedOutcome> {
    const outcome: NumberedOutcome = { entries: [], contradictions: [], gaps: [] }
    const batches = [...Map.groupBy(events, ({ source }) => source)].map(([source, own]) => {
      const { distinct, repeats } = separateNumbers(own)
      const firsts = new Map(distinct.map((event) => [event.number, event]))
      outcome.contradictions.push(
        ...repeats.filter((event) => !saysTheSame(event, firsts.get(event.number)!)),
      )
      return { source, hash: sourceHash(source), events: distinct }
    })
    const left = await postTogether(accountId, batches, moment, outcome)
    for (const batch of left) await workOff(accountId, batch, moment, outcome)
    return outcome
  }

  /** Decides at once what waits of a source and can be decided, without a new event. */
  async function takeUp(
    accountId: string,
    source: string,
    moment: DeductionMoment,
  ): Promise<NumberedOutcome> {
    const outcome: NumberedOutcome = { entries: [], contradictions: [], gaps: [] }
    await workOff(accountId, { source, hash: sourceHash(source), events: [] }, moment, outcome)
    return outcome
  }

  /** One posting for all sources, where none of them waits; answers what has to be worked off by itself. */
  async function postTogether(
    accountId: string,
    batches: SourceBatch[],
    moment: DeductionMoment,
    outcome: NumberedOutcome,
  ): Promise<SourceBatch[]> {
    if (batches.length > MOST_SOURCES_TOGETHER) return batches
    let looked: Looked | undefined
    for (let attempt = 0; attempt < TRIES_TOGETHER; attempt++) {
      const result = await post(accountId, batches, looked, moment)
      if (result.reason !== 'look_needed') return settle(accountId, result, outcome)
      // HEAD does not tell of a source that begins to number.
      looked = await look(accountId, batches)
      if ([...looked.standings.values()].some(({ isWaiting }) => isWaiting)) break
    }
    return batches
  }

  /** One source, round by round, until each of its events is decided or parked and nothing that waits can go on. */
  async function workOff(
    accountId: string,
    batch: SourceBatch,
    moment: DeductionMoment,
    outcome: NumberedOutcome,
  ): Promise<void> {
    let rest: SourceBatch | undefined = batch
    for (let vain = 0; rest; ) {
      if (vain === MOST_VAIN_ROUNDS)
        throw new Error(`usage of ${accountId}: HEAD kept changing under ${batch.source}`)
      const looked = await look(accountId, [rest])
      const result = await post(accountId, [rest], looked, moment)
      vain = result.reason === 'look_needed' ? vain + 1 : 0
      if (result.reason !== 'look_needed') rest = (await settle(accountId, result, outcome))[0]
    }
  }

  async function look(accountId: string, batches: readonly SourceBatch[]): Promise<Looked> {
    const head = await ledger.readHead(accountId)
    if (!head) throw new Error(`account ${accountId} has no ledger`)
    const standings = new Map<string, Standing>()
    for (const { source, hash, events } of batches) {
      const [from, to] = [events[0]?.number ?? 0, events.at(-1)?.number ?? 0]
      standings.set(hash, await numbered.look(head, source, from, to))
    }
    return { revision: head.revision, standings }
  }

  /** Notes what became of a posting, and answers what of it is to be gone on with. */
  async function settle(
    accountId: string,
    { plan, entry }: { plan: Plan; entry?: Entry },
    outcome: NumberedOutcome,
  ): Promise<SourceBatch[]> {
    if (entry) outcome.entries.push(entry)
    outcome.gaps.push(...plan.gaps)
    const left: SourceBatch[] = []
    for (const { batch, placed } of plan.placed) {
      outcome.contradictions.push(...(await findContradictions(accountId, batch.source, placed.late)))
      outcome.contradictions.push(
        ...placed.unlike,
        ...(await findUnlike(accountId, batch.source, placed.beyond)),
      )
      if (placed.goesOn || placed.later.length > 0) left.push({ ...batch, events: placed.later })
    }
    return left
  }

  /** Late events that are not repeats of what was decided under their number. */
  async function findContradictions(
    accountId: string,
    source: string,
    late: readonly NumberedEvent[],
  ): Promise<NumberedEvent[]> {
    if (late.length === 0) return []
    const numbers = late.map(({ number }) => number)
    const found = await numbered.find(accountId, source, numbers)
    return late.filter((event) => {
      const decided = found.get(event.number)?.decision?.event
      return !decided || !saysTheSame(event, decided)
    })
  }

  /** Events that are not repeats of what waits under their number; where it waits no longer, of what was decided there. */
  async function findUnlike(
    accountId: string,
    source: string,
    beyond: readonly NumberedEvent[],
  ): Promise<NumberedEvent[]> {
    if (beyond.length === 0) return []
    const waiting = await numbered.findParked(
      accountId,
      source,
      beyond.map(({ number }) => number),
    )
    const gone = beyond.filter(({ number }) => !waiting.has(number))
    const unlike = beyond.filter((event) => {
      const there = waiting.get(event.number)?.event
      return there && !saysTheSame(event, there)
    })
    return [...unlike, ...(await findContradictions(accountId, source, gone))]
  }

  async function post(
    accountId: string,
    batches: readonly SourceBatch[],
    looked: Looked | undefined,
    moment: DeductionMoment,
    isSettled = false,
  ): Promise<{ reason?: 'look_needed'; plan: Plan; entry?: Entry }> {
    const { at, period } = moment
    const waiting = [...(looked?.standings.values() ?? [])].flatMap(({ parked }) => parked)
    const events = [...batches.flatMap((batch) => batch.events), ...waiting.flatMap((run) => run.events)]
    const priced = await moment.price(events)
    let plan: Plan = { placed: [], gaps: [] }

    const decide = (head: Head, mostDue?: number): Decision<NotPosted> | Note => {
      plan = { placed: [], gaps: [] }
      const watermarks: Record<string, Watermark> = {}
      const documents: TransactItem[] = []
      const room = Math.floor(MOST_RUNS_PARKED / batches.length)
      for (const batch of batches) {
        const standing = standingBy(head, batch.hash, looked)
        if (!standing) return { ok: false, reason: 'look_needed' }
        const placed = placeNumbered(batch.events, standing, room, mostDue)
        plan.placed.push({ batch, placed })
        const moved = moveSource(head, batch.source, standing, placed, at)
        if (!moved) continue
        watermarks[batch.hash] = moved.watermark
        documents.push(...moved.documents)
        if (moved.gap) plan.gaps.push(moved.gap)
      }
      if (Object.keys(watermarks).length === 0) return { ok: false, reason: 'nothing_new' }
      const due = plan.placed.map(({ placed }) => placed.due)
      const ordered = orderNumbered(due)
      if (ordered.length === 0) return { ok: true, watermarks, documents }
      const decision = decideInOrder(head, ordered.map(priced), period)
      if (!isSettled && head.heldMicros > 0n && lacksCredit(decision))
        return { ok: false, reason: 'credit_is_held' }
      const draft = draftNumberedEntry(decision, head.currency, moment.termsVersion)
      const most = Math.max(...due.map(({ length }) => length))
      // The prices that explain the events are packed with them, and may be larger than they.
      if (isTooLarge(draft) && most > 1) return decide(head, Math.ceil(most / 2))
      return { ok: true, draft: { ...draft, watermarks }, documents }
    }

    const posted = await ledger.postNumbered({ accountId, at, decide: (head) => decide(head) })
    if (posted.ok) return { plan, entry: 'entry' in posted ? posted.entry : undefined }
    if (posted.reason === 'look_needed') return { reason: posted.reason, plan }
    if (posted.reason === 'nothing_new') return { plan }
    if (posted.reason === 'credit_is_held') {
      // A refusal is final: what lost sessions hold is had back before it.
      await settling.settleExpired(accountId, new Date(at))
      return post(accountId, batches, looked, moment, true)
    }
    throw new Error(`usage of ${accountId} was not posted: ${posted.reason}`)
  }

  /** How a source's watermark moves, with everything that is written for it; undefined where nothing does. */
  function moveSource(head: Head, source: string, standing: Standing, placed: Placed, at: string) {
    const { accountId } = head
    const { due, takenUp, toPark, goesOn } = placed
    if (due.length === 0 && toPark.length === 0) return undefined
    const last = due.at(-1)?.number ?? standing.last
    const stillParked = standing.parked.filter((run) => !takenUp.includes(run))
    const isWaiting =
      goesOn || toPark.length > 0 || stillParked.length > 0 || standing.parkedBeyond !== undefined
    const documents: TransactItem[] = []
    if (standing.last === 0 && !standing.isWaiting) documents.push(numbered.listing(accountId, source, at))
    if (due.length > 0)
      documents.push(
        numbered.batchOf(accountId, {
          source,
          first: standing.last + 1,
          last,
          entrySequence: head.sequence + 1n,
          at,
        }),
      )
    documents.push(...toPark.map((run) => numbered.park(accountId, source, run, at)))
    documents.push(...takenUp.map((run) => numbered.takeUp(accountId, source, run)))
    const isNewGap = isWaiting && !goesOn && (!standing.isWaiting || last > standing.last)
    const watermark: Watermark = { last: BigInt(last), isWaiting }
    if (!isNewGap) return { watermark, documents }
    const missingTo = Math.min(...[...toPark, ...stillParked].map((run) => run.first)) - 1
    const gap = { source, missingFrom: last + 1, missingTo }
    documents.push(numbered.gap(accountId, { ...gap, at }))
    return { watermark, documents, gap: { accountId, ...gap } }
  }

  return { deduct, takeUp }
}

function isTooLarge({ packed, detail }: EntryDraft): boolean {
  return (packed?.length ?? 0) + Buffer.byteLength(JSON.stringify(detail)) > LARGEST_DRAFT_BYTES
}

/** HEAD alone says where a source stands that does not wait; for any other it must have been looked up at this very HEAD. */
function standingBy(head: Head, hash: string, looked: Looked | undefined): Standing | undefined {
  if (looked && looked.revision === head.revision) return looked.standings.get(hash)
  const known = head.watermarks[hash]
  if (known && !known.isWaiting) return { last: Number(known.last), isWaiting: false, parked: [] }
  return undefined
}
