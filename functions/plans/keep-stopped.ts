import type { Period } from '../accounts/billing-period.ts'
import type { LocalDay } from '../accounts/local-day.ts'
import { BASE_FEE_SERVICE } from './plan.ts'
import { type StoppedService, type SubscriptionTerm, termsFrom } from './subscription.ts'

/** What is stopped after a change of plan: what was and is taken still, in this month or by a later term. */
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
  return withAllTaken(kept, taken, plan.today)
}

/**
 * Without the base fee nothing runs: while that is stopped, all that is taken besides, in this month or by a later term, is
 * stopped too and resumes after it. Else it would run once the base fee does, and nobody would be charged for it.
 */
export function withAllTaken(
  stopped: readonly StoppedService[],
  taken: ReadonlySet<string>,
  today: LocalDay,
): StoppedService[] {
  const known = new Set(stopped.map(({ service }) => service))
  if (!known.has(BASE_FEE_SERVICE)) return [...stopped]
  const others = [...taken].filter((service) => !known.has(service))
  return [...others.map((service) => ({ service, fromDate: today })), ...stopped]
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
