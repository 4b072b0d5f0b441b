import type { CreditUntil } from '../ledger/credit-at.ts'
import type { RingFenceMode } from '../ring-fence/ring-fence.ts'
import type { MonthlyCharge } from './monthly-charge.ts'

/** The next charge as it would be made now. */
export type UpcomingCharge = MonthlyCharge & {
  /** Owed for earlier months: short ones, and such as are due and not charged yet. It is paid first. */
  owedMicros: bigint
  /** What of the available credit will still be there when the charge is due. */
  availableMicros: bigint
  /** What is set aside for the plan, and will still be there: only the plan may use it, and uses it first. */
  setAsideMicros: bigint
  /** All that is set aside now, also what expires before the charge. */
  ringFencedMicros: bigint
  /** How much is to be set aside. Wholly: whatever is topped up goes to the plan before usage. */
  ringFence: RingFenceMode
  /** What of the available credit expires before. */
  expiringMicros: bigint
  /** The credit as it was read for this, with the lots that expire. */
  credit: CreditUntil
  /** Owed for payments that were taken back: a top-up pays it before it raises credit. */
  receivableMicros: bigint
  /** What stopped services cost, the rest of this month and the one that is charged: what is topped up lets them run again before. */
  resumptionMicros: bigint
  /** What has to be topped up so that the credit covers the months, with what a top-up pays first; 0 when it does. */
  shortfallMicros: bigint
}
