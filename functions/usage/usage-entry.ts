import { z } from 'zod'
import type { Json } from '../ledger/canonical-json.ts'
import { AVAILABLE, type EntryDraft } from '../ledger/entry.ts'
import { formatAmount } from '../ledger/money.ts'
import type { EventDecision, Reconciled, UsageDecision } from './decide-usage.ts'
import { packUsageDecisions } from './packed-usage.ts'
import type { UsageEventIdentity } from './usage-event.ts'

/** Who stands behind an entry that no request of a caller's led to at once. */
const USAGE_ACTOR = 'system:usage'

const serviceTotalsSchema = z.object({
  deductedCount: z.int(),
  refusedCount: z.int(),
  /** Sums over the deducted events, in decimal digits; only what the events carried. */
  quantity: z.string().optional(),
  seconds: z.string().optional(),
  amount: z.string(),
  reconciledCount: z.int().optional(),
})

const usageDetailSchema = z.object({
  deductedCount: z.int(),
  refusedCount: z.int(),
  services: z.record(z.string(), serviceTotalsSchema),
  /** How many events were refused, by reason. */
  refusals: z.record(z.string(), z.int()),
  /** What the events that were refused for want of credit would have cost together. */
  refusedAmount: z.string(),
  /** Records of sessions that their holds have paid; for how many of those less was captured than they say, and by how much. */
  reconciled: z
    .object({ count: z.int(), underCapturedCount: z.int(), underCapturedAmount: z.string() })
    .optional(),
  /** Runs of one source each, in the order in which the events were decided: `[source, [id, …]]`. Those of a numbered batch are packed in the entry. */
  events: z.array(z.tuple([z.string(), z.array(z.string())])),
})

export type ServiceTotals = z.infer<typeof serviceTotalsSchema>
/** What the detail of an entry of kind `usage` holds. */
export type UsageDetail = z.infer<typeof usageDetailSchema>

/** Reads the detail text of an entry of kind `usage`; throws on any other. */
export function readUsageDetail(detail: string): UsageDetail {
  return usageDetailSchema.parse(JSON.parse(detail))
}

/** The events of an entry, in the order in which they were decided. */
export function unpackUsageEvents(detail: Pick<UsageDetail, 'events'>): UsageEventIdentity[] {
  return detail.events.flatMap(([source, ids]) => ids.map((id) => ({ source, id })))
}

/** The entry of one posting of usage. All free or all refused, it moves nothing and still says what was decided. */
export function draftUsageEntry(
  decision: UsageDecision,
  currency: string,
  termsVersion: string | undefined,
): EntryDraft {
  const events = packIdentities(decision.decisions.map(({ event }) => event))
  return draft(decision, { ...totalDetailOf(decision.decisions, currency), events }, termsVersion)
}

/** The entry of a numbered batch, which holds its events packed. */
export function draftNumberedEntry(
  decision: UsageDecision,
  currency: string,
  termsVersion: string | undefined,
): EntryDraft {
  const detail = { ...totalDetailOf(decision.decisions, currency), events: [] }
  return { ...draft(decision, detail, termsVersion), packed: packUsageDecisions(decision.decisions) }
}

function draft(decision: UsageDecision, detail: UsageDetail, termsVersion: string | undefined): EntryDraft {
  return {
    kind: 'usage',
    postings: [
      { account: AVAILABLE, amountMicros: -decision.totalMicros },
      { account: 'revenue:usage', amountMicros: decision.totalMicros },
    ],
    reason: reasonOf(detail),
    actor: USAGE_ACTOR,
    detail: detail as unknown as { [key: string]: Json },
    counters: decision.counters,
    termsVersion,
  }
}

function totalDetailOf(decisions: readonly EventDecision[], currency: string): Omit<UsageDetail, 'events'> {
  const refused = decisions.filter((decision) => decision.verdict === 'refused')
  const reconciled = decisions.filter((decision) => decision.verdict === 'reconciled')
  const refusedMicros = refused.reduce((sum, { costMicros }) => sum + costMicros, 0n)
  return {
    deductedCount: decisions.length - refused.length - reconciled.length,
    refusedCount: refused.length,
    ...(reconciled.length > 0 && { reconciled: totalReconciled(reconciled, currency) }),
    services: Object.fromEntries(
      [...Map.groupBy(decisions, ({ event }) => event.service)].map(([service, own]) => [
        service,
        totalsOf(own, currency),
      ]),
    ),
    refusals: Object.fromEntries(
      [...Map.groupBy(refused, ({ reason }) => reason)].map(([reason, own]) => [reason, own.length]),
    ),
    refusedAmount: formatAmount(refusedMicros, currency),
  }
}

function totalsOf(decisions: readonly EventDecision[], currency: string): ServiceTotals {
  const deducted = decisions.filter((decision) => decision.verdict === 'deducted')
  const reconciledCount = decisions.filter(({ verdict }) => verdict === 'reconciled').length
  const sumOf = (field: 'quantity' | 'seconds') => {
    const values = deducted.flatMap(({ event }) => event[field] ?? [])
    if (values.length === 0) return {}
    return { [field]: values.reduce((sum, value) => sum + BigInt(value), 0n).toString() }
  }
  return {
    deductedCount: deducted.length,
    refusedCount: decisions.length - deducted.length - reconciledCount,
    ...(reconciledCount > 0 && { reconciledCount }),
    ...sumOf('quantity'),
    ...sumOf('seconds'),
    amount: formatAmount(
      deducted.reduce((sum, { amountMicros }) => sum + amountMicros, 0n),
      currency,
    ),
  }
}

/** A session that has not ended yet is not compared: it will be captured, or charged what its record says. */
function totalReconciled(reconciled: readonly Reconciled[], currency: string) {
  const differences = reconciled
    .filter(({ hold }) => hold.status !== 'held')
    .map(({ costMicros, hold }) => costMicros - hold.capturedMicros)
    .filter((differenceMicros) => differenceMicros > 0n)
  const missingMicros = differences.reduce((sum, differenceMicros) => sum + differenceMicros, 0n)
  return {
    count: reconciled.length,
    underCapturedCount: differences.length,
    underCapturedAmount: formatAmount(missingMicros, currency),
  }
}

function packIdentities(identities: readonly UsageEventIdentity[]): [string, string[]][] {
  const runs: [string, string[]][] = []
  for (const { source, id } of identities) {
    const last = runs.at(-1)
    if (last?.[0] === source) last[1].push(id)
    else runs.push([source, [id]])
  }
  return runs
}

/** For people, such as `120 × call, 3 refused`. */
function reasonOf({ deductedCount, refusedCount, reconciled, services }: UsageDetail): string {
  const names = Object.keys(services)
  const what = names.length === 1 ? ` × ${names[0]}` : ` uses of ${names.length} services`
  const refused = refusedCount > 0 ? `, ${refusedCount} refused` : ''
  const settled = reconciled ? `, ${reconciled.count} paid by a hold` : ''
  return `${deductedCount}${what}${refused}${settled}`
}
