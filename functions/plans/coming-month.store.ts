import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import { beginningOfPeriod, nextPeriod, periodOf, warningOfPeriod } from '../accounts/billing-period.ts'
import type { ComingMonth } from './coming-month.ts'
import { priceMonth } from './decide-monthly-charge.ts'
import { type Subscription, termOf } from './subscription.ts'
import { createVersionInForce } from './upcoming-charge.store.ts'

/**
 * Finds the month that what resumes has to leave credit for: from its warning on, what runs again for the last days of a month
 * must not make the next one short. Undefined before, and where nothing is taken in it.
 */
export function createComingMonth(options: { client: DynamoDBDocumentClient; documentsTable: string }) {
  const versionInForce = createVersionInForce(options)

  return async (
    account: Account,
    subscription: Subscription,
    at: string,
  ): Promise<ComingMonth | undefined> => {
    const { timeZone } = account
    const period = nextPeriod(periodOf(at, timeZone))
    const term = termOf(subscription, period)
    if (at < warningOfPeriod(period, timeZone) || !term || term.isEnded) return undefined
    const planVersion = await versionInForce(account, subscription, period)
    return {
      dueAt: beginningOfPeriod(period, timeZone),
      priceWithout: (stopped) =>
        priceMonth({
          ...{ account, planVersion, period },
          subscription: { ...subscription, stopped: [...stopped] },
        }).totalMicros,
    }
  }
}
