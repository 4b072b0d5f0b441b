import type { Period } from '../accounts/billing-period.ts'
import type { PlanVersion } from './plan.ts'
import type { ChosenService, Subscription, SubscriptionTerm } from './subscription.ts'

/**
 * The first service of a choice that is withdrawn in the version and of which more is taken than the account has. Undefined
 * when there is none. What an account has is the largest quantity of the terms that hold from `currentPeriod` on, of the
 * same plan: whoever gave some up for the next month may think better of it until then.
 */
export function findWithdrawn(
  version: PlanVersion,
  services: readonly ChosenService[],
  subscription: Subscription | undefined,
  currentPeriod: Period,
): { index: number; service: string; heldQuantity: bigint } | undefined {
  const terms = termsFrom(subscription, currentPeriod).filter(
    ({ planId, isEnded }) => planId === version.planId && !isEnded,
  )
  for (const [index, { service, quantity }] of services.entries()) {
    if (!version.services.some((offered) => offered.service === service && offered.withdrawn)) continue
    const heldQuantity = largestQuantity(terms, service)
    if (quantity > heldQuantity) return { index, service, heldQuantity }
  }
  return undefined
}

function termsFrom(subscription: Subscription | undefined, period: Period): SubscriptionTerm[] {
  const terms = subscription?.terms ?? []
  const current = terms.findLastIndex(({ fromPeriod }) => fromPeriod <= period)
  return terms.slice(Math.max(current, 0))
}

function largestQuantity(terms: readonly SubscriptionTerm[], service: string): bigint {
  let largest = 0n
  for (const chosen of terms.flatMap(({ services }) => services)) {
    if (chosen.service === service && chosen.quantity > largest) largest = chosen.quantity
  }
  return largest
}
