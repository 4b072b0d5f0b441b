import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { costOfResumption } from './decide-resumption.ts'
import type { PeriodDocument } from './period-document.ts'
import { createStoppedPricing } from './price-stopped.store.ts'
import type { Subscription } from './subscription.ts'

/**
 * Finds what all that is stopped costs from a day of a month to its end, that day included; undefined where nothing is stopped,
 * or the month is still to be charged.
 */
export function createResumptionPricing(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const priceStopped = createStoppedPricing(options)

  return async (
    subscription: Subscription,
    month: PeriodDocument | undefined,
    { day, at }: { day: number; at: string },
  ): Promise<bigint | undefined> => {
    const { stopped = [] } = subscription
    if (stopped.length === 0 || !month) return undefined
    const monthly = await priceStopped(subscription, month, at)
    return costOfResumption({ month, day, stopped, monthly })
  }
}
