import type { MonthlyCharge } from './decide-monthly-charge.ts'

/** The next charge as it would be made now. */
export type UpcomingCharge = MonthlyCharge & {
  /** Owed for earlier months: short ones, and such as are due and not charged yet. It is paid first. */
  owedMicros: bigint
  /** What of the available credit will still be there when the charge is due. */
  availableMicros: bigint
  /** What of it expires before. */
  expiringMicros: bigint
  /** What is missing for both; 0 when they are covered. */
  shortfallMicros: bigint
}
