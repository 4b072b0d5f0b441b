import { accountKey } from '../accounts/account-keys.ts'
import type { Period } from '../accounts/billing-period.ts'
import { getAll } from '../edge/get-all.ts'
import type { PeriodDocument } from '../plans/period-document.ts'
import { createPlanStore } from '../plans/plan.store.ts'
import { dueKey, periodKey } from '../plans/plan-keys.ts'
import type { RunStoreOptions } from './run.store.ts'
import type { AccountOutcome } from './segment.ts'

/** How the charging of an account ended for the worker that tried it. */
export type Tried = {
  accountId: string
  stopped?: 'account_parked' | 'account_closed'
  /** Why it was not charged, where it threw. */
  failure?: string
}

type MonthFound = Pick<PeriodDocument, 'accountId' | 'status' | 'totalMicros' | 'planId'>
type DueFound = { accountId: string; period: Period }

/**
 * Reads what became of accounts from the documents of their months. So the counts are the same whoever charged an account,
 * also a worker that died before it could count.
 */
export function createOutcomeReader({ client, documentsTable }: RunStoreOptions) {
  const plans = createPlanStore({ client, documentsTable })
  const currencies = new Map<string, string>()

  /** In the order of those that were tried. */
  async function read(period: Period, tried: readonly Tried[]): Promise<AccountOutcome[]> {
    const months = await readMany<MonthFound>(tried, periodKey(period))
    const without = tried.filter(({ accountId }) => !months.has(accountId))
    const dues = await readMany<DueFound>(without, dueKey('charge'))
    return Promise.all(
      tried.map(async (each) => {
        const month = months.get(each.accountId)
        return month ? outcomeOf(month) : withoutMonth(period, each, dues.get(each.accountId))
      }),
    )
  }

  async function outcomeOf({ accountId, status, totalMicros, planId }: MonthFound): Promise<AccountOutcome> {
    const amount = { micros: totalMicros, currency: await currencyOf(planId) }
    if (status === 'short') return { accountId, outcome: 'short', amount }
    return { accountId, outcome: totalMicros === 0n ? 'nothing_to_pay' : 'charged', amount }
  }

  /** A plan keeps its currency in all of its versions. */
  async function currencyOf(planId: string): Promise<string> {
    const known = currencies.get(planId) ?? (await plans.listVersions(planId))[0]?.currency
    if (known === undefined) throw new Error(`there is no plan ${planId}`)
    currencies.set(planId, known)
    return known
  }

  async function readMany<Found extends { accountId: string }>(
    accounts: readonly { accountId: string }[],
    sk: string,
  ): Promise<Map<string, Found>> {
    const keys = accounts.map(({ accountId }) => ({ pk: accountKey(accountId), sk }))
    const items = (await getAll(client, documentsTable, keys)) as unknown as Found[]
    return new Map(items.map((item) => [item.accountId, item]))
  }

  return { read }
}

function withoutMonth(
  period: Period,
  { accountId, stopped, failure }: Tried,
  due: DueFound | undefined,
): AccountOutcome {
  if (failure !== undefined) return { accountId, outcome: 'failed', reason: failure }
  if (stopped === 'account_parked') return { accountId, outcome: 'parked' }
  if (stopped === 'account_closed') return { accountId, outcome: 'closed' }
  if (!due || due.period > period) return { accountId, outcome: 'not_due' }
  // Whoever found it due has another clock than whoever was to charge it.
  return { accountId, outcome: 'failed', reason: 'the month has not begun by the clock of its worker' }
}
