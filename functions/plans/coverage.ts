import type { Outlook } from './look-ahead.ts'
import type { Warning } from './warning.ts'

/** An outlook, and what is being done about what is missing. */
export type Coverage = Outlook & {
  /** Automatic top-up will pay what is missing for the month. */
  isTopUpExpected: boolean
  /** What the account was told of the month. */
  warning?: Warning
}
