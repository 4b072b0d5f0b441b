import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import { periodOf } from '../accounts/billing-period.ts'
import { writeTogether } from '../edge/write-together.ts'
import type { FieldRefusal } from './decide-subscription.ts'
import { createPlanStore } from './plan.store.ts'
import { noteRevision, putPlan } from './plan-writes.store.ts'
import { createSubscriptionStore } from './subscription.store.ts'
import { type Subscription, termsFrom } from './subscription.ts'

const TRIES = 8

export type StopOrderSet =
  | { ok: true; subscription: Subscription }
  | { ok: false; reason: 'request_invalid'; errors: FieldRefusal[] }
  | { ok: false; reason: 'plan_not_found' }
  | { ok: false; reason: 'busy' }

/**
 * Puts the order in which an account's services stop in the place of the one before. It stands in the subscription: a stop
 * and a new order exclude each other as a charge and a change of plan do. The same order again changes nothing. A service
 * that no plan of the account's has is refused, as a slip of the pen.
 */
export async function setStopOrder(
  options: { client: DynamoDBDocumentClient; documentsTable: string },
  input: { account: Account; services: string[]; now: Date },
): Promise<StopOrderSet> {
  const { client, documentsTable } = options
  const { account, services, now } = input
  const subscriptions = createSubscriptionStore(options)
  const plans = createPlanStore(options)
  const current = periodOf(now.toISOString(), account.timeZone)
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [due, subscription] = await Promise.all([
      subscriptions.readDue(account.accountId, 'charge'),
      subscriptions.read(account.accountId),
    ])
    if (!subscription || subscription.terms.length === 0) return { ok: false, reason: 'plan_not_found' }
    const planIds = new Set(termsFrom(subscription.terms, current).map(({ planId }) => planId))
    const versions = (await Promise.all([...planIds].map(plans.listVersions))).flat()
    const known = new Set(versions.flatMap((version) => version.services.map(({ service }) => service)))
    const errors = services.flatMap((service, index) =>
      known.has(service)
        ? []
        : [{ field: `services.${index}`, detail: `${service} is not a service of the account’s plan` }],
    )
    if (errors.length > 0) return { ok: false, reason: 'request_invalid', errors }
    if (isSameOrder(subscription.stopOrder ?? [], services)) return { ok: true, subscription }
    const next: Subscription = {
      ...subscription,
      stopOrder: services,
      revision: subscription.revision + 1n,
    }
    const written = await writeTogether(client, [
      putPlan(next, subscription, documentsTable),
      ...(due ? [noteRevision(due, next, documentsTable)] : []),
    ])
    if (written.ok) return { ok: true, subscription: next }
    if (written.reason === 'busy') return { ok: false, reason: 'busy' }
    // The subscription was changed, or a month charged, since this was read; or a lost reply hid that it was written.
  }
  return { ok: false, reason: 'busy' }
}

function isSameOrder(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((service, index) => service === other[index])
}
