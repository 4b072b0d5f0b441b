import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { writeTogether } from '../edge/write-together.ts'
import type { Step } from './charging-step.ts'
import { createSubscriptionStore, type Due } from './subscription.store.ts'

/** Has months fall due again of an account that was found closed and is open. */
export function createPlanReopening(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const { client } = options
  const subscriptions = createSubscriptionStore(options)

  return async function reopen(due: Due): Promise<Step> {
    const written = await writeTogether(client, [subscriptions.reopenDue('charge', due)])
    if (!written.ok && written.reason === 'busy')
      throw new Error(`account ${due.accountId}: too busy to have months due again`)
    return 'again'
  }
}
