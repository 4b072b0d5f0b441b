import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { createFrozenPrices } from './frozen-prices.store.ts'
import type { MonthlyLine } from './month-lines.ts'
import type { PeriodDocument } from './period-document.ts'
import { createPlanStore } from './plan.store.ts'
import { priceTaken } from './price-plan.ts'
import { type Subscription, termOf } from './subscription.ts'
import { versionWithinMonth } from './version-for-month.ts'

/**
 * Finds what the stopped services of an account cost in a month that has begun, as a change of plan within it would price
 * them. What is not taken any more is left out; a base fee that costs nothing by now is not, so that it resumes.
 */
export function createStoppedPricing(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const plans = createPlanStore(options)
  const frozenPrices = createFrozenPrices(options)

  return async (subscription: Subscription, month: PeriodDocument, at: string): Promise<MonthlyLine[]> => {
    const { stopped = [], overrides } = subscription
    const { period } = month
    const term = termOf(subscription, period)
    if (!term || stopped.length === 0) return []
    const frozen = await frozenPrices.read(period)
    const begun = (await plans.listVersions(term.planId)).filter(({ effectiveFrom }) => effectiveFrom <= at)
    const version = versionWithinMonth(begun, month.dueAt, frozen)
    if (!version) throw new Error(`plan ${term.planId}: no version is in force in ${period}`)
    const lines = priceTaken(term, version, { overrides, period })
    return lines.filter(({ service }) => stopped.some((other) => other.service === service))
  }
}
