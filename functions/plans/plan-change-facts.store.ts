import type { Account } from '../accounts/account.ts'
import { beginningOfPeriod, nextPeriod } from '../accounts/billing-period.ts'
import { createLedgerReader, type LedgerReaderOptions } from '../ledger/ledger-reader.store.ts'
import { createUndoneStore } from '../ledger/undone.store.ts'
import { dayIn } from './day-shares.ts'
import type { PlanChangeInput } from './decide-plan-change.ts'
import type { Choice } from './decide-subscription.ts'
import { createFrozenPrices } from './frozen-prices.store.ts'
import type { MonthCharge } from './not-given-back.ts'
import type { PeriodDocument } from './period-document.ts'
import { createPlanStore } from './plan.store.ts'
import { createSubscriptionStore, type Due } from './subscription.store.ts'
import { versionWithinMonth } from './version-for-month.ts'

export type PlanChangeRequest = { account: Account; choice: Choice; actor: string; now: Date }

/** What a change is decided on, as it was read; the writes are conditional on all of it. */
export type PlanChangeFacts = {
  input: PlanChangeInput
  due: Due | undefined
  /** This month, or one before it, is still to be charged. */
  isDue: boolean
  /** The month after this one has been charged already, by the plan as it was: this clock is behind the one that charged it. */
  isBehind: boolean
  monthBefore: PeriodDocument | undefined
  /** Newest first. */
  charges: MonthCharge[]
}

/** Reads all that a change of plan within a month is decided on. */
export function createPlanChangeFacts(options: LedgerReaderOptions & { documentsTable: string }) {
  const ledger = createLedgerReader(options)
  const undones = createUndoneStore(options)
  const subscriptions = createSubscriptionStore(options)
  const plans = createPlanStore(options)
  const frozenPrices = createFrozenPrices(options)

  async function gather({ account, choice, actor, now }: PlanChangeRequest): Promise<PlanChangeFacts> {
    const at = now.toISOString()
    const { accountId, timeZone } = account
    const { period } = dayIn(at, timeZone)
    // The plan first: a charge or a change since then has changed it, or what it is conditional on.
    const subscription = await subscriptions.read(accountId)
    const due = await subscriptions.readDue(accountId, 'charge')
    const [month, short, frozen, all] = await Promise.all([
      subscriptions.readPeriod(accountId, period),
      subscriptions.listShort(accountId),
      frozenPrices.read(period),
      choice.planId === null ? [] : plans.listVersions(choice.planId),
    ])
    const versions = all.filter(({ effectiveFrom }) => effectiveFrom <= at)
    const input = {
      ...{ account, choice, actor, now: at, subscription, versions: all, month },
      version: versionWithinMonth(versions, beginningOfPeriod(period, timeZone), frozen),
      isOwing: short.length > 0,
      oldestDuePeriod: due?.period,
    }
    const isDue = due !== undefined && due.period <= period
    const isBehind = due !== undefined && due.period > nextPeriod(period)
    return { input, due, isDue, isBehind, monthBefore: month, charges: await readCharges(month, timeZone) }
  }

  async function readCharges(month: PeriodDocument | undefined, timeZone: string): Promise<MonthCharge[]> {
    if (!month) return []
    const { accountId, movements } = month
    const charging = movements.filter(({ amountMicros }) => amountMicros > 0n).toReversed()
    return Promise.all(
      charging.map(async ({ sequence }) => {
        const [entry, undone] = await Promise.all([
          ledger.readEntry(accountId, sequence),
          undones.read(accountId, sequence),
        ])
        if (!entry) throw new Error(`account ${accountId}: entry ${sequence} of its month is not there`)
        // The month's own charge is for all of it, however late it came.
        const firstDay = entry.kind === 'plan' ? 1 : dayIn(entry.at, timeZone).day
        return { entry, undone, firstDay }
      }),
    )
  }

  return gather
}
