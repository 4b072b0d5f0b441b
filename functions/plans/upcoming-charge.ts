import type { CreditUntil } from '../ledger/credit-at.ts'
import type { RingFenceMode } from '../ring-fence/ring-fence.ts'
import type { MonthlyCharge } from './monthly-charge.ts'

/** What services that are stopped cost once they run again: the rest of this month, and the month that is charged next. */
export type ResumptionCost = { restMicros: bigint; monthMicros: bigint }
/** Of the one that runs again first, and of all. */
export type Resumption = { first: ResumptionCost; all: ResumptionCost }

export type MonthShortfall = {
  /** What has to be topped up so that the month is covered, with what a top-up pays first; 0 when it is. */
  shortfallMicros: bigint
  /** What of it stopped services take, that such a top-up lets run again. */
  resumptionMicros: bigint
}

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
  /** What stopped services cost once they run again; absent when nothing is stopped. */
  resumption?: Resumption
} & MonthShortfall
