import type { MonthlyCharge } from './decide-monthly-charge.ts'

/** The next charge as it would be made now. */
export type UpcomingCharge = MonthlyCharge & {
  /** Owed for earlier months: short ones, and such as are due and not charged yet. It is paid first. */
  owedMicros: bigint
  availableMicros: bigint
  /** What is missing for both; 0 when they are covered. */
  shortfallMicros: bigint
}
