import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { type WriteItem, writeTogether } from '../edge/write-together.ts'
import { createAccountStore } from './account.store.ts'
import type { Account } from './account.ts'
import { accountKey, PROFILE } from './account-keys.ts'

export type AccountChange = Partial<Pick<Account, 'name' | 'timeZone' | 'lowCreditThresholdMicros'>>
export type AccountChanged =
  | { ok: true; account: Account }
  /** The account has a plan, and its periods and due dates are reckoned in its time zone. */
  | { ok: false; reason: 'time_zone_in_use' }
  | { ok: false; reason: 'account_not_found' | 'busy' }

/**
 * Changes an account's settings. Its time zone changes only while it has no plan, checked in the same transaction: a
 * calendar moved under a plan could charge a month twice or never.
 */
export async function changeAccount(
  options: { client: DynamoDBDocumentClient; documentsTable: string },
  accountId: string,
  change: AccountChange,
): Promise<AccountChanged> {
  const { client, documentsTable } = options
  const { read } = createAccountStore(options)
  const fields = Object.entries(change).filter(([, value]) => value !== undefined)
  const update: WriteItem = {
    Update: {
      TableName: documentsTable,
      Key: { pk: accountKey(accountId), sk: PROFILE },
      UpdateExpression: `SET ${fields.map((_, index) => `#field${index} = :value${index}`).join(', ')}`,
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: Object.fromEntries(fields.map(([name], index) => [`#field${index}`, name])),
      ExpressionAttributeValues: Object.fromEntries(
        fields.map(([, value], index) => [`:value${index}`, value]),
      ),
    },
  }
  const noPlan: WriteItem = {
    ConditionCheck: {
      TableName: documentsTable,
      Key: { pk: accountKey(accountId), sk: 'PLAN' },
      // Without terms it holds agreed prices alone, and no plan.
      ConditionExpression: 'attribute_not_exists(pk) OR size(terms) = :none',
      ExpressionAttributeValues: { ':none': 0n },
    },
  }
  const written = await writeTogether(client, [update, ...(change.timeZone === undefined ? [] : [noPlan])])
  if (!written.ok && written.reason === 'busy') return { ok: false, reason: 'busy' }
  if (!written.ok && written.failed.some(({ index }) => index === 1))
    return { ok: false, reason: 'time_zone_in_use' }
  const account = await read(accountId)
  return account ? { ok: true, account } : { ok: false, reason: 'account_not_found' }
}
