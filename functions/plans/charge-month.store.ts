import { createAccountStore } from '../accounts/account.store.ts'
import { nextPeriod, periodOf } from '../accounts/billing-period.ts'
import { writeTogether } from '../edge/write-together.ts'
import { createLedger, type LedgerOptions } from '../ledger/ledger.store.ts'
import { createRingFenceStore } from '../ring-fence/ring-fence.store.ts'
import { createSettingAside } from '../ring-fence/set-aside.store.ts'
import { createTermsGate } from '../terms/terms-gate.store.ts'
import { createDueMonthCharging } from './charge-due-month.store.ts'
import type { ChargedMonth, Run, Step } from './charging-step.ts'
import { createClosedPlanEnding } from './end-closed.store.ts'
import { createGraceDueStore, type GraceDue } from './grace-due.store.ts'
import { createPlanReopening } from './reopen-plan.store.ts'
import { createServiceResumption } from './resume-services.store.ts'
import { createMonthSettlement } from './settle-month.store.ts'
import { createServiceStop } from './stop-services.store.ts'
import { createSubscriptionStore, type Due } from './subscription.store.ts'
import { createGraceTending, type RemindingOptions } from './tend-grace.store.ts'

export type MonthsCharged = {
  months: ChargedMonth[]
  /** Why months may still be due: such an account is not charged. */
  stopped?: 'account_parked' | 'account_closed'
}

/** Ten years of months and as many lost races: more is no catching up, but a loop. */
const MOST_STEPS = 300

/**
 * Charges everything that an account owes, oldest month first: months that were short, then those that are due by now in
 * the account's time zone. A month is charged only when all before it are; the first that the credit does not cover stops
 * what follows, and due months after it become short as well. When all that has begun is decided, services that ran through
 * their days of grace stop, or, when nothing is owed, stopped ones run again. Each step is one ledger posting, in whose transaction the
 * month's document is written and the due date moves on: whatever fires, how often and in which order, a month is charged
 * at most once, and a run that dies anywhere leaves the rest to the next.
 */
export function createMonthlyCharging(
  options: LedgerOptions & {
    documentsTable: string
    graceDays?: number
    /** Of a worker that charges many accounts within minutes. */
    readsTermsOnce?: boolean
    /** Of workers that tell clients of what they owe; of others, a reminder waits for such a one. */
    reminding?: RemindingOptions
  },
) {
  const { client } = options
  const ledger = createLedger(options)
  const accounts = createAccountStore(options)
  const subscriptions = createSubscriptionStore(options)
  const gate = createTermsGate({ ...options, readsOnce: options.readsTermsOnce })
  const ringFences = createRingFenceStore(options)
  const stores = { ledger, subscriptions, ringFences }
  const settle = createMonthSettlement(stores)
  const chargeMonth = createDueMonthCharging({ ...options, ...stores })
  const graceDues = createGraceDueStore(options)
  const stop = createServiceStop(options)
  const reopen = createPlanReopening(options)
  const endClosed = createClosedPlanEnding(options)
  const resume = createServiceResumption(options)
  const tend = createGraceTending(options)
  const { setAside, lapse } = createSettingAside({ ...options, ...stores })

  /** An account that is closed or parked is not charged: a parked one stays due, a closed one is due no more. */
  async function chargeDue(accountId: string, now: Date): Promise<MonthsCharged> {
    const months: ChargedMonth[] = []
    if (!(await subscriptions.readDue(accountId, 'charge'))) return { months }
    const account = await accounts.read(accountId)
    if (!account) throw new Error(`account ${accountId} has a plan and no profile`)
    const termsVersion = await gate.inForce(account, now)
    for (let count = 0; count < MOST_STEPS; count++) {
      const step = await takeStep({ account, at: now.toISOString(), termsVersion })
      if (step === 'done') return { months }
      if (step === 'account_parked' || step === 'account_closed') return { months, stopped: step }
      if (step !== 'again') months.push(step)
    }
    throw new Error(`account ${accountId}: charging does not come to an end`)
  }

  async function takeStep(run: Run): Promise<Step> {
    const { account, at } = run
    // What is due first: a month that was charged or found short since then moves it, and the write's condition fails.
    const [due, grace] = await Promise.all([
      subscriptions.readDue(account.accountId, 'charge'),
      graceDues.read(account.accountId),
    ])
    if (!due) return 'done'
    const head = await ledger.readHead(account.accountId)
    if (!head) throw new Error(`account ${account.accountId} has no ledger`)
    if (head.status === 'parked') return 'account_parked'
    if (head.status === 'closed') return endDue(due, grace)
    if (due.isEnded) return reopen(due)
    const [short, ringFence] = await Promise.all([
      subscriptions.listShort(account.accountId),
      ringFences.read(account.accountId),
    ])
    // What is due was read before: another worker has found it short since.
    if (short.some(({ period }) => period >= due.period)) return 'again'
    const lapsed = await lapse(run, ringFence)
    if (lapsed) return lapsed
    const oldest = short[0]
    if (oldest) {
      const settled = await settle(run, oldest, ringFence)
      if (settled !== 'done') return settled
    }
    const situation = { due, head, short, grace, ringFence }
    const current = periodOf(at, account.timeZone)
    if (due.period <= current) {
      const ended = await endClosed(run, situation)
      return ended === 'done' ? chargeMonth(run, situation) : ended
    }
    // Another worker's clock is in a later month already: what stops, runs again or is set aside is for it to decide.
    if (due.period > nextPeriod(current)) return 'done'
    for (const take of [oldest ? stop : resume, tend, setAside]) {
      const step = await take(run, situation)
      if (step !== 'done') return step
    }
    return 'done'
  }

  async function endDue(due: Due, grace: GraceDue | undefined): Promise<Step> {
    const ringFence = await ringFences.read(due.accountId)
    const ends = [
      subscriptions.endDue('charge', due),
      ...(grace ? [graceDues.end(grace)] : []),
      ...ringFences.end(ringFence),
    ]
    await writeTogether(client, ends)
    return 'account_closed'
  }

  return { chargeDue }
}
