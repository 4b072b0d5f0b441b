import type { Period } from '../accounts/billing-period.ts'

/** The catalogue as it was when the run of a month was opened. */
export type FrozenPrices = {
  period: Period
  /** Of each plan that there was, the number of its newest version, whether or not that had begun. */
  versions: Record<string, number>
  /** When the run was opened. */
  at: string
}
