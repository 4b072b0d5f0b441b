import { packExplanation } from '../prices/pack-explanation.ts'
import type { EventDecision, Reconciled } from './decide-usage.ts'
import { usageContentHash, usageEventKey } from './usage-event.ts'

/** What the record of a session was held against. */
export type ReconciledWith = Reconciled['hold'] & { costMicros: bigint }

export function reconciledWith({ hold, costMicros }: Reconciled): ReconciledWith {
  return { ...hold, costMicros }
}

/** What became of one event, as its marker keeps it forever. */
export type UsageRecord = {
  source: string
  id: string
  accountId: string
  service: string
  /** When it happened. */
  at: string
  contentHash: string
  verdict: 'deducted' | 'refused' | 'reconciled'
  reason?: string
  /** Which field of the event a refusal is about, where it is about one. */
  field?: string
  currency: string
  /** For the record of a session: the session's hold, and what the record would have cost. */
  reconciled?: ReconciledWith
  /** What was deducted: zero for a refused event, and for a session that its hold has paid. */
  amountMicros: bigint
  availableBeforeMicros: bigint
  availableAfterMicros: bigint
  /** A `RatingExplanation`, packed (`unpackExplanation`); absent where there is no price. */
  explanation?: Uint8Array
  entrySequence: bigint
  decidedAt: string
}

/** The marker by which an event is decided once: whoever posts it second finds it there. */
export function usageMarkerOf(
  decision: EventDecision,
  currency: string,
  decidedAt: string,
): { id: string; item: Record<string, unknown> } {
  const { event, availableBeforeMicros, availableAfterMicros, explanation } = decision
  const { pk, sk } = usageEventKey(event)
  const isRefused = decision.verdict === 'refused'
  const isReconciled = decision.verdict === 'reconciled'
  const record: Omit<UsageRecord, 'entrySequence'> = {
    source: event.source,
    id: event.id,
    accountId: event.accountId,
    service: event.service,
    at: event.at,
    contentHash: usageContentHash(event),
    verdict: decision.verdict,
    ...(isRefused && { reason: decision.reason, field: decision.field }),
    ...(isReconciled && { reconciled: reconciledWith(decision) }),
    currency,
    amountMicros: decision.verdict === 'deducted' ? decision.amountMicros : 0n,
    availableBeforeMicros,
    availableAfterMicros,
    explanation: explanation && packExplanation(explanation),
    decidedAt,
  }
  return { id: pk, item: { pk, sk, ...record } }
}
