import { money } from '../ledger/money.ts'
import { unpackExplanation } from '../prices/pack-explanation.ts'
import type { UsageRecord } from './usage-record.ts'

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
    explanation: record.explanation && unpackExplanation(record.explanation),
    transaction: Number(record.entrySequence),
    decidedAt,
  }
}
