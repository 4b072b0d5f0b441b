import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { Account } from '../accounts/account.ts'
import { beginningOfPeriod, type Period } from '../accounts/billing-period.ts'
import type { Head } from '../ledger/entry.ts'
import { createStatusStore } from '../ledger/status.store.ts'

/**
 * Whether a month began while an account was closed that is not by now, whoever saw that and when: by the kept changes of its
 * status. They are read only of an account that was opened again after the month had begun.
 */
export function createClosedMonths(options: { client: DynamoDBDocumentClient; ledgerTable: string }) {
  const statuses = createStatusStore(options)

  return async function beganWhileClosed(
    { accountId, timeZone }: Account,
    { reopenedAt }: Pick<Head, 'reopenedAt'>,
    period: Period,
  ): Promise<boolean> {
    const beganAt = beginningOfPeriod(period, timeZone)
    if (reopenedAt === undefined || reopenedAt <= beganAt) return false
    return (await statuses.readAt(accountId, beganAt)) === 'closed'
  }
}
