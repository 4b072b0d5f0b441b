import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import { accountKey, PROFILE } from '../accounts/account-keys.ts'
import { beginningOfPeriod, type Period, warningOfPeriod } from '../accounts/billing-period.ts'
import type { WriteItem } from '../edge/write-together.ts'
import { lookAtRingFence } from '../ring-fence/ring-fence.store.ts'
import { dueKey, PLAN, subscriberIndexKeys } from './plan-keys.ts'
import { createSubscriptionStore, type Due } from './subscription.store.ts'
import type { Subscription } from './subscription.ts'

/** Where in `planWrites` the account's time zone is looked at. */
export const TIME_ZONE_WRITE = 0

/**
 * What a change of an account's plan writes: the plan as it was read becomes the next, and, the first time, its charge and
 * warning become due from a month on. A charge that was decided on the plan before is not written any more.
 */
export function planWrites(
  options: { client: DynamoDBDocumentClient; documentsTable: string },
  change: {
    account: Account
    next: Subscription
    before: Subscription | undefined
    due: Due | undefined
    fromPeriod: Period
    /** ISO instant of the change. */
    at: string
  },
): WriteItem[] {
  const { documentsTable } = options
  const { account, next, before, due, fromPeriod, at } = change
  const { accountId, timeZone } = account
  const subscriptions = createSubscriptionStore(options)
  const fixed = [
    sameTimeZone(account, documentsTable),
    putPlan(next, before, documentsTable),
    ...adjustRingFence(next, at, documentsTable),
  ]
  if (due) return [...fixed, noteRevision(due, next, documentsTable)]
  return [
    ...fixed,
    subscriptions.beginDue('charge', {
      accountId,
      period: fromPeriod,
      dueAt: beginningOfPeriod(fromPeriod, timeZone),
      planRevision: next.revision,
    }),
    subscriptions.beginDue('warning', {
      accountId,
      period: fromPeriod,
      dueAt: warningOfPeriod(fromPeriod, timeZone),
    }),
  ]
}

/** What is set aside follows the next charge: where something is to be, it is looked at within the hour. */
export function adjustRingFence(
  { accountId, ringFence }: Subscription,
  at: string,
  TableName: string,
): WriteItem[] {
  return ringFence ? [lookAtRingFence(TableName, accountId, at)] : []
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

/** Of the month that is due: a charge of it depends on the plan as it is now. */
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
