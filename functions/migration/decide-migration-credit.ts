import { Temporal } from 'temporal-polyfill'
import { addYears, type LocalDay } from '../accounts/local-day.ts'
import { formatAmount } from '../ledger/money.ts'
import { divideHalfEven } from '../prices/divide-half-even.ts'
import { describeDays } from './describe-days.ts'
import { type LineRefusal, type PaidTime, refuseLine } from './migration-line.ts'

/** Nobody has paid for longer than this before or after the cut-over: such a day is a slip of the keyboard. */
export const MOST_YEARS_FROM_CUT_OVER = 5

/** What of a payment is credited, and how that came about. */
export type MigrationCredit = {
  creditMicros: bigint
  paidFrom: LocalDay
  paidThrough: LocalDay
  daysPaid: number
  /** The first of the paid days that lie on or after the cut-over; the last is `paidThrough`. */
  creditedFrom: LocalDay
  daysCredited: number
  /** `30.00 × 14 of 30 days (1–14 July 2018) = 14.00 USD` */
  arithmetic: string
}

/**
 * The credit for days that were paid to the billing before and lie on or after the cut-over:
 * amount × those days ÷ all days paid.
 *
 * Rounded once: what was used before the cut-over is rounded half to even to a micro, and the credit is the rest, so that the
 * two are what was paid. Micros and not coins: balances and what is charged later by the day are in micros, and no card has
 * to pay the credit.
 *
 * Days are those of the calendar, the paid-through day and the cut-over day included; no time zone bears on them, as the
 * billing before knew days alone.
 */
export function decideMigrationCredit(
  paid: PaidTime,
  cutOver: LocalDay,
): { ok: true; credit: MigrationCredit } | LineRefusal {
  const { amountMicros, currency, paidThrough } = paid
  const paidFrom = paid.paidFrom ?? monthThrough(paidThrough)
  const refusal = refusePaidTime(paid, paidFrom, cutOver)
  if (refusal) return refusal
  const creditedFrom = paidFrom > cutOver ? paidFrom : cutOver
  const daysPaid = countDays(paidFrom, paidThrough)
  const daysCredited = countDays(creditedFrom, paidThrough)
  const usedMicros = divideHalfEven(amountMicros * BigInt(daysPaid - daysCredited), BigInt(daysPaid))
  const creditMicros = amountMicros - usedMicros
  if (creditMicros === 0n)
    return refuseLine('credit_too_small', 'amount', `${daysCredited} of ${daysPaid} days of it round to zero`)
  const amount = formatAmount(amountMicros, currency)
  const days = `${daysCredited} of ${daysPaid} days (${describeDays(creditedFrom, paidThrough)})`
  const arithmetic = `${amount} × ${days} = ${formatAmount(creditMicros, currency)} ${currency}`
  return {
    ok: true,
    credit: { creditMicros, paidFrom, paidThrough, daysPaid, creditedFrom, daysCredited, arithmetic },
  }
}

/**
 * The first day of the month that ends with a day: the next payment would have been due on the day after, and the last one was
 * due a month before that: on the same day of the month, or on its last one where it has no such day, as subscriptions are
 * billed (docs.stripe.com/billing/subscriptions/billing-cycle: an anchor of 31 January bills on 28 February). Paid through
 * 14 July is from 15 June; through 30 June, from 1 June; through 28 February, from 1 February.
 */
export function monthThrough(paidThrough: LocalDay): LocalDay {
  const nextDue = Temporal.PlainDate.from(paidThrough).add({ days: 1 })
  return nextDue.subtract({ months: 1 }, { overflow: 'constrain' }).toString()
}

function refusePaidTime(
  { amountMicros, paidThrough }: PaidTime,
  paidFrom: LocalDay,
  cutOver: LocalDay,
): LineRefusal | undefined {
  if (amountMicros <= 0n) return refuseLine('amount_not_positive', 'amount', 'must be more than zero')
  if (paidFrom > paidThrough)
    return refuseLine(
      'paid_from_after_paid_through',
      'paid_from',
      `${paidFrom} is after paid_through, ${paidThrough}`,
    )
  if (paidThrough < cutOver)
    return refuseLine(
      'nothing_paid_after_cut_over',
      'paid_through',
      `${paidThrough} is before the cut-over day, ${cutOver}: no day that was paid is left`,
    )
  const tooFar = (isBefore: boolean) =>
    `is more than ${MOST_YEARS_FROM_CUT_OVER} years ${isBefore ? 'before' : 'after'} the cut-over day, ${cutOver}`
  if (paidThrough > addYears(cutOver, MOST_YEARS_FROM_CUT_OVER))
    return refuseLine('too_far_from_cut_over', 'paid_through', `${paidThrough} ${tooFar(false)}`)
  if (paidFrom < addYears(cutOver, -MOST_YEARS_FROM_CUT_OVER))
    return refuseLine('too_far_from_cut_over', 'paid_from', `${paidFrom} ${tooFar(true)}`)
  return undefined
}

/** Both included. */
function countDays(from: LocalDay, through: LocalDay): number {
  return Temporal.PlainDate.from(from).until(through, { largestUnit: 'days' }).days + 1
}
