import { money } from '../ledger/money.ts'
import { unpackExplanation } from '../prices/pack-explanation.ts'
import type { ReconciledWith, UsageRecord } from './usage-record.ts'

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
