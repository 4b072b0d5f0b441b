import type { Json } from '../ledger/canonical-json.ts'
import type { MovementRefusal } from '../ledger/decide-movement.ts'
import { formatAmount } from '../ledger/money.ts'
import type { RefundedPart } from '../ledger/refund-charges.ts'
import { dayIn } from './day-shares.ts'
import type { PlanChangeDecision } from './decide-plan-change.ts'
import { describeLines } from './describe-month.ts'
import { lowerMonth, type MonthCharge, raiseMonth } from './not-given-back.ts'
import type { PeriodDocument, PeriodMovement } from './period-document.ts'

type Decided = Extract<PlanChangeDecision, { ok: true }>
/** A change that is decided: what the month comes to, and what is charged or given back for it now. */
export type PlannedChange = Decided & {
  monthBefore: PeriodDocument | undefined
  chargedMicros: bigint
  givenBackMicros: bigint
  /** What of which charge. */
  parts: RefundedPart[]
  /** Of the month after the change, but for the movement that the change itself is. */
  movements: PeriodMovement[]
  notGivenBackMicros: bigint
}
export type PlanChangeRefusal =
  | Exclude<PlanChangeDecision, { ok: true }>
  | MovementRefusal
  /** A month that is due could not be charged yet. */
  | { ok: false; reason: 'month_not_charged' }
  /** The month after this one has been charged, by the plan as it was. */
  | { ok: false; reason: 'clock_behind' }

/**
 * Splits what the change comes to into what is charged and what can be given back: not what had been refunded before, nor what
 * was paid with credit that has expired since. That is kept for what the month is raised by later. Of an owed month nothing was paid.
 */
export function planChange(
  decision: Decided,
  facts: {
    monthBefore: PeriodDocument | undefined
    charges: readonly MonthCharge[]
    input: { now: string; account: { timeZone: string } }
  },
): PlannedChange {
  const { monthBefore, charges, input } = facts
  const { differenceMicros } = decision
  if (differenceMicros >= 0n) {
    const raised = raiseMonth(monthBefore, differenceMicros)
    return { ...decision, ...raised, monthBefore, givenBackMicros: 0n, parts: [] }
  }
  const loweredMicros = monthBefore?.status === 'short' ? 0n : -differenceMicros
  const { day } = dayIn(input.now, input.account.timeZone)
  const { daysInMonth } = decision.month
  const lowered = lowerMonth(monthBefore, charges, loweredMicros, { at: input.now, day, daysInMonth })
  const givenBackMicros = lowered.parts.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
  return { ...decision, ...lowered, monthBefore, chargedMicros: 0n, givenBackMicros }
}

/** What the entry of a change says of it. */
export function describeChange(
  change: PlannedChange,
  said: { currency: string; actor: string; termsVersion?: string },
) {
  const { currency, actor, termsVersion } = said
  const amount = (micros: bigint) => formatAmount(micros, currency)
  const { month, monthBefore, date } = change
  const detail: { [key: string]: Json } = {
    planId: month.planId,
    planVersion: month.planVersion,
    planName: month.planName,
    period: month.period,
    changedOn: date,
    currency,
    lines: describeLines(month, currency),
    total: amount(month.totalMicros),
    totalBefore: amount(monthBefore?.totalMicros ?? 0n),
    charged: amount(change.chargedMicros),
    givenBack: amount(change.givenBackMicros),
  }
  return { reason: `${month.planName}, changed on ${date}`, actor, termsVersion, detail }
}
