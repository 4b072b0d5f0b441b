import type { Entry } from '../ledger/entry.ts'
import { money } from '../ledger/money.ts'
import { unpackExplanation } from '../prices/pack-explanation.ts'
import { type PackedDecision, unpackUsageDecisions } from './packed-usage.ts'
import { missingNumbers, type ParkedRun, type SourceStanding, type Standing } from './place-numbered.ts'
import type { NumberedEvent } from './usage-event.ts'
import { type ReconciledWith, reconciledWith, type UsageRecord } from './usage-record.ts'

/** An event's outcome as replies carry it. */
export function presentUsage(record: UsageRecord) {
  const { source, id, accountId, service, verdict, reason, field, currency, decidedAt } = record
  return {
    source,
    id,
    accountId,
    service,
    time: record.at,
    verdict,
    reason,
    field,
    amount: money(record.amountMicros, currency),
    availableBefore: money(record.availableBeforeMicros, currency),
    availableAfter: money(record.availableAfterMicros, currency),
    reconciled: record.reconciled && presentReconciled(record.reconciled, currency),
    explanation: record.explanation && unpackExplanation(record.explanation),
    transaction: Number(record.entrySequence),
    decidedAt,
  }
}

/** What the record of a session would have cost, against what its hold was charged by then. */
export function presentReconciled(reconciled: ReconciledWith, currency: string) {
  const { holdId, status, costMicros, capturedMicros } = reconciled
  return {
    holdId,
    status,
    cost: money(costMicros, currency),
    ...(status !== 'held' && {
      captured: money(capturedMicros, currency),
      difference: money(costMicros - capturedMicros, currency),
    }),
  }
}

/** The same of an event of a numbered batch. */
export function presentNumbered(entry: Entry, decision: PackedDecision) {
  const { event, verdict, explanation } = decision
  const isRefused = verdict === 'refused'
  const inCurrency = (amountMicros: bigint) => money(amountMicros, entry.currency)
  return {
    source: event.source,
    id: event.id,
    sequence: String(event.number),
    accountId: event.accountId,
    service: event.service,
    time: event.at,
    verdict,
    reason: isRefused ? decision.reason : undefined,
    field: isRefused ? decision.field : undefined,
    amount: inCurrency(verdict === 'deducted' ? decision.amountMicros : 0n),
    availableBefore: inCurrency(decision.availableBeforeMicros),
    availableAfter: inCurrency(decision.availableAfterMicros),
    reconciled:
      verdict === 'reconciled' ? presentReconciled(reconciledWith(decision), entry.currency) : undefined,
    explanation,
    transaction: Number(entry.sequence),
    decidedAt: entry.at,
  }
}

export type PresentedUsage = ReturnType<typeof presentUsage> | ReturnType<typeof presentNumbered>

/** All events of a numbered entry, in the order in which they were decided. */
export function presentBatch(entry: Entry) {
  return unpackUsageDecisions(entry).map((decision) => presentNumbered(entry, decision))
}

/** An event that waits for missing numbers of its source. */
export function presentParked(event: NumberedEvent, run: ParkedRun, standing: Standing) {
  const { source, id, accountId, service } = event
  const waitsFor = missingNumbers(standing)
  return {
    source,
    id,
    sequence: String(event.number),
    accountId,
    service,
    time: event.at,
    verdict: 'parked' as const,
    waitsFor: waitsFor && { from: String(waitsFor.from), to: String(waitsFor.to) },
    since: run.since,
  }
}

/** A source that numbers its events, as replies carry it. */
export function presentSource(standing: SourceStanding) {
  const { source, since, last, isWaiting, parked } = standing
  const missing = missingNumbers(standing)
  return {
    source,
    firstTakenAt: since,
    lastSequence: String(last),
    isWaiting,
    missing: missing && { from: String(missing.from), to: String(missing.to) },
    waitingSince: parked.map((run) => run.since ?? '').sort()[0],
  }
}
