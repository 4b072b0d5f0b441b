import type { Account } from '../accounts/account.ts'
import type { Period } from '../accounts/billing-period.ts'
import { readCreditUntil } from '../ledger/credit-at.ts'
import { createLedgerReader, type LedgerReaderOptions } from '../ledger/ledger-reader.store.ts'
import { createPaceStore } from '../pace/pace.store.ts'
import { lookAhead, type Outlook } from './look-ahead.ts'
import { endOfOutlook } from './project-credit.ts'
import { createUpcomingCharge } from './upcoming-charge.store.ts'

/** Reads what an account's outlook follows from, as it is now. */
export function createOutlook(options: LedgerReaderOptions & { documentsTable: string }) {
  const ledger = createLedgerReader(options)
  const pace = createPaceStore(options)
  const upcoming = createUpcomingCharge(options)

  /** With the next charge: the coming month's, or one that is due already. */
  async function read(account: Account, now: Date): Promise<Outlook> {
    return look(account, now.toISOString(), () => upcoming.preview(account, now))
  }

  /** With the charge of one month; without any when that has been charged or found short, or there is no plan. */
  async function readOf(account: Account, period: Period, now: Date): Promise<Outlook> {
    const at = now.toISOString()
    return look(account, at, () => upcoming.previewOf(account, period, at))
  }

  async function look(
    account: Account,
    at: string,
    preview: () => ReturnType<typeof upcoming.preview>,
  ): Promise<Outlook> {
    const [days, charge] = await Promise.all([pace.read(account.accountId), preview()])
    const credit = charge?.credit ?? (await readCredit(account, at))
    return lookAhead({ at, account, credit, days, charge })
  }

  async function readCredit({ accountId, timeZone }: Account, at: string) {
    const credit = await readCreditUntil(ledger, accountId, endOfOutlook(at, timeZone))
    if (!credit) throw new Error(`account ${accountId} has no ledger`)
    return credit
  }

  return { read, readOf }
}
