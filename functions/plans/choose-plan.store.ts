import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import type { Period } from '../accounts/billing-period.ts'
import { writeTogether } from '../edge/write-together.ts'
import { type Choice, decideSubscription, type FieldRefusal } from './decide-subscription.ts'
import { createPlanStore } from './plan.store.ts'
import { planWrites, TIME_ZONE_WRITE } from './plan-writes.store.ts'
import { createSubscriptionStore } from './subscription.store.ts'
import type { Subscription } from './subscription.ts'

const TRIES = 8

export type PlanChosen =
  | { ok: true; subscription: Subscription; fromPeriod: Period }
  | { ok: false; reason: 'request_invalid'; errors: FieldRefusal[] }
  /** The account's time zone was changed meanwhile: ask again with the account as it is now. */
  | { ok: false; reason: 'changed_meanwhile' }
  | { ok: false; reason: 'busy' }

/**
 * Writes an account's choice: the plan and, the first time, its due charge and warning, in one transaction. The same
 * choice again changes nothing. A change and a charge of the month from which it counts exclude each other: each is
 * written only if the other has not been since it was decided.
 */
export async function choosePlan(
  options: { client: DynamoDBDocumentClient; documentsTable: string },
  input: { account: Account; choice: Choice; actor: string; now: Date },
): Promise<PlanChosen> {
  const { client } = options
  const subscriptions = createSubscriptionStore(options)
  const plans = createPlanStore(options)
  const { account } = input
  const { accountId } = account
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [due, subscription, versions] = await Promise.all([
      subscriptions.readDue(accountId, 'charge'),
      subscriptions.read(accountId),
      input.choice.planId === null ? [] : plans.listVersions(input.choice.planId),
    ])
    const decision = decideSubscription({
      ...input,
      now: input.now.toISOString(),
      subscription,
      versions,
      oldestDuePeriod: due?.period,
    })
    if (!decision.ok) return decision
    const { fromPeriod } = decision
    if (decision.unchanged) return { ok: true, subscription: decision.subscription, fromPeriod }
    // The month from which it counts has been charged already: this clock is behind the one that charged it.
    if (due && due.period > fromPeriod) return { ok: false, reason: 'busy' }
    const at = input.now.toISOString()
    const change = { account, next: decision.subscription, before: subscription, due, fromPeriod, at }
    const written = await writeTogether(client, planWrites(options, change))
    if (written.ok) return { ok: true, subscription: decision.subscription, fromPeriod }
    if (written.reason === 'busy') return { ok: false, reason: 'busy' }
    if (written.failed.some(({ index }) => index === TIME_ZONE_WRITE))
      return { ok: false, reason: 'changed_meanwhile' }
    // Someone else chose, or a month was charged, since this was read; or a lost reply hid that it was written.
  }
  return { ok: false, reason: 'busy' }
}
