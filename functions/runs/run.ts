import type { Period } from '../accounts/billing-period.ts'

/** The charge of one month for all accounts, from the first that is due for it on. */
export type Run = {
  period: Period
  /** When the first of its accounts was due, or was found to be. */
  openedAt: string
}
