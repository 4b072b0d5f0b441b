import type { Account } from '../accounts/account.ts'
import type { Period } from '../accounts/billing-period.ts'
import type { AccountStatus } from '../ledger/entry.ts'
import { formatAmount } from '../ledger/money.ts'
import type { PeriodDocument } from '../plans/period-document.ts'
import { type Subscription, termOf } from '../plans/subscription.ts'
import type { Finding, FindingKind, Judgement } from './closing-scan.ts'

/** An entry of the ledger, as far as it is looked at here. */
export type LedgerCharge = { sequence: bigint; amountMicros: bigint }

/** All that says what became of an account in a month. */
export type SeenAccount = {
  account: Pick<Account, 'accountId' | 'currency'>
  period: Period
  /** What its month says. */
  month?: Pick<PeriodDocument, 'status' | 'totalMicros' | 'notGivenBackMicros' | 'movements'>
  /** The oldest month that is still to be charged; absent where it waits for none. */
  duePeriod?: Period
  /** Of an account without the month's document. */
  subscription?: Subscription
  /** Of an account without the month's document. */
  status?: AccountStatus
  /** The sequences that the permanent keys of the month's charges name. */
  keyedSequences: readonly bigint[]
  /** The entries of those, and of the document's movements, that are there. */
  entries: ReadonlyMap<bigint, LedgerCharge>
}

/**
 * Whether a month has been charged to an account exactly once, or what says why it was not. An account may be parked, closed
 * or short, and then says so; whatever the ledger has charged for the month has to be in its document, with its amount.
 */
export function judgeAccount(seen: SeenAccount): Judgement {
  const { account, month } = seen
  const { accountId, currency } = account
  const findings = [...judgeCharges(seen), ...judgeDue(seen)]
  if (!month) return judgeWithoutMonth(seen, findings)
  const amount = { micros: month.totalMicros, currency }
  if (month.status === 'short') return { accountId, outcome: 'short', amount, findings }
  const outcome = month.totalMicros === 0n ? 'nothing_to_pay' : 'charged'
  return { accountId, outcome, amount, findings }
}

function judgeWithoutMonth(seen: SeenAccount, findings: Finding[]): Judgement {
  const { account, period, subscription, status, duePeriod } = seen
  const { accountId } = account
  if (!subscription || !termOf(subscription, period)) return { accountId, outcome: 'no_plan', findings }
  if (status === 'parked' || status === 'closed') return { accountId, outcome: status, findings }
  const waitsFor = duePeriod === undefined ? 'no month is due' : `what is due is ${duePeriod}`
  const finding = findingOf(seen, 'left_out', `${period} has no document, and ${waitsFor}`)
  return { accountId, outcome: 'left_out', findings: [...findings, finding] }
}

function judgeDue(seen: SeenAccount): Finding[] {
  const { period, month, duePeriod } = seen
  if (!month || duePeriod === undefined || duePeriod > period) return []
  return [findingOf(seen, 'still_due', `${period} is ${month.status}, and what is due is ${duePeriod}`)]
}

function judgeCharges(seen: SeenAccount): Finding[] {
  const { month, period, keyedSequences, entries, account } = seen
  const amount = (micros: bigint) => `${formatAmount(micros, account.currency)} ${account.currency}`
  const movements = month?.movements ?? []
  const known = new Set(movements.map(({ sequence }) => sequence))
  const unknown = keyedSequences.filter((sequence) => !known.has(sequence))
  const findings = unknown.map((sequence) => {
    const charged = -(entries.get(sequence)?.amountMicros ?? 0n)
    const detail = `transaction ${sequence} charged ${amount(charged)} for ${period}, and its document does not know of it`
    return findingOf(seen, 'charged_twice', detail)
  })
  for (const { sequence, amountMicros } of movements) {
    const entry = entries.get(sequence)
    if (entry && -entry.amountMicros === amountMicros) continue
    const inLedger = entry ? `charged ${amount(-entry.amountMicros)}` : 'is not there'
    const detail = `${period} names transaction ${sequence} with ${amount(amountMicros)}; it ${inLedger}`
    findings.push(findingOf(seen, 'amounts_differ', detail))
  }
  const charged = movements.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
  // What had been refunded was not given back once more when the month was lowered.
  const wanted = month?.status === 'charged' ? month.totalMicros + (month.notGivenBackMicros ?? 0n) : 0n
  if (month && charged !== wanted) {
    const detail = `${period} comes to ${amount(wanted)} and was charged ${amount(charged)}`
    findings.push(findingOf(seen, 'amounts_differ', detail))
  }
  return findings
}

function findingOf({ account: { accountId } }: SeenAccount, kind: FindingKind, detail: string): Finding {
  return { accountId, kind, detail }
}
