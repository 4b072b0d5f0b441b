import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { findPlanVersion } from './decide-plan-version.ts'
import { createFrozenPrices } from './frozen-prices.store.ts'
import type { MonthlyLine } from './month-lines.ts'
import type { PeriodDocument } from './period-document.ts'
import { createPlanStore } from './plan.store.ts'
import { priceTerm } from './price-plan.ts'
import { type Subscription, termOf } from './subscription.ts'
import { versionForMonth } from './version-for-month.ts'

/**
 * Finds what the stopped services of an account cost in a month that has begun: by the fees of the month's own lines where it
 * ran in it, else as the month is priced. What is not taken any more is left out.
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
    const versions = await plans.listVersions(term.planId)
    const version = versionForMonth(versions, month.dueAt, frozen) ?? findPlanVersion(versions, at)
    if (!version) throw new Error(`plan ${term.planId}: no version is in force in ${period}`)
    return priceTerm(term, version, { overrides, period })
      .filter(({ service }) => stopped.some((other) => other.service === service))
      .map((line) => {
        const ran = month.lines.findLast(({ service }) => service === line.service)
        if (!ran) return line
        const { unitFeeMicros, isAgreed } = ran
        return {
          ...{ service: line.service, name: ran.name, quantity: line.quantity, unitFeeMicros },
          ...(isAgreed && { isAgreed }),
        }
      })
  }
}
