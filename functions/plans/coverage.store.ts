import type { Account } from '../accounts/account.ts'
import type { Period } from '../accounts/billing-period.ts'
import { willBeToppedUp } from '../auto-top-up/expect-top-up.ts'
import { createTopUpExpectation } from '../auto-top-up/expectation.store.ts'
import type { LedgerReaderOptions } from '../ledger/ledger-reader.store.ts'
import type { Coverage } from './coverage.ts'
import { createOutlook } from './outlook.store.ts'
import { createWarningStore } from './warning.store.ts'

export type CoverageOptions = LedgerReaderOptions & { documentsTable: string; paymentsTable: string }

/** Reads what the balance and the preview show, and the warning goes by: the same for all. */
export function createCoverage(options: CoverageOptions) {
  const outlooks = createOutlook(options)
  const expectation = createTopUpExpectation(options)
  const warnings = createWarningStore(options)

  /** With the next charge, or that of the month that is asked for. */
  async function read(account: Account, now: Date, period?: Period): Promise<Coverage> {
    // First: a payment that settles after this was read is in the credit that is read next.
    const automatic = await expectation.read(account, now)
    const outlook = await (period === undefined
      ? outlooks.read(account, now)
      : outlooks.readOf(account, period, now))
    const { month, credit } = outlook
    if (!month) return { ...outlook, isTopUpExpected: false }
    const { projectedShortfallMicros, receivableMicros } = month
    const isTopUpExpected =
      automatic !== undefined &&
      projectedShortfallMicros > 0n &&
      willBeToppedUp({
        ...automatic,
        head: credit.head,
        // What a payment pays first is added there.
        shortfallMicros: projectedShortfallMicros - receivableMicros,
      })
    const warning = await warnings.read(account.accountId, month.period)
    return { ...outlook, isTopUpExpected, warning }
  }

  return { read }
}
