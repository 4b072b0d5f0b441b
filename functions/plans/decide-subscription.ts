import type { Account } from '../accounts/account.ts'
import { beginningOfPeriod, firstDay, nextPeriod, type Period, periodOf } from '../accounts/billing-period.ts'
import { dayOf, type LocalDay } from '../accounts/local-day.ts'
import { findPlanVersion } from './decide-plan-version.ts'
import { findWithdrawn } from './find-withdrawn.ts'
import { keepStopped } from './keep-stopped.ts'
import type { PlanVersion } from './plan.ts'
import {
  addTerm,
  type ChosenService,
  isSameChoice,
  type Subscription,
  type SubscriptionTerm,
  termsFrom,
} from './subscription.ts'

/** What somebody wants of a plan; without a plan the one they have ends. */
export type Choice = { planId: string | null; services: ChosenService[] }
export type FieldRefusal = { field: string; detail: string }
export type SubscriptionDecision =
  | { ok: true; unchanged: boolean; subscription: Subscription; fromPeriod: Period }
  | { ok: false; reason: 'request_invalid'; errors: FieldRefusal[] }

/** What is chosen, by whom and when. */
export type ChoiceInput = {
  account: Pick<Account, 'accountId' | 'clientType' | 'currency' | 'timeZone'>
  /** Before the change. */
  subscription: Subscription | undefined
  choice: Choice
  /** All versions of the chosen plan, oldest first. */
  versions: readonly PlanVersion[]
  /** ISO instant. */
  now: string
  actor: string
}

export type SubscriptionInput = ChoiceInput & {
  /** The oldest month that is still to be charged. */
  oldestDuePeriod: Period | undefined
}

/**
 * Takes an account's choice of plan and quantities from its next calendar month on: the month of the choice is not
 * charged for it. Refuses, naming the field, a plan for other clients or in another currency, one that is not in force
 * when that month begins, services that it does not have, and more of one that is withdrawn. The choice that holds already
 * changes nothing; but as long as a month that has begun is still to be charged, the plan may have ended by it, while the account
 * was closed, and the same choice is one anew.
 */
export function decideSubscription(input: SubscriptionInput): SubscriptionDecision {
  const { account, subscription, versions, now } = input
  const fromPeriod = nextPeriod(periodOf(now, account.timeZone))
  const errors = findMisfits(input, {
    version: findPlanVersion(versions, beginningOfPeriod(fromPeriod, account.timeZone)),
    fromPeriod,
    beginsOn: firstDay(fromPeriod),
  })
  if (errors.length > 0) return { ok: false, reason: 'request_invalid', errors }
  const term = termFrom(input, fromPeriod)
  const latest = subscription?.terms.at(-1)
  const mayHaveEnded = input.oldestDuePeriod !== undefined && input.oldestDuePeriod < fromPeriod
  const holds = latest && (latest.fromPeriod >= fromPeriod || !mayHaveEnded)
  if (subscription && holds && isSameChoice(latest, term)) {
    return { ok: true, unchanged: true, subscription, fromPeriod: latest.fromPeriod }
  }
  return {
    ok: true,
    unchanged: false,
    fromPeriod,
    subscription: subscribe(input, term, input.oldestDuePeriod),
  }
}

/** What is chosen, as a term from a month on. */
export function termFrom(
  { choice, subscription, now, actor }: ChoiceInput,
  fromPeriod: Period,
): SubscriptionTerm {
  const said = { fromPeriod, changedAt: now, changedBy: actor }
  if (choice.planId !== null) return { ...said, planId: choice.planId, services: inOrder(choice.services) }
  const latest = subscription?.terms.at(-1)
  if (!latest) throw new Error('there is no plan to end')
  return { ...said, planId: latest.planId, services: [], isEnded: true }
}

/** The subscription with a new term: no change of plan lets a stopped service run. */
export function subscribe(
  { account, subscription, now }: ChoiceInput,
  term: SubscriptionTerm,
  oldestDuePeriod: Period | undefined,
): Subscription {
  const { terms: before = [], stopped, revision = 0n, ...kept } = subscription ?? {}
  const { timeZone } = account
  const period = periodOf(now, timeZone)
  // By the term of the month that runs, services of it resume.
  const oldestPeriod = oldestDuePeriod && oldestDuePeriod < period ? oldestDuePeriod : period
  const terms = addTerm(before, term, oldestPeriod)
  const plan = { before, terms, period, today: dayOf(now, timeZone) }
  return {
    ...kept,
    accountId: account.accountId,
    terms,
    ...(stopped && { stopped: keepStopped(stopped, plan) }),
    revision: revision + 1n,
  }
}

/**
 * What of a choice does not fit, field by field: `version` is the one that would price it first, if one is in force by then.
 * That may be older than `offer`, which says what is withdrawn. It counts from `fromPeriod` on.
 */
export function findMisfits(
  { account, choice, subscription, versions, now }: ChoiceInput,
  {
    version,
    offer = version,
    fromPeriod,
    beginsOn,
  }: { version: PlanVersion | undefined; offer?: PlanVersion; fromPeriod: Period; beginsOn: LocalDay },
): FieldRefusal[] {
  if (choice.planId === null) {
    const isRunning = termsFrom(subscription?.terms ?? [], fromPeriod).some(({ isEnded }) => !isEnded)
    if (!isRunning) return [{ field: 'planId', detail: 'there is no plan to end' }]
    return choice.services.length === 0 ? [] : [{ field: 'services', detail: 'must be empty without a plan' }]
  }
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
  if (!version || !offer) return [{ field: 'planId', detail: `is not in force yet on ${beginsOn}` }]
  const unknown = choice.services.findIndex(
    ({ service }) => !version.services.some((offered) => offered.service === service),
  )
  if (unknown >= 0) {
    const detail = `${choice.services[unknown]!.service} is not a service of plan ${version.planId}`
    return [{ field: `services.${unknown}.service`, detail }]
  }
  const current = periodOf(now, account.timeZone)
  const withdrawn = findWithdrawn(offer, choice.services, subscription, current)
  if (!withdrawn) return []
  const detail = `${withdrawn.service} is not offered any more; at most ${withdrawn.heldQuantity}, as before, can be kept`
  return [{ field: `services.${withdrawn.index}.quantity`, detail }]
}

function inOrder(services: readonly ChosenService[]): ChosenService[] {
  return services.toSorted((one, other) => (one.service < other.service ? -1 : 1))
}
