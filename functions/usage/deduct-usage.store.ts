import type { Account } from '../accounts/account.ts'
import { periodOf } from '../accounts/billing-period.ts'
import type { SessionRecords } from '../holds/session-record.store.ts'
import type { Settling } from '../holds/settle-hold.store.ts'
import type { Entry, Head } from '../ledger/entry.ts'
import type { Decision, Ledger } from '../ledger/ledger.store.ts'
import type { FoundPrice, PriceFinder, PriceSource } from '../prices/price-source.ts'
import type { ReadUsageTerms, UsageTerms } from '../terms/usage-terms.store.ts'
import { decideUsage, lacksCredit, separateRepeats, usageOf } from './decide-usage.ts'
import type { DeductionOutcome } from './deduct-messages.ts'
import { createNumberedDeduction } from './deduct-numbered.store.ts'
import type { NumberedStore } from './numbered.store.ts'
import { draftUsageEntry } from './usage-entry.ts'
import { isNumbered, type UsageEvent, usageContentHash, usageEventKey } from './usage-event.ts'
import { usageMarkerOf } from './usage-record.ts'

export type UsageDeductionOptions = {
  ledger: Pick<Ledger, 'post' | 'postNumbered' | 'readHead'>
  numbered: NumberedStore
  accounts: { read(accountId: string): Promise<Account | undefined> }
  prices: PriceSource
  sessions: SessionRecords
  settling: Pick<Settling, 'settleExpired'>
  terms: ReadUsageTerms
}

/** What the usage of an account goes by in one piece of work. */
type Moment = {
  accountId: string
  at: string
  period: string
  price: ReturnType<typeof priceEvents>
  termsVersion?: string
}
/** With the newest entry, unless nothing was decided. */
type PostedUsage = DeductionOutcome & { entry?: Entry }
type NotPosted = { ok: false; reason: 'nothing_new' | 'credit_is_held' }

/** Deducts usage: the one place where events become an entry. */
export function createUsageDeduction(options: UsageDeductionOptions) {
  const { ledger, numbered, accounts, prices, sessions, settling, terms } = options
  const numberedDeduction = createNumberedDeduction({ ledger, numbered, settling })

  /**
   * Begins one piece of work, such as a delivery of messages: accounts and prices are read once for all of it. Not to be
   * kept for the next one.
   */
  function begin(at: string) {
    const finder = prices.open()
    const known = new Map<string, Promise<Moment>>()

    function readMoment(accountId: string): Promise<Moment> {
      const reading = known.get(accountId) ?? lookUp(accountId)
      known.set(accountId, reading)
      return reading
    }

    async function lookUp(accountId: string): Promise<Moment> {
      const account = await accounts.read(accountId)
      if (!account) throw new Error(`usage for account ${accountId}, which is not there`)
      const usageTerms = await terms(account, new Date(at))
      const price = priceEvents(account, usageTerms, finder, sessions)
      const period = periodOf(at, account.timeZone)
      return { accountId, at, period, price, termsVersion: usageTerms.termsVersion }
    }

    /**
     * Decides each event of one account exactly once, however often and in whatever company it comes: at most 97 plain
     * ones, or numbered ones up to a batch. When it throws, the same call may be repeated: what was decided is found decided.
     */
    async function deduct(accountId: string, events: readonly UsageEvent[]): Promise<PostedUsage> {
      const moment = await readMoment(accountId)
      const plain = events.filter((event) => !isNumbered(event))
      const outcome: PostedUsage = { contradictions: [], gaps: [] }
      if (plain.length > 0) Object.assign(outcome, await deductPlain(plain, moment))
      const numberedEvents = events.filter(isNumbered)
      if (numberedEvents.length === 0) return outcome
      const { entries, contradictions, gaps } = await numberedDeduction.deduct(
        accountId,
        numberedEvents,
        moment,
      )
      return {
        entry: entries.at(-1) ?? outcome.entry,
        contradictions: [...outcome.contradictions, ...contradictions],
        gaps,
      }
    }

    /** Decides what waits of a source and can be decided by now. */
    async function takeUp(accountId: string, source: string): Promise<DeductionOutcome> {
      return numberedDeduction.takeUp(accountId, source, await readMoment(accountId))
    }

    return { deduct, takeUp }
  }

  /** Each event by a marker of its own, all in one posting, or none. */
  async function deductPlain(
    events: readonly UsageEvent[],
    { accountId, at, period, price: priceAll, termsVersion }: Moment,
  ): Promise<PostedUsage> {
    const { distinct, repeats } = separateRepeats(events)
    let decided: ReadonlyMap<string, Record<string, unknown>> = new Map()

    const post = async (isSettled: boolean) => {
      const price = await priceAll(distinct)
      const decide = (
        head: Head,
        taken: ReadonlyMap<string, Record<string, unknown>>,
      ): Decision<NotPosted> => {
        decided = taken
        const open = distinct.filter((event) => !taken.has(usageEventKey(event).pk))
        if (open.length === 0) return { ok: false, reason: 'nothing_new' }
        const decision = decideUsage(head, open.map(price), period)
        if (!isSettled && head.heldMicros > 0n && lacksCredit(decision))
          return { ok: false, reason: 'credit_is_held' }
        const markers = decision.decisions.map((each) => usageMarkerOf(each, head.currency, at))
        return { ok: true, draft: draftUsageEntry(decision, head.currency, termsVersion), markers }
      }
      return ledger.post({ accountId, at, decide })
    }

    let posted = await post(false)
    if (!posted.ok && posted.reason === 'credit_is_held') {
      // A refusal is final: what lost sessions hold is had back before it.
      await settling.settleExpired(accountId, new Date(at))
      posted = await post(true)
    }
    if (!posted.ok && posted.reason !== 'nothing_new')
      throw new Error(`usage of ${accountId} was not posted: ${posted.reason}`)
    return {
      entry: posted.ok ? posted.entry : undefined,
      contradictions: contradictionsIn(distinct, repeats, decided),
      gaps: [],
    }
  }

  return {
    begin,
    deduct: (accountId: string, events: readonly UsageEvent[], at: string) =>
      begin(at).deduct(accountId, events),
  }
}

/** What is in force for each event, one look-up per service and instant; and the hold of the session that it is of. */
function priceEvents(
  { accountId, currency, clientType }: Account,
  { closesAt }: UsageTerms,
  finder: PriceFinder,
  sessions: SessionRecords,
) {
  return async (events: readonly UsageEvent[]) => {
    const found = new Map<string, FoundPrice | undefined>()
    for (const { service, at } of events) {
      const key = `${service}\n${at}`
      if (!found.has(key)) found.set(key, await finder.priceFor({ service, currency, clientType, at }))
    }
    const foundFor = ({ service, at }: UsageEvent) => found.get(`${service}\n${at}`)
    const records = events.map((event) => ({
      ...{ accountId, service: event.service, usage: usageOf(event) },
      found: foundFor(event),
    }))
    const noted = await sessions.note(accountId, records)
    const holds = new Map(events.map((event, index) => [event, noted[index]]))
    return (event: UsageEvent) => ({
      ...{ event, found: foundFor(event), hold: holds.get(event) },
      isClosedByTerms: closesAt !== undefined && event.at >= closesAt,
    })
  }
}

function contradictionsIn(
  distinct: readonly UsageEvent[],
  repeats: readonly UsageEvent[],
  decided: ReadonlyMap<string, Record<string, unknown>>,
): UsageEvent[] {
  const firstHashes = new Map(distinct.map((event) => [usageEventKey(event).pk, usageContentHash(event)]))
  // What an event said may have been erased since: then it can contradict nothing.
  for (const [pk, item] of decided) if (item.contentHash) firstHashes.set(pk, String(item.contentHash))
  return [...distinct, ...repeats].filter(
    (event) => firstHashes.get(usageEventKey(event).pk) !== usageContentHash(event),
  )
}
