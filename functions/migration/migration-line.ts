import type { LocalDay } from '../accounts/local-day.ts'

/** What a line of a migration says, by the names of its columns; those that it cannot do without first. */
export const REQUIRED_COLUMNS = ['account_id', 'paid_through', 'amount', 'currency'] as const
export const COLUMNS = [...REQUIRED_COLUMNS, 'paid_from', 'reference'] as const
export type Column = (typeof COLUMNS)[number]

/** A line's texts as they came. */
export type GivenTexts = Partial<Record<Column, string>>

/** What a client had paid to the billing before, and for which days, both inclusive. */
export type PaidTime = {
  amountMicros: bigint
  currency: string
  /** Absent: the month that ends with `paidThrough`. */
  paidFrom?: LocalDay
  paidThrough: LocalDay
}

/** One payment of one account; the reference tells several of the same account apart. Empty: it has but one. */
export type MigrationLine = PaidTime & { accountId: string; reference: string }

export const REFUSAL_REASONS = [
  'line_unreadable',
  'value_missing',
  'value_invalid',
  'amount_not_positive',
  'paid_from_after_paid_through',
  'nothing_paid_after_cut_over',
  'too_far_from_cut_over',
  'credit_too_small',
  'account_not_found',
  'account_closed',
  'wrong_currency',
  'reference_reused',
] as const
export type RefusalReason = (typeof REFUSAL_REASONS)[number]

/** Why a line gives no credit; the column that has to change, absent where it is the line as a whole. */
export type LineRefusal = { ok: false; reason: RefusalReason; column?: Column; detail: string }

export function refuseLine(reason: RefusalReason, column: Column | undefined, detail: string): LineRefusal {
  return { ok: false, reason, column, detail }
}
