import type { Account } from '../accounts/account.ts'
import { beginningOfPeriod, firstDay, nextPeriod, type Period, periodOf } from '../accounts/billing-period.ts'
import { findPlanVersion } from './decide-plan-version.ts'
import { findWithdrawn } from './find-withdrawn.ts'
import type { PlanVersion } from './plan.ts'
import { addTerm, type ChosenService, isSameChoice, type Subscription } from './subscription.ts'

export type Choice = { planId: string; services: ChosenService[] }
export type FieldRefusal = { field: string; detail: string }
export type SubscriptionDecision =
  | { ok: true; unchanged: boolean; subscription: Subscription; fromPeriod: Period }
  | { ok: false; reason: 'request_invalid'; errors: FieldRefusal[] }

export type SubscriptionInput = {
  account: Pick<Account, 'accountId' | 'clientType' | 'currency' | 'timeZone'>
  /** Before the change. */
  subscription: Subscription | undefined
  choice: Choice
  /** All versions of the chosen plan, oldest first. */
  versions: readonly PlanVersion[]
  /** The oldest month that is still to be charged. */
  oldestDuePeriod: Period | undefined
  /** ISO instant. */
  now: string
  actor: string
}

/**
 * Takes an account's choice of plan and quantities from its next calendar month on: the month of the choice is not
 * charged for it. Refuses, naming the field, a plan for other clients or in another currency, one that is not in force
 * when that month begins, services that it does not have, and more of one that is withdrawn. The choice that holds already changes nothing.
 */
export function decideSubscription(input: SubscriptionInput): SubscriptionDecision {
  const { account, subscription, versions, now, actor } = input
  const fromPeriod = nextPeriod(periodOf(now, account.timeZone))
  const choice = { ...input.choice, services: inOrder(input.choice.services) }
  const latest = subscription?.terms.at(-1)
  const errors = findMisfits(input, fromPeriod, versions)
  if (errors.length > 0) return { ok: false, reason: 'request_invalid', errors }
  if (subscription && latest && isSameChoice(latest, choice)) {
    return { ok: true, unchanged: true, subscription, fromPeriod: latest.fromPeriod }
  }
  const term = { ...choice, fromPeriod, changedAt: now, changedBy: actor }
  const terms = addTerm(subscription?.terms ?? [], term, input.oldestDuePeriod ?? fromPeriod)
  const revision = (subscription?.revision ?? 0n) + 1n
  return {
    ok: true,
    unchanged: false,
    fromPeriod,
    subscription: { ...subscription, accountId: account.accountId, terms, revision },
  }
}

function findMisfits(
  { account, choice, subscription, now }: SubscriptionInput,
  fromPeriod: Period,
  versions: readonly PlanVersion[],
): FieldRefusal[] {
  const newest = versions.at(-1)
  if (!newest) return [{ field: 'planId', detail: 'is not a plan on offer' }]
  if (newest.clientType !== account.clientType) {
    return [
      { field: 'planId', detail: `is a plan for ${newest.clientType}; the account is ${account.clientType}` },
    ]
  }
  if (newest.currency !== account.currency) {
    return [
      { field: 'planId', detail: `is a plan in ${newest.currency}; the account has ${account.currency}` },
    ]
  }
  const version = findPlanVersion(versions, beginningOfPeriod(fromPeriod, account.timeZone))
  if (!version) return [{ field: 'planId', detail: `is not in force yet on ${firstDay(fromPeriod)}` }]
  const unknown = choice.services.findIndex(
    ({ service }) => !version.services.some((offered) => offered.service === service),
  )
  if (unknown >= 0) {
    const detail = `${choice.services[unknown]!.service} is not a service of plan ${version.planId}`
    return [{ field: `services.${unknown}.service`, detail }]
  }
  const current = periodOf(now, account.timeZone)
  const withdrawn = findWithdrawn(version, choice.services, subscription, current)
  if (!withdrawn) return []
  const detail = `${withdrawn.service} is not offered any more; at most ${withdrawn.heldQuantity}, as before, can be kept`
  return [{ field: `services.${withdrawn.index}.quantity`, detail }]
}

function inOrder(services: readonly ChosenService[]): ChosenService[] {
  return services.toSorted((one, other) => (one.service < other.service ? -1 : 1))
}
