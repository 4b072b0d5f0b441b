import type { Period } from '../accounts/billing-period.ts'
import type { RingFenceMode } from '../ring-fence/ring-fence.ts'
import type { AgreedPrice } from './agreed-price.ts'

export type ChosenService = { service: string; quantity: bigint }

/** What an account takes, from a month on until the next term's. */
export type SubscriptionTerm = {
  fromPeriod: Period
  planId: string
  /** In the order of their names. */
  services: ChosenService[]
  /** From then on nothing of the plan is taken. */
  isEnded?: true
  changedAt: string
  changedBy: string
}

/** A service that does not run for lack of credit, and the first day of which nothing is charged for it. */
export type StoppedService = { service: string; fromDate: string }

/** An account's plan: what it takes from which month on. Earlier terms stay as long as a month may be charged by them. */
export type Subscription = {
  accountId: string
  /** In the order of their months, none twice. None while an account has agreed prices and has not chosen a plan. */
  terms: SubscriptionTerm[]
  /** The services in the order in which they stop when credit does not suffice. Those that it does not name stop before them, and the base fee after all. */
  stopOrder?: string[]
  stopped?: readonly StoppedService[]
  /** How much of the next charge is set aside; absent: nothing. */
  ringFence?: Exclude<RingFenceMode, 'off'>
  /** Fees that were agreed with the account, by service and month; absent without any. */
  overrides?: AgreedPrice[]
  /** Counts the changes. */
  revision: bigint
}

/** What is taken in a month; undefined before the first term. */
export function termOf(subscription: Subscription, period: Period): SubscriptionTerm | undefined {
  return subscription.terms.findLast(({ fromPeriod }) => fromPeriod <= period)
}

/** The terms by which a month and those after it are charged. */
export function termsFrom(terms: readonly SubscriptionTerm[], period: Period): SubscriptionTerm[] {
  const current = terms.findLastIndex(({ fromPeriod }) => fromPeriod <= period)
  return terms.slice(Math.max(current, 0))
}

/** The same plan with the same quantities, whoever chose them and when. */
export function isSameChoice(
  one: Pick<SubscriptionTerm, 'planId' | 'services' | 'isEnded'>,
  other: Pick<SubscriptionTerm, 'planId' | 'services' | 'isEnded'>,
): boolean {
  const text = (services: readonly ChosenService[]) =>
    JSON.stringify(services.map(({ service, quantity }) => [service, quantity.toString()]))
  return (
    one.planId === other.planId &&
    one.isEnded === other.isEnded &&
    text(one.services) === text(other.services)
  )
}

/**
 * The terms with a new one: it takes the place of one from the same month or later. What ended before the oldest month
 * that is still to be charged is left out.
 */
export function addTerm(
  terms: readonly SubscriptionTerm[],
  term: SubscriptionTerm,
  oldestDuePeriod: Period,
): SubscriptionTerm[] {
  const kept = [...terms.filter(({ fromPeriod }) => fromPeriod < term.fromPeriod), term]
  return kept.filter((_, index) => {
    const next = kept[index + 1]
    return next === undefined || next.fromPeriod > oldestDuePeriod
  })
}

/** What a request says is taken, with quantities that are counted. */
export function readChoice<PlanId>(body: {
  planId: PlanId
  services: { service: string; quantity: number }[]
}) {
  const services = body.services.map(({ service, quantity }) => ({ service, quantity: BigInt(quantity) }))
  return { planId: body.planId, services }
}
