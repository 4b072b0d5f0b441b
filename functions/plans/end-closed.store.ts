import { writeTogether } from '../edge/write-together.ts'
import type { LedgerOptions } from '../ledger/ledger.store.ts'
import type { Run, Step } from './charging-step.ts'
import { createClosedMonths } from './closed-month.store.ts'
import { endWhileClosed } from './end-while-closed.ts'
import { noteRevision, putPlan } from './plan-writes.store.ts'
import type { Situation } from './situation.store.ts'
import { createSubscriptionStore } from './subscription.store.ts'

/** Ends an account's plan with the month before the one that is due, where that began while the account was closed. */
export function createClosedPlanEnding(options: LedgerOptions & { documentsTable: string }) {
  const { client, documentsTable } = options
  const subscriptions = createSubscriptionStore(options)
  const beganWhileClosed = createClosedMonths(options)

  /** `done` when there is nothing to end. */
  return async function endClosed({ account, at }: Run, { due, head }: Situation): Promise<Step> {
    if (!(await beganWhileClosed(account, head, due.period))) return 'done'
    const { accountId } = account
    const subscription = await subscriptions.read(accountId)
    if (!subscription) throw new Error(`account ${accountId}: a charge is due without a plan`)
    const next = endWhileClosed(subscription, due.period, at)
    if (!next) return 'done'
    const written = await writeTogether(client, [
      putPlan(next, subscription, documentsTable),
      noteRevision(due, next, documentsTable),
    ])
    if (!written.ok && written.reason === 'busy')
      throw new Error(`account ${accountId}: too busy to have its plan ended`)
    return 'again'
  }
}
