import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { periodOf } from '../accounts/billing-period.ts'
import { writeTogether } from '../edge/write-together.ts'
import type { Run, Step } from './charging-step.ts'
import { endWhileClosed } from './end-while-closed.ts'
import { putPlan } from './plan-writes.store.ts'
import { createSubscriptionStore, type Due } from './subscription.store.ts'

/**
 * Has months fall due again of an account that was closed and is open. When a month began while it was closed, nothing of its
 * plan ran then: the plan has ended with the month before, and whoever wants one chooses anew. What was chosen for a month
 * that is still to come stays.
 */
export function createPlanReopening(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client, documentsTable } = options
  const subscriptions = createSubscriptionStore(options)

  return async function reopen({ account, at }: Run, due: Due): Promise<Step> {
    const { accountId, timeZone } = account
    const subscription = await subscriptions.read(accountId)
    if (!subscription) throw new Error(`account ${accountId}: a charge is due without a plan`)
    const next = endWhileClosed(subscription, due, periodOf(at, timeZone), at)
    const written = await writeTogether(client, [
      subscriptions.reopenDue('charge', due, next?.revision),
      ...(next ? [putPlan(next, subscription, documentsTable)] : []),
    ])
    if (!written.ok && written.reason === 'busy')
      throw new Error(`account ${accountId}: too busy to have months due again`)
    return 'again'
  }
}
