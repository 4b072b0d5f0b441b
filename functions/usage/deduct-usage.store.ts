import type { Account } from '../accounts/account.ts'
import { periodOf } from '../accounts/billing-period.ts'
import type { Entry, Head } from '../ledger/entry.ts'
import type { Decision, Ledger } from '../ledger/ledger.store.ts'
import type { FoundPrice, PriceSource } from '../prices/price-source.ts'
import { decideUsage, separateRepeats } from './decide-usage.ts'
import type { DeductionOutcome } from './deduct-messages.ts'
import { draftUsageEntry } from './usage-entry.ts'
import { type UsageEvent, usageContentHash, usageEventKey } from './usage-event.ts'
import { usageMarkerOf } from './usage-record.ts'

export type UsageDeductionOptions = {
  ledger: Pick<Ledger, 'post'>
  accounts: { read(accountId: string): Promise<Account | undefined> }
  prices: PriceSource
}

/** With the entry, unless every event had been decided before. */
type PostedUsage = DeductionOutcome & { entry?: Entry }
type NothingNew = { ok: false; reason: 'nothing_new' }

/** Deducts usage: the one place where events become an entry. */
export function createUsageDeduction({ ledger, accounts, prices }: UsageDeductionOptions) {
  /**
   * Decides each of at most 97 events of one account exactly once, however often and in whatever company it comes, in one
   * posting. It either decides all that are new or throws with nothing written: then the same call may be repeated.
   */
  async function deduct(accountId: string, events: readonly UsageEvent[], at: string): Promise<PostedUsage> {
    const account = await accounts.read(accountId)
    if (!account) throw new Error(`usage for account ${accountId}, which is not there`)
    const { distinct, repeats } = separateRepeats(events)
    const found = await findPrices(account, distinct)
    const period = periodOf(at, account.timeZone)
    let decided: ReadonlyMap<string, Record<string, unknown>> = new Map()

    const decide = (
      head: Head,
      taken: ReadonlyMap<string, Record<string, unknown>>,
    ): Decision<NothingNew> => {
      decided = taken
      const open = distinct.filter((event) => !taken.has(usageEventKey(event).pk))
      if (open.length === 0) return { ok: false, reason: 'nothing_new' }
      const priced = open.map((event) => ({ event, found: found.get(priceQueryKey(event)) }))
      const decision = decideUsage(head, priced, period)
      const markers = decision.decisions.map((each) => usageMarkerOf(each, head.currency, at))
      return { ok: true, draft: draftUsageEntry(decision, head.currency), markers }
    }

    const posted = await ledger.post({ accountId, at, decide })
    if (!posted.ok && posted.reason !== 'nothing_new')
      throw new Error(`usage of ${accountId} was not posted: ${posted.reason}`)
    return {
      entry: posted.ok ? posted.entry : undefined,
      contradictions: contradictionsIn(distinct, repeats, decided),
    }
  }

  /** One look-up per service and instant. */
  async function findPrices(
    account: Account,
    events: readonly UsageEvent[],
  ): Promise<Map<string, FoundPrice | undefined>> {
    const finder = prices.open()
    const found = new Map<string, FoundPrice | undefined>()
    for (const event of events) {
      const key = priceQueryKey(event)
      if (found.has(key)) continue
      const { currency, clientType } = account
      found.set(key, await finder.priceFor({ service: event.service, currency, clientType, at: event.at }))
    }
    return found
  }

  return { deduct }
}

const priceQueryKey = (event: UsageEvent) => `${event.service}\n${event.at}`

function contradictionsIn(
  distinct: readonly UsageEvent[],
  repeats: readonly UsageEvent[],
  decided: ReadonlyMap<string, Record<string, unknown>>,
): UsageEvent[] {
  const firstHashes = new Map(distinct.map((event) => [usageEventKey(event).pk, usageContentHash(event)]))
  for (const [pk, item] of decided) firstHashes.set(pk, String(item.contentHash))
  return [...distinct, ...repeats].filter(
    (event) => firstHashes.get(usageEventKey(event).pk) !== usageContentHash(event),
  )
}
