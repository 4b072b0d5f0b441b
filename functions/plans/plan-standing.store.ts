import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import type { CreditUntil } from '../ledger/credit-at.ts'
import { sumOfHeld } from '../ledger/decide-hold.ts'
import { smaller } from '../ledger/lot.ts'
import { createRingFenceStore } from '../ring-fence/ring-fence.store.ts'
import { lastingAt, type RingFence } from '../ring-fence/ring-fence.ts'
import { createComingMonth } from './coming-month.store.ts'
import type { ComingMonth } from './coming-month.ts'
import { dayIn } from './day-shares.ts'
import { findGoverning } from './grace.ts'
import { listTaken } from './keep-stopped.ts'
import { owedIn } from './period-document.ts'
import type { PlanStanding } from './plan-standing.ts'
import { createResumptionPricing } from './price-resumption.store.ts'
import { findMissing, NOTHING_PLANNED } from './project-credit.ts'
import { createSubscriptionStore } from './subscription.store.ts'

/** Reads how an account stands with its plan, against the credit that its caller has read, up to the next month’s first. */
export function createPlanStanding(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const subscriptions = createSubscriptionStore(options)
  const ringFences = createRingFenceStore(options)
  const priceResumption = createResumptionPricing(options)
  const findComing = createComingMonth(options)

  /** Undefined without a plan. */
  async function read(account: Account, now: Date, credit: CreditUntil): Promise<PlanStanding | undefined> {
    const at = now.toISOString()
    const { accountId, timeZone } = account
    const { period, day } = dayIn(at, timeZone)
    const [subscription, short, month, ringFence] = await Promise.all([
      subscriptions.read(accountId),
      subscriptions.listShort(accountId),
      subscriptions.readPeriod(accountId, period),
      ringFences.read(accountId),
    ])
    if (!subscription || subscription.terms.length === 0) return undefined
    // What the plan does not have any more resumes no more.
    const taken = listTaken(subscription.terms, period)
    const stopped = (subscription.stopped ?? []).filter(({ service }) => taken.has(service))
    const grace = findGoverning(short)
    const resumptionMicros = await priceResumption(subscription, month, { day, at })
    const owedMicros = owedIn(short)
    // What is set aside for the plan pays what is owed, and lets nothing run again.
    const setAsideMicros = smaller(sumOfHeld(lastingAt(ringFence, at)), owedMicros)
    const coming = stopped.length > 0 ? await findComing(account, subscription, at) : undefined
    const charges = [
      { at, amountMicros: owedMicros - setAsideMicros + (resumptionMicros ?? 0n) },
      ...(coming ? [{ at: coming.dueAt, amountMicros: missingFor(coming, ringFence, setAsideMicros) }] : []),
    ]
    const missingMicros = findMissing({ at, timeZone, credit }, coming?.dueAt ?? at, {
      ...NOTHING_PLANNED,
      charges,
    })
    return {
      periods: short.map((document) => document.period),
      owedMicros,
      ...(grace && grace.graceEndsAt > at && { graceEndsAt: grace.graceEndsAt }),
      stopped,
      resumptionMicros,
      shortfallMicros: missingMicros > 0n ? missingMicros + credit.head.receivableMicros : 0n,
    }
  }

  return { read }
}

/** What the next month costs with all running, beyond what is set aside for it and not used before. */
function missingFor({ dueAt, priceWithout }: ComingMonth, ringFence: RingFence, usedMicros: bigint): bigint {
  const totalMicros = priceWithout([])
  return totalMicros - smaller(totalMicros, sumOfHeld(lastingAt(ringFence, dueAt)) - usedMicros)
}
