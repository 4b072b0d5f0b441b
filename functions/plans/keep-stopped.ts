import type { Period } from '../accounts/billing-period.ts'
import type { LocalDay } from '../accounts/local-day.ts'
import { BASE_FEE_SERVICE } from './plan.ts'
import { type StoppedService, type SubscriptionTerm, termsFrom } from './subscription.ts'

/**
 * What is stopped after a change of plan: what was and is taken still, in this month or by a later term. Without the base
 * fee nothing runs, so that a service which is added while that is stopped is stopped too, and resumes after it: else it
 * would run, and nobody would be charged for it.
 */
export function keepStopped(
  stopped: readonly StoppedService[],
  plan: {
    before: readonly SubscriptionTerm[]
    terms: readonly SubscriptionTerm[]
    period: Period
    today: LocalDay
  },
): StoppedService[] {
  const taken = listTaken(plan.terms, plan.period)
  const takenBefore = listTaken(plan.before, plan.period)
  const kept = stopped.filter(({ service }) => taken.has(service) && takenBefore.has(service))
  if (!kept.some(({ service }) => service === BASE_FEE_SERVICE)) return kept
  const known = new Set(kept.map(({ service }) => service))
  const added = [...taken].filter((service) => !known.has(service))
  return [...added.map((service) => ({ service, fromDate: plan.today })), ...kept]
}

/** All that is taken from a month on. */
export function listTaken(terms: readonly SubscriptionTerm[], period: Period): Set<string> {
  const coming = termsFrom(terms, period).filter(({ isEnded }) => !isEnded)
  return new Set(
    coming.flatMap(({ services }) => {
      const taken = services.filter(({ quantity }) => quantity > 0n)
      return [BASE_FEE_SERVICE, ...taken.map(({ service }) => service)]
    }),
  )
}
