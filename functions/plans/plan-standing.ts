import type { Period } from '../accounts/billing-period.ts'
import type { StoppedService } from './subscription.ts'

/** Whether an account's plan is paid, and what it takes for all of it to run. */
export type PlanStanding = {
  /** The months that are owed, oldest first. */
  periods: Period[]
  owedMicros: bigint
  /** While a month is owed and its days of grace go on: when services stop. */
  graceEndsAt?: string
  /** In the order in which they stopped. */
  stopped: readonly StoppedService[]
  /** What stopped services cost for the rest of the month, today included; undefined while the month is still to be charged. */
  resumptionMicros: bigint | undefined
  /**
   * What has to be topped up so that what is owed is paid and all runs again today, exact, with what a top-up pays first. Once the
   * next month is warned of, nothing runs again without credit for that as well.
   */
  shortfallMicros: bigint
}
