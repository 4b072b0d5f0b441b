import type { Period } from '../accounts/billing-period.ts'
import type { ChargeLine } from './month-lines.ts'

/** What a month of a plan costs, and by which version of it. */
export type MonthlyCharge = {
  period: Period
  /** The month's first instant in the account's time zone. */
  dueAt: string
  /** The same as a local date, such as `2026-12-01`. */
  localDate: string
  planId: string
  planVersion: number
  planName: string
  daysInMonth: number
  lines: ChargeLine[]
  totalMicros: bigint
}
