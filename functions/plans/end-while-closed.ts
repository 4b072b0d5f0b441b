import type { Period } from '../accounts/billing-period.ts'
import { PLANS_ACTOR } from './describe-month.ts'
import { type Subscription, termOf } from './subscription.ts'

/**
 * A plan that has ended with the month before one that began while the account was closed: nothing of it ran then, and whoever
 * wants one chooses anew. What was chosen for later months stays. Nothing to change where nothing was taken: undefined.
 */
export function endWhileClosed(
  { stopped, ...subscription }: Subscription,
  period: Period,
  at: string,
): Subscription | undefined {
  const { terms, revision } = subscription
  const term = termOf(subscription, period)
  if (!term || term.isEnded) return undefined
  const ended = { fromPeriod: period, planId: term.planId, services: [], isEnded: true as const }
  return {
    ...subscription,
    terms: [
      ...terms.filter(({ fromPeriod }) => fromPeriod < period),
      { ...ended, changedAt: at, changedBy: PLANS_ACTOR },
      ...terms.filter(({ fromPeriod }) => fromPeriod > period),
    ],
    revision: revision + 1n,
  }
}
