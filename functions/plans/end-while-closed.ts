import type { Period } from '../accounts/billing-period.ts'
import { PLANS_ACTOR } from './describe-month.ts'
import { type Subscription, termOf } from './subscription.ts'

/**
 * The plan of an account that was closed and is open again, where a month began while it was closed: it has ended with the month
 * before, and nothing is taken through the current one. Undefined where none began: it goes on.
 */
export function endWhileClosed(
  { stopped, ...subscription }: Subscription,
  { period: from }: { period: Period },
  current: Period,
  at: string,
): Subscription | undefined {
  if (from > current) return undefined
  const { terms, revision } = subscription
  const { planId } = termOf(subscription, from)!
  const ended = { fromPeriod: from, planId, services: [], isEnded: true as const }
  return {
    ...subscription,
    terms: [
      ...terms.filter(({ fromPeriod }) => fromPeriod < from),
      { ...ended, changedAt: at, changedBy: PLANS_ACTOR },
      ...terms.filter(({ fromPeriod }) => fromPeriod > current),
    ],
    revision: revision + 1n,
  }
}
