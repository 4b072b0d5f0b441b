import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import { accountKey, PROFILE } from '../accounts/account-keys.ts'
import { beginningOfPeriod, type Period, warningOfPeriod } from '../accounts/billing-period.ts'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import { type Choice, decideSubscription, type FieldRefusal } from './decide-subscription.ts'
import { createPlanStore } from './plan.store.ts'
import { dueKey, PLAN, subscriberIndexKeys } from './plan-keys.ts'
import { createSubscriptionStore, type Due } from './subscription.store.ts'
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
  const { client, documentsTable } = options
  const subscriptions = createSubscriptionStore(options)
  const plans = createPlanStore(options)
  const { account } = input
  const { accountId, timeZone } = account
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [due, subscription, versions] = await Promise.all([
      subscriptions.readDue(accountId, 'charge'),
      subscriptions.read(accountId),
      plans.listVersions(input.choice.planId),
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
    const written = await writeTogether(client, [
      sameTimeZone(account, documentsTable),
      putPlan(decision.subscription, subscription, documentsTable),
      ...(due
        ? [noteRevision(due, decision.subscription, documentsTable)]
        : [
            subscriptions.beginDue('charge', {
              accountId,
              period: fromPeriod,
              dueAt: beginningOfPeriod(fromPeriod, timeZone),
              planRevision: decision.subscription.revision,
            }),
            subscriptions.beginDue('warning', {
              accountId,
              period: fromPeriod,
              dueAt: warningOfPeriod(fromPeriod, timeZone),
            }),
          ]),
    ])
    if (written.ok) return { ok: true, subscription: decision.subscription, fromPeriod }
    if (written.reason === 'busy') return { ok: false, reason: 'busy' }
    if (written.failed.some(({ index }) => index === 0)) return { ok: false, reason: 'changed_meanwhile' }
    // Someone else chose, or a month was charged, since this was read; or a lost reply hid that it was written.
  }
  return { ok: false, reason: 'busy' }
}

/** The months are reckoned in this zone; with a plan in place it changes no more. */
function sameTimeZone({ accountId, timeZone }: Account, TableName: string): WriteItem {
  return {
    ConditionCheck: {
      TableName,
      Key: { pk: accountKey(accountId), sk: PROFILE },
      ConditionExpression: '#timeZone = :timeZone',
      // A reserved word of DynamoDB's.
      ExpressionAttributeNames: { '#timeZone': 'timeZone' },
      ExpressionAttributeValues: { ':timeZone': timeZone },
    },
  }
}

/** Writes the subscription only if it is as it was read. */
export function putPlan(
  subscription: Subscription,
  before: Subscription | undefined,
  TableName: string,
): WriteItem {
  const { accountId, terms } = subscription
  const latest = terms.at(-1)
  // Whom a new version of the plan concerns.
  const index = latest && !latest.isEnded ? subscriberIndexKeys(latest.planId, accountId) : {}
  const Item = { pk: accountKey(accountId), sk: PLAN, ...index, ...subscription }
  if (!before) return { Put: { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' } }
  return {
    Put: {
      TableName,
      Item,
      ConditionExpression: 'revision = :read',
      ExpressionAttributeValues: { ':read': before.revision },
    },
  }
}

/** Tells a charge of the month that is due that it read an older subscription: one of the two is written. */
export function noteRevision(due: Due, subscription: Subscription, TableName: string): WriteItem {
  return {
    Update: {
      TableName,
      Key: { pk: accountKey(due.accountId), sk: dueKey('charge') },
      ConditionExpression: '#period = :read',
      UpdateExpression: 'SET planRevision = :revision',
      ExpressionAttributeNames: { '#period': 'period' },
      ExpressionAttributeValues: { ':read': due.period, ':revision': subscription.revision },
    },
  }
}
